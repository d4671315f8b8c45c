// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, type JsonObject, readJsonAnswer } from '@ocisign/core'
import type { VaultFailure } from './errors.js'

/** Where the server is, and who asks. */
export interface VaultServer {
  /** Ends in `/v1/`. */
  readonly base: string
  readonly token: () => Promise<string>
  readonly namespace: string | undefined
  readonly send: typeof globalThis.fetch
}

/** Asks the server once. @throws VaultFailure for an answer that is none, and what `fetch` throws */
export async function askVault(
  { base, token, namespace, send }: VaultServer,
  path: string,
  body: Readonly<Record<string, unknown>> | undefined,
  { signal }: CallOptions,
): Promise<JsonObject> {
  const response = await send(base + path, {
    method: body ? 'POST' : 'GET',
    headers: {
      'X-Vault-Token': await token(),
      // Servers refuse requests that a web page was tricked into by this header's absence.
      'X-Vault-Request': 'true',
      ...(namespace !== undefined && { 'X-Vault-Namespace': namespace }),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    // A token goes where it belongs and nowhere else.
    redirect: 'manual',
    signal: signal ?? null,
  })
  const document = await readJsonAnswer(response)
  if (response.status === 200 && document) return document
  const errors = Array.isArray(document?.errors) ? document.errors.filter((each) => typeof each === 'string') : []
  // In browsers a redirect shows as the status 0.
  const failure: VaultFailure = { status: response.status || 307, errors }
  throw failure
}
