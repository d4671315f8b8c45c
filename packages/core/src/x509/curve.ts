// SPDX-License-Identifier: Apache-2.0
import { encodeHex } from '../bytes.js'
import { oids } from './oid.js'

/** A curve y² = x³ - 3x + b modulo a prime (SP 800-186 section 3.2.1). */
export interface Curve {
  readonly name: 'P-224' | 'P-256' | 'P-384' | 'P-521'
  readonly bits: number
  readonly prime: bigint
  readonly b: bigint
}

/** By object identifier; P-224 is read and not used. */
export const curves: Readonly<Record<string, Curve>> = {
  [oids.p224]: {
    name: 'P-224',
    bits: 224,
    prime: 0xffffffffffffffffffffffffffffffff000000000000000000000001n,
    b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
  },
  [oids.p256]: {
    name: 'P-256',
    bits: 256,
    prime: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  [oids.p384]: {
    name: 'P-384',
    bits: 384,
    prime: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  [oids.p521]: {
    name: 'P-521',
    bits: 521,
    prime:
      0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

/**
 * Tells whether this is an uncompressed point of the curve. Platforms check it when a key is imported; here, a
 * certificate with a key that is none is refused when it is read, for a tenth of the time of an import.
 */
export function isPoint(point: Uint8Array, { bits, prime, b }: Curve): boolean {
  const width = Math.ceil(bits / 8)
  if (point[0] !== 4 || point.length !== 1 + 2 * width) return false
  const x = BigInt(`0x${encodeHex(point.subarray(1, 1 + width))}`)
  const y = BigInt(`0x${encodeHex(point.subarray(1 + width))}`)
  return x < prime && y < prime && (y * y - (x * x - 3n) * x - b) % prime === 0n
}
