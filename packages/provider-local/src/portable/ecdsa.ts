// SPDX-License-Identifier: Apache-2.0
// ECDSA in plain JavaScript (@noble/curves): the same answers on every runtime, but no promise of constant time.
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { concatBytes, decodeBase64 } from '@ocisign/core'

/** A curve of the Notary Project, which uses one hash with each. */
export interface Curve {
  readonly bits: 256 | 384 | 521
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  /** Of a coordinate, and of each half of a signature. */
  readonly bytes: number
  /** What a SubjectPublicKeyInfo has before the uncompressed point (RFC 5480), in base64. */
  readonly spkiPrefix: string
  readonly implementation: typeof p256
}

/** The three curves, by their names in a JSON Web Key. */
export const curves: Readonly<Record<string, Curve>> = {
  'P-256': {
    bits: 256,
    hash: 'sha256',
    bytes: 32,
    spkiPrefix: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=',
    implementation: p256,
  },
  'P-384': {
    bits: 384,
    hash: 'sha384',
    bytes: 48,
    spkiPrefix: 'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgA=',
    implementation: p384,
  },
  'P-521': {
    bits: 521,
    hash: 'sha512',
    bytes: 66,
    spkiPrefix: 'MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAA==',
    implementation: p521,
  },
}

/** SubjectPublicKeyInfo of an uncompressed point, DER. */
export function encodeSpki(curve: Curve, point: Uint8Array): Uint8Array {
  return concatBytes(decodeBase64(curve.spkiPrefix), point)
}

/** Signs a message, unhashed, with the nonce of RFC 6979; r‖s. */
export function signEcdsa({ implementation }: Curve, secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  // Left to itself the library makes s small, as blockchains want it; RFC 6979 has no such step.
  return implementation.sign(message, secretKey, { lowS: false, extraEntropy: false })
}

/** Verifies r‖s of the exact width over a message, unhashed; the same answer as node:crypto and WebCrypto give. */
export function verifyEcdsa(
  { implementation, bytes }: Curve,
  point: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 2 * bytes) return false
  // Left to itself the library refuses a large s, which half of all other signatures have.
  return implementation.verify(signature, message, point, { lowS: false })
}
