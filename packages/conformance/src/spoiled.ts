// SPDX-License-Identifier: Apache-2.0
import type { SigningKey } from '@ocisign/core'

/**
 * Opens a key while all is well, and then spoils what it relies on: for `failures` and `createStalled` of
 * {@link signingKeyCases}.
 */
export async function createSpoiled(create: () => Promise<SigningKey>, spoil: () => void): Promise<SigningKey> {
  const key = await create()
  spoil()
  return key
}
