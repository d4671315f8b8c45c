// SPDX-License-Identifier: Apache-2.0
// Writes DER (X.690): only what certificates need, and always in the one form that strict readers accept.
import { concatBytes, encodeText } from '../bytes.js'
import { OcisignError, printable } from '../errors.js'
import { contextTag, tags } from './der.js'
import { encodeOidContent } from './oid.js'

/** Writes one value: its tag, its length in as few bytes as it needs, and its content. */
export function encodeValue(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length < 0x80) return concatBytes(Uint8Array.of(tag, length), ...parts)
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return concatBytes(Uint8Array.of(tag, 0x80 | octets.length, ...octets), ...parts)
}

/** Writes a SEQUENCE of values already encoded. */
export function encodeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encodeValue(tags.sequence, ...parts)
}

/** Writes a value under a context-specific constructed tag. */
export function encodeExplicit(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return encodeValue(contextTag(number, true), ...parts)
}

/** Writes a non-negative INTEGER from its big-endian bytes, with as few bytes as it needs. */
export function encodeInteger(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0)
  const shortest = first < 0 ? Uint8Array.of(0) : magnitude.subarray(first)
  // A leading bit of one would make it negative.
  const sign = shortest[0]! >= 0x80 ? Uint8Array.of(0) : new Uint8Array()
  return encodeValue(tags.integer, sign, shortest)
}

/** Writes a BIT STRING of whole bytes. */
export function encodeBitString(bytes: Uint8Array): Uint8Array {
  return encodeValue(tags.bitString, Uint8Array.of(0), bytes)
}

/** Writes a BIT STRING of named bits (X.690 section 11.2.2): bit 0 is the first, trailing zeros are left out. */
export function encodeNamedBits(positions: readonly number[]): Uint8Array {
  const last = Math.max(-1, ...positions)
  const bytes = new Uint8Array(Math.floor(last / 8) + 1)
  for (const position of positions) bytes[position >> 3]! |= 0x80 >> (position & 7)
  return encodeValue(tags.bitString, Uint8Array.of(last < 0 ? 0 : 7 - (last & 7)), bytes)
}

/** Writes an OBJECT IDENTIFIER from its dotted form. @throws MISUSE_OPTION where it is not one */
export function encodeObjectIdentifier(dotted: string): Uint8Array {
  const [first, second] = dotted.split('.').map(Number)
  if (
    !/^[0-2](?:\.(?:0|[1-9][0-9]{0,9})){1,31}$/.test(dotted) ||
    first === undefined ||
    second === undefined ||
    (first < 2 && second > 39)
  )
    throw new OcisignError('MISUSE_OPTION', `"${printable(dotted)}" is not an object identifier`, {
      option: 'objectIdentifier',
    })
  return encodeValue(tags.oid, Uint8Array.from(encodeOidContent(dotted)))
}

/** Writes a Time in whole seconds: UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
export function encodeTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear()
  if (!(year >= 1950 && year <= 9999))
    throw new OcisignError('MISUSE_OPTION', 'a time in a certificate lies between 1950 and 9999', { option: 'time' })
  const digits = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return year < 2050
    ? encodeValue(tags.utcTime, encodeText(digits.slice(2)))
    : encodeValue(tags.generalizedTime, encodeText(digits))
}
