// SPDX-License-Identifier: Apache-2.0
// A strict reader for a part of CBOR (RFC 8949): definite lengths, no duplicate keys, nothing sized by what it claims.
import { decodeText } from '../../bytes.js'
import { OcisignError } from '../../errors.js'
import { limits } from '../../limits.js'
import type { CborLabel, CborTag, CborValue } from './cbor-value.js'

/** Where reading has come to. */
export interface CborReader {
  readonly bytes: Uint8Array
  offset: number
  /** Items read so far. */
  items: number
}

/** More than any envelope has, and less than it takes to be slow. */
const maxItems = 65_536

/** Begins to read. */
export function createCborReader(bytes: Uint8Array): CborReader {
  return { bytes, offset: 0, items: 0 }
}

const invalid = (offset: number, why: string, cause?: unknown) =>
  new OcisignError(
    'INVALID_CBOR',
    `the CBOR at byte ${offset} ${why}`,
    { offset },
    cause === undefined ? undefined : { cause },
  )

/** Tells the major type of the next item without reading it: 0 to 7. */
function peekMajorType({ bytes, offset }: CborReader): number {
  if (offset >= bytes.length) throw invalid(offset, 'ends early')
  return bytes[offset]! >> 5
}

/**
 * Reads the head of an item of this major type and gives its argument: a length, a count, or a number.
 * Longer forms than needed are read, as the reference reads them: the signature covers them as they are.
 */
function readHead(reader: CborReader, majorType: number): number | bigint {
  const { bytes, offset } = reader
  const initial = bytes[offset]
  if (initial === undefined) throw invalid(offset, 'ends early')
  if (initial >> 5 !== majorType) throw invalid(offset, `is of type ${initial >> 5} and not ${majorType}`)
  if (++reader.items > maxItems) throw invalid(offset, `is more than item ${maxItems}`)
  const information = initial & 0x1f
  if (information < 24) {
    reader.offset = offset + 1
    return information
  }
  if (information > 27) throw invalid(offset, 'has an indefinite or reserved length')
  const width = 1 << (information - 24)
  const end = offset + 1 + width
  if (end > bytes.length) throw invalid(offset, 'ends early')
  reader.offset = end
  if (width === 1) return bytes[offset + 1]!
  let value = 0
  for (let index = offset + 1; index < end; index++) value = value * 256 + bytes[index]!
  return value <= Number.MAX_SAFE_INTEGER ? value : bigUnsigned(bytes, offset + 1)
}

const bigUnsigned = (bytes: Uint8Array, offset: number) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset)

/** Reads a head that counts bytes or items: there is at least one byte for each. */
function readCount(reader: CborReader, majorType: number): number {
  const { offset } = reader
  const count = readHead(reader, majorType)
  if (count > reader.bytes.length - reader.offset) throw invalid(offset, 'claims to be longer than what is there')
  return Number(count)
}

/** Reads a byte string, as a view. */
export function readBytes(reader: CborReader): Uint8Array {
  const length = readCount(reader, 2)
  const { offset } = reader
  reader.offset = offset + length
  return reader.bytes.subarray(offset, offset + length)
}

/** Reads a text string; `known` are texts that it may well be, found without decoding. */
function readText(reader: CborReader, known: readonly string[] = []): string {
  const length = readCount(reader, 3)
  const { bytes, offset } = reader
  reader.offset = offset + length
  for (const text of known) if (text.length === length && isTextAt(bytes, offset, text)) return text
  try {
    return decodeText(bytes.subarray(offset, offset + length), 'a text')
  } catch (cause) {
    throw invalid(offset, 'is not valid UTF-8', cause)
  }
}

function isTextAt(bytes: Uint8Array, offset: number, text: string): boolean {
  // From the end: names share their beginning.
  for (let index = text.length - 1; index >= 0; index--)
    if (bytes[offset + index] !== text.charCodeAt(index)) return false
  return true
}

/** Reads a key of a map. */
function readLabel(reader: CborReader, known?: readonly string[]): CborLabel {
  const { offset } = reader
  const majorType = peekMajorType(reader)
  if (majorType === 3) return readText(reader, known)
  if (majorType > 1) throw invalid(offset, 'is a key that is neither text nor a whole number')
  const label = readInteger(reader, majorType)
  if (typeof label === 'number') return label
  throw invalid(offset, 'is a key beyond 53 bits')
}

/** Reads the entries of a map up to the last, refusing a key that comes twice. */
export function readEntries(reader: CborReader, depth: number, known?: readonly string[]): Map<CborLabel, CborValue> {
  requireDepth(reader, depth)
  const entries = new Map<CborLabel, CborValue>()
  for (let rest = readCount(reader, 5); rest > 0; rest--) {
    const { offset } = reader
    const label = readLabel(reader, known)
    if (entries.has(label)) throw invalid(offset, 'is a key that was there before')
    entries.set(label, readItem(reader, depth + 1, known))
  }
  return entries
}

/** Reads an item of any type, at this depth of nesting. */
function readItem(reader: CborReader, depth: number, known?: readonly string[]): CborValue {
  const majorType = peekMajorType(reader)
  switch (majorType) {
    case 2:
      return readBytes(reader)
    case 3:
      return readText(reader, known)
    case 4:
      return readArray(reader, depth, known)
    case 5:
      return plainMap(readEntries(reader, depth))
    case 6:
      return readTag(reader, depth)
    case 7:
      return readSimple(reader, false)
    default:
      return readInteger(reader, majorType)
  }
}

function requireDepth({ offset }: CborReader, depth: number): void {
  if (depth > limits.depth) throw invalid(offset, `is nested deeper than ${limits.depth}`)
}

function readInteger(reader: CborReader, majorType: number): number | bigint {
  const { offset } = reader
  const argument = readHead(reader, majorType)
  if (typeof argument === 'number' && (majorType === 0 || argument < Number.MAX_SAFE_INTEGER))
    return majorType === 0 ? argument : -1 - argument
  // Go holds whole numbers in 64 bits with a sign, and so does whoever reads these.
  if (argument > 0x7fff_ffff_ffff_ffffn) throw invalid(offset, 'is a whole number beyond 64 bits')
  return majorType === 0 ? argument : -1n - BigInt(argument)
}

function readArray(reader: CborReader, depth: number, known?: readonly string[]): CborValue[] {
  requireDepth(reader, depth)
  const items: CborValue[] = []
  for (let rest = readCount(reader, 4); rest > 0; rest--) items.push(readItem(reader, depth + 1, known))
  return items
}

function plainMap(entries: Map<CborLabel, CborValue>): CborValue {
  for (const label of entries.keys()) if (typeof label !== 'string' || label === 'cborTag') return entries
  const object: Record<string, CborValue> = Object.create(null)
  for (const [name, value] of entries) object[name as string] = value
  return object
}

function readTag(reader: CborReader, depth: number): CborTag {
  const { offset } = reader
  requireDepth(reader, depth)
  const cborTag = readHead(reader, 6)
  if (typeof cborTag !== 'number') throw invalid(offset, 'has a tag beyond 53 bits')
  const isFloat = cborTag === 1 && peekMajorType(reader) === 7
  const value = isFloat ? readSimple(reader, true) : readItem(reader, depth + 1)
  // These say what follows; tag 0, a date as text, is not read at all: the specification has tag 1.
  const fits =
    cborTag === 1
      ? typeof value === 'number' || typeof value === 'bigint'
      : cborTag === 2 || cborTag === 3
        ? value instanceof Uint8Array
        : cborTag !== 0
  if (!fits) throw invalid(offset, `has the tag ${cborTag} on what it does not fit`)
  return { cborTag, value }
}

/** A number is whole or a float, never both: only a time may be whole seconds as a float. */
function readSimple(reader: CborReader, mayBeWhole: boolean): CborValue {
  const { bytes, offset } = reader
  const information = bytes[offset]! & 0x1f
  readHead(reader, 7)
  if (information === 20 || information === 21) return information === 21
  if (information === 22) return null
  if (information === 23) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let value: number
  if (information === 25) value = halfFloat(view.getUint16(offset + 1))
  else if (information === 26) value = view.getFloat32(offset + 1)
  else if (information === 27) value = view.getFloat64(offset + 1)
  else throw invalid(offset, 'is a simple value without a meaning')
  if (!mayBeWhole && Number.isSafeInteger(value) && !Object.is(value, -0))
    throw invalid(offset, 'is a whole number written as a float')
  return value
}

/** RFC 8949 appendix D. */
function halfFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const mantissa = half & 0x3ff
  if (exponent === 0) return sign * mantissa * 2 ** -24
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (mantissa + 1024) * 2 ** (exponent - 25)
}

/** Holds the bytes to having been read to the end. */
export function requireEnd({ bytes, offset }: CborReader): void {
  if (offset !== bytes.length) throw invalid(offset, 'goes on after its end')
}
