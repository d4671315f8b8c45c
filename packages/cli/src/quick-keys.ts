// SPDX-License-Identifier: Apache-2.0
// Stands in for how core makes public keys ready in `verify`, see tsup.config.ts: WebCrypto is quicker for the
// thousandth key, and takes two milliseconds to load for the first. OpenSSL's own reader is there already.
import { createPublicKey } from 'node:crypto'
import type { PublicKey, VerificationKey } from '@ocisign/core'

/** Makes a public key ready; throws whatever the platform throws for a key that is none. */
export function importPublicKey(publicKey: PublicKey): VerificationKey {
  const key = publicKey.spki as Buffer
  return { publicKey, handle: createPublicKey({ key, format: 'der', type: 'spki' }) }
}
