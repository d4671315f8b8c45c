// SPDX-License-Identifier: Apache-2.0
import type { SigningKey } from '@ocisign/core'

/**
 * Opens a key while all is well, and then spoils what it relies on: for `failures` and `createStalled` of
 * {@link signingKeyCases}.
 *
 * @example
 * ```ts
 * import { createSpoiled } from '@ocisign/conformance'
 * import { createFakeVault } from '@ocisign/conformance/vault'
 * import { createVaultKey } from '@ocisign/provider-vault'
 *
 * const server = await createFakeVault({ token: 's.example' })
 * server.createKey('release', 'ecdsa-p256')
 * const retry = { wait: async () => undefined }
 * const open = () => createVaultKey({ address: server.origin, token: 's.example', key: 'release', retry })
 * const key = await createSpoiled(open, () => server.fail({ status: 429, body: {} }))
 * await key.sign(new Uint8Array()).catch((error) => console.log(error.code)) // UNAVAILABLE_KEY
 * await server.close()
 * ```
 */
export async function createSpoiled(create: () => Promise<SigningKey>, spoil: () => void): Promise<SigningKey> {
  const key = await create()
  spoil()
  return key
}
