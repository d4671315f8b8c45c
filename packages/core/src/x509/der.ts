// SPDX-License-Identifier: Apache-2.0
// A strict reader of DER (X.690): one encoding for each value, and nothing else is read. It walks the bytes in place
// and gives views of them; what is read is neither copied nor allocated before its length was held against the input.
import { OcisignError } from '../errors.js'
import { limits } from '../limits.js'
import { findOid } from './oid.js'

/** The tags of X.509; context-specific ones by {@link contextTag}. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag `[number]`, constructed or primitive. */
export const contextTag = (number: number, constructed: boolean): number => (constructed ? 0xa0 : 0x80) | number

/** A place in DER: `position` moves on as it is read, up to `limit`, the end of the element it is in. */
export interface DerReader {
  readonly bytes: Uint8Array
  position: number
  limit: number
  depth: number
}

/** Starts to read. @throws INVALID_DER for more than `maxBytes` */
export function createDerReader(bytes: Uint8Array, maxBytes: number = limits.certificateBytes): DerReader {
  if (bytes.length > maxBytes)
    throw invalidDer(maxBytes, `it has ${bytes.length} bytes, and at most ${maxBytes} are read`)
  return { bytes, position: 0, limit: bytes.length, depth: 0 }
}

/** Makes the error of malformed DER. */
export function invalidDer(offset: number, why: string): OcisignError<'INVALID_DER'> {
  return new OcisignError('INVALID_DER', `not valid DER at byte ${offset}: ${why}`, { offset })
}

const hex = (tag: number) => `0x${tag.toString(16).padStart(2, '0')}`

/** The next tag, or -1 at the end of the element. */
export function peekTag({ bytes, position, limit }: DerReader): number {
  return position < limit ? bytes[position]! : -1
}

/** Tells whether everything in the element was read. */
export const atEnd = ({ position, limit }: DerReader): boolean => position === limit

/** Moves past tag and length, to the content; returns where that ends. */
function readHeader(reader: DerReader, tag: number): number {
  const { bytes, limit, position } = reader
  const found = position < limit ? bytes[position]! : -1
  if (found !== tag)
    throw invalidDer(
      position,
      found < 0 ? `the element ends where ${hex(tag)} should be` : `${hex(found)} where ${hex(tag)} should be`,
    )
  const content = position + 2
  if (content > limit) throw invalidDer(position, 'the length is missing')
  const length = bytes[position + 1]!
  if (length < 0x80) {
    reader.position = content
    if (content + length > limit) throw tooLong(position)
    return content + length
  }
  return readLongLength(reader, length & 0x7f)
}

function readLongLength(reader: DerReader, count: number): number {
  const { bytes, limit, position } = reader
  if (count === 0) throw invalidDer(position, 'the length is indefinite')
  if (count > 4) throw invalidDer(position, 'the length has more than four bytes')
  const content = position + 2 + count
  if (content > limit) throw invalidDer(position, 'the length is cut off')
  let length = 0
  for (let index = position + 2; index < content; index++) length = length * 256 + bytes[index]!
  if (length < 0x80 || bytes[position + 2] === 0) throw invalidDer(position, 'the length is not in its shortest form')
  if (content + length > limit) throw tooLong(position)
  reader.position = content
  return content + length
}

const tooLong = (position: number) => invalidDer(position, 'the length goes beyond what is there')

/** Goes into an element; returns what {@link leave} needs to come out again. */
export function enter(reader: DerReader, tag: number): number {
  const outer = reader.limit
  reader.limit = readHeader(reader, tag)
  if (++reader.depth > limits.depth) throw invalidDer(reader.position, `nested deeper than ${limits.depth}`)
  return outer
}

/** Comes out of an element, all of which must have been read. */
export function leave(reader: DerReader, outer: number): void {
  if (reader.position !== reader.limit) throw invalidDer(reader.position, 'there is more than there should be')
  reader.limit = outer
  reader.depth--
}

/** Holds the reader to have read everything. */
export function finish(reader: DerReader): void {
  if (reader.position !== reader.limit) throw invalidDer(reader.position, 'there are bytes after the end')
}

/** Reads an element; returns a view of its content. */
export function readContent(reader: DerReader, tag: number): Uint8Array {
  const end = readHeader(reader, tag)
  const content = reader.bytes.subarray(reader.position, end)
  reader.position = end
  return content
}

/** Reads an element; returns a view of all of it, tag and length included. */
export function readElement(reader: DerReader, tag: number): Uint8Array {
  const start = reader.position
  reader.position = readHeader(reader, tag)
  return reader.bytes.subarray(start, reader.position)
}

/** Moves past an element of any tag; what is in it is held to be elements, too, and not looked at. */
export function skipElement(reader: DerReader): void {
  const tag = peekTag(reader)
  if (tag < 0) throw invalidDer(reader.position, 'the element ends too early')
  if ((tag & 0x1f) === 0x1f || tag === 0) throw invalidDer(reader.position, `${hex(tag)} is no tag that is read here`)
  const outer = enter(reader, tag)
  const isConstructed = (tag & 0x20) !== 0
  if (!isConstructed) reader.position = reader.limit
  while (!atEnd(reader)) skipElement(reader)
  leave(reader, outer)
}

/** Moves past the parameters of an algorithm that nobody here interprets: none, NULL, an OBJECT IDENTIFIER or a SEQUENCE. */
export function skipParameters(reader: DerReader): void {
  if (atEnd(reader)) return
  const tag = peekTag(reader)
  if (tag === tags.oid) readOid(reader)
  else if (tag === tags.sequence) skipElement(reader)
  else if (readContent(reader, tags.null).length > 0) throw invalidDer(reader.position, 'NULL has no content')
}

/** Reads a BOOLEAN: 00 or FF. */
export function readBoolean(reader: DerReader): boolean {
  const start = reader.position
  const end = readHeader(reader, tags.boolean)
  const value = reader.bytes[reader.position]!
  if (end !== reader.position + 1 || (value !== 0 && value !== 0xff)) throw invalidDer(start, 'a BOOLEAN is 00 or FF')
  reader.position = end
  return value === 0xff
}

/** Reads an INTEGER that is not negative; returns its magnitude, big-endian and without leading zeros but for zero itself. */
export function readUnsigned(reader: DerReader, tag: number = tags.integer): Uint8Array {
  const start = reader.position
  const end = readHeader(reader, tag)
  const { bytes, position } = reader
  const first = bytes[position]!
  if (end === position) throw invalidDer(start, 'an INTEGER has at least one byte')
  if (first >= 0x80) throw invalidDer(start, 'the INTEGER is negative')
  const padded = first === 0 && end > position + 1
  if (padded && bytes[position + 1]! < 0x80) throw invalidDer(start, 'the INTEGER is not in its shortest form')
  reader.position = end
  return bytes.subarray(padded ? position + 1 : position, end)
}

/** Reads an INTEGER between 0 and 2^31 - 1. */
export function readSmallInteger(reader: DerReader, tag: number = tags.integer): number {
  const start = reader.position
  const magnitude = readUnsigned(reader, tag)
  let value = 0
  for (let index = 0; index < magnitude.length && index < 5; index++) value = value * 256 + magnitude[index]!
  if (magnitude.length > 4 || value > 0x7fffffff) throw invalidDer(start, 'the INTEGER is too large')
  return value
}

/** Reads a BIT STRING of whole bytes. */
export function readBitString(reader: DerReader): Uint8Array {
  const start = reader.position
  const end = readHeader(reader, tags.bitString)
  const { position, bytes } = reader
  if (end === position || bytes[position] !== 0)
    throw invalidDer(start, 'a BIT STRING of whole bytes has no unused bits')
  reader.position = end
  return bytes.subarray(position + 1, end)
}

/** Reads a BIT STRING of at most 16 named bits, without trailing zeros (X.690 section 11.2.2); the first is 1, the second 2 … */
export function readNamedBits(reader: DerReader): number {
  const start = reader.position
  const end = readHeader(reader, tags.bitString)
  const { position, bytes } = reader
  const unused = bytes[position]!
  const last = bytes[end - 1]!
  if (end === position || unused > 7) throw invalidDer(start, 'a BIT STRING has up to 7 unused bits')
  if (end - position > 3) throw invalidDer(start, 'there are more named bits than there are names')
  reader.position = end
  if (end === position + 1) {
    if (unused !== 0) throw invalidDer(start, 'an empty BIT STRING has no unused bits')
    return 0
  }
  if ((last & ((1 << unused) - 1)) !== 0) throw invalidDer(start, 'unused bits are zero')
  if ((last & (1 << unused)) === 0) throw invalidDer(start, 'named bits have no trailing zeros')
  let bits = 0
  for (let index = 0; index < (end - position - 1) * 8; index++)
    if ((bytes[position + 1 + (index >> 3)]! & (0x80 >> (index & 7))) !== 0) bits |= 1 << index
  return bits
}

/** Moves past an OBJECT IDENTIFIER, whose arcs are below 2^31, as in Go; returns where its content began. */
export function skipOid(reader: DerReader): number {
  const start = reader.position
  const end = readHeader(reader, tags.oid)
  const { bytes, position } = reader
  if (end === position) throw invalidDer(start, 'an OBJECT IDENTIFIER has at least one byte')
  let arc = 0
  for (let index = position; index < end; index++) {
    const byte = bytes[index]!
    if (arc === 0 && byte === 0x80) throw invalidDer(index, 'an arc is not in its shortest form')
    if (arc > 0xffffff) throw invalidDer(index, 'an arc is too large')
    arc = byte < 0x80 ? 0 : arc * 128 + (byte & 0x7f)
  }
  if (bytes[end - 1]! >= 0x80) throw invalidDer(start, 'the OBJECT IDENTIFIER is cut off')
  reader.position = end
  return position
}

/** Reads an OBJECT IDENTIFIER in dotted form; an arc is below 2^31. */
export function readOid(reader: DerReader): string {
  const start = skipOid(reader)
  const { bytes, position: end } = reader
  const known = findOid(bytes, start, end)
  if (known !== undefined) return known
  let text = ''
  let arc = 0
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (text !== '') text += `.${arc}`
    else text = arc < 80 ? `${arc < 40 ? 0 : 1}.${arc % 40}` : `2.${arc - 80}`
    arc = 0
  }
  return text
}

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]

/**
 * Reads a UTCTime (1950 to 2049) or a GeneralizedTime, as RFC 5280 section 4.1.2.5 has them: to the second, in UTC,
 * with Z; a day that is in the calendar. Returns milliseconds since 1970.
 */
export function readTime(reader: DerReader): number {
  const start = reader.position
  const general = peekTag(reader) === tags.generalizedTime
  const end = readHeader(reader, general ? tags.generalizedTime : tags.utcTime)
  const { bytes, position } = reader
  const invalid = () => invalidDer(start, `the time is not in the form ${general ? 'YYYY' : 'YY'}MMDDhhmmssZ`)
  if (end - position !== (general ? 15 : 13) || bytes[end - 1] !== 0x5a) throw invalid()
  const two = (back: number) => {
    const tens = bytes[end - back]! - 0x30
    const ones = bytes[end - back + 1]! - 0x30
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw invalid()
    return tens * 10 + ones
  }
  const short = two(13)
  const year = general ? two(15) * 100 + short : short < 50 ? 2000 + short : 1900 + short
  const [month, day, hour, minute, second] = [two(11), two(9), two(7), two(5), two(3)]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) throw invalid()
  const length = daysBefore[month]! - daysBefore[month - 1]! + (leap && month === 2 ? 1 : 0)
  if (day < 1 || day > length) throw invalid()
  reader.position = end
  // Days since 1 January of the year 0, of which 1 January 1970 is day 719,528.
  const leapDays =
    year === 0 ? 0 : Math.floor((year - 1) / 4) - Math.floor((year - 1) / 100) + Math.floor((year - 1) / 400) + 1
  const days = year * 365 + leapDays + daysBefore[month - 1]! + (leap && month > 2 ? 1 : 0) + day - 1
  return (((days - 719528) * 24 + hour) * 60 + minute) * 60_000 + second * 1000
}
