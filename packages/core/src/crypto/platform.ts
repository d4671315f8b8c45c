// SPDX-License-Identifier: Apache-2.0
// What a platform's cryptography offers to core; `#crypto` resolves to node.ts or web.ts.
import type { Algorithm } from '../algorithm.js'

/** A public key as a certificate states it. */
export type PublicKey =
  | {
      readonly kind: 'ec'
      readonly curve: 'P-256' | 'P-384' | 'P-521'
      /** 4 ‖ x ‖ y. */
      readonly point: Uint8Array
      readonly spki: Uint8Array
      readonly bits: number
    }
  | {
      readonly kind: 'rsa'
      /** Big-endian, without leading zeros. */
      readonly modulus: Uint8Array
      readonly exponent: Uint8Array
      readonly spki: Uint8Array
      readonly bits: number
    }

/** A public key ready to verify with. */
export interface VerificationKey {
  readonly publicKey: PublicKey
  /** The platform's own handle. */
  readonly handle: unknown
}

/** How a signature was made: RSASSA-PSS has MGF1 with the same hash and a salt as long as the hash. */
export type SignatureAlgorithm = Pick<Algorithm, 'scheme' | 'hash'>

/** On Node at hand at once, elsewhere a promise: whoever awaits both need not care. */
export type Awaitable<T> = T | Promise<T>

/** The length of r‖s in bytes for a key of so many bits. */
export const ecdsaSignatureLength = (bits: number): number => 2 * Math.ceil(bits / 8)
