// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '@ocisign/core'
import type { Client } from './client.js'

/**
 * Asks whether the registry lets the credentials in at all (distribution-spec, determining support): `GET /v2/`.
 * A registry that lets everybody in has not looked at them.
 */
export async function checkAccess(client: Client, options: CallOptions = {}): Promise<void> {
  const response = await client.send({
    method: 'GET',
    at: new URL(`${client.origin}/v2/`),
    actions: [],
    expected: [200],
    what: 'open the API',
    signal: options.signal,
  })
  await response.discard()
}
