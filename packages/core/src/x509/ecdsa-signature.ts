// SPDX-License-Identifier: Apache-2.0
import { ecdsaSignatureLength } from '../crypto/platform.js'
import { createDerReader, enter, finish, invalidDer, leave, readUnsigned, tags } from './der.js'

/**
 * Turns an Ecdsa-Sig-Value (RFC 3279 section 2.2.3) into r‖s, each as wide as a curve of so many bits.
 *
 * r and s are at least 1; that they are below the order of the curve is for whoever verifies to check.
 * @throws INVALID_DER
 */
export function parseEcdsaSignature(der: Uint8Array, bits: number): Uint8Array {
  const reader = createDerReader(der)
  const outer = enter(reader, tags.sequence)
  const width = ecdsaSignatureLength(bits) / 2
  const joined = new Uint8Array(2 * width)
  for (const end of [width, 2 * width]) {
    const start = reader.position
    const magnitude = readUnsigned(reader)
    if (magnitude[0] === 0 || magnitude.length > width)
      throw invalidDer(start, 'a part of the signature is zero or too large')
    joined.set(magnitude, end - magnitude.length)
  }
  leave(reader, outer)
  finish(reader)
  return joined
}
