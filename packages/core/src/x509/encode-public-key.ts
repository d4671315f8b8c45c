// SPDX-License-Identifier: Apache-2.0
import { concatBytes } from '../bytes.js'
import { curves } from './curve.js'
import { tags } from './der.js'
import { encodeBitString, encodeInteger, encodeObjectIdentifier, encodeSequence, encodeValue } from './encode-der.js'
import { oids } from './oid.js'

/** The numbers of a public key, big-endian, by the names of a JSON Web Key (RFC 7518 section 6). */
export type PublicKeyNumbers =
  | { readonly crv: string; readonly x: Uint8Array; readonly y: Uint8Array }
  | { readonly n: Uint8Array; readonly e: Uint8Array }

/**
 * SubjectPublicKeyInfo, DER, of a public key that a service shows as numbers; undefined for another curve than P-256,
 * P-384 and P-521, and for coordinates that are wider than their curve.
 *
 * Does not check that they are the numbers of a key: `algorithmOfPublicKey` does.
 */
export function encodePublicKey(numbers: PublicKeyNumbers): Uint8Array | undefined {
  if ('n' in numbers) {
    const key = encodeSequence(encodeInteger(numbers.n), encodeInteger(numbers.e))
    return encodeKey(oids.rsaEncryption, encodeValue(tags.null), key)
  }
  const [oid, curve] = Object.entries(curves).find(([, { name }]) => name === numbers.crv && name !== 'P-224') ?? []
  if (!oid || !curve) return undefined
  const width = Math.ceil(curve.bits / 8)
  const { x, y } = numbers
  if (x.length > width || y.length > width) return undefined
  const pad = (bytes: Uint8Array) => concatBytes(new Uint8Array(width - bytes.length), bytes)
  return encodeKey(oids.ecPublicKey, encodeObjectIdentifier(oid), concatBytes(Uint8Array.of(4), pad(x), pad(y)))
}

const encodeKey = (oid: string, parameters: Uint8Array, key: Uint8Array) =>
  encodeSequence(encodeSequence(encodeObjectIdentifier(oid), parameters), encodeBitString(key))
