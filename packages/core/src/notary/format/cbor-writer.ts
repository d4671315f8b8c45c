// SPDX-License-Identifier: Apache-2.0
// Writes CBOR in the one way of RFC 8949 section 4.2.1 (core deterministic encoding), floats always in 64 bits.
import { concatBytes, encodeText, isUnicode } from '../../bytes.js'
import { OcisignError } from '../../errors.js'
import { limits } from '../../limits.js'
import { type CborLabel, type CborTag, type CborValue, isCborTag } from './cbor-value.js'

/** Writes the head of an item: major type 0 to 7, and its argument. */
function encodeHead(majorType: number, argument: number | bigint): Uint8Array {
  const type = majorType << 5
  if (argument < 24) return Uint8Array.of(type | Number(argument))
  const width = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8
  const head = new Uint8Array(1 + width)
  head[0] = type | (24 + Math.log2(width))
  let rest = BigInt(argument)
  for (let index = width; index > 0; index--) {
    head[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return head
}

/** Writes a byte string. */
export function encodeByteString(bytes: Uint8Array): Uint8Array {
  return concatBytes(encodeHead(2, bytes.length), bytes)
}

const unsupported = (why: string) =>
  new OcisignError('MISUSE_OPTION', `an extended attribute ${why}`, { option: 'extendedAttributes' })

function encodeTextString(text: string): Uint8Array {
  if (!isUnicode(text)) throw unsupported('has text that is not valid Unicode')
  const bytes = encodeText(text)
  return concatBytes(encodeHead(3, bytes.length), bytes)
}

/** Writes a whole number; others as float of 64 bits. */
function encodeNumber(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    const float = new Uint8Array(9)
    float[0] = 0xfb
    new DataView(float.buffer).setFloat64(1, value)
    return float
  }
  return value < 0 ? encodeHead(1, -1 - value) : encodeHead(0, value)
}

function encodeBigint(value: bigint): Uint8Array {
  const argument = value < 0n ? -1n - value : value
  if (argument > 0x7fff_ffff_ffff_ffffn) throw unsupported('has a whole number beyond 64 bits')
  return encodeHead(value < 0n ? 1 : 0, argument)
}

/** Writes a map, its entries sorted by their encoded keys. */
export function encodeMap(entries: Iterable<readonly [CborLabel, Uint8Array]>): Uint8Array {
  const sorted = [...entries].map(([label, value]) => [encodeLabel(label), value] as const)
  sorted.sort(([a], [b]) => compareBytes(a, b))
  return concatBytes(encodeHead(5, sorted.length), ...sorted.flat())
}

function encodeLabel(label: CborLabel): Uint8Array {
  if (typeof label === 'string') return encodeTextString(label)
  if (Number.isSafeInteger(label)) return encodeNumber(label)
  throw unsupported('has a key that is neither text nor a whole number')
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length && index < b.length; index++)
    if (a[index] !== b[index]) return a[index]! - b[index]!
  return a.length - b.length
}

/**
 * Writes an item. Objects become maps with text keys, those with `cborTag` tagged items.
 * @throws MISUSE_OPTION for what CBOR cannot say here
 */
export function encodeItem(value: unknown, depth = 1): Uint8Array {
  if (depth > limits.depth - 2) throw unsupported('is nested too deep')
  switch (typeof value) {
    case 'string':
      return encodeTextString(value)
    case 'number':
      return encodeNumber(value)
    case 'bigint':
      return encodeBigint(value)
    case 'boolean':
      return Uint8Array.of(value ? 0xf5 : 0xf4)
    case 'undefined':
      return Uint8Array.of(0xf7)
    case 'object':
      return value === null ? Uint8Array.of(0xf6) : encodeObject(value, depth)
    default:
      throw unsupported(`has a value of type ${typeof value}`)
  }
}

function encodeObject(value: object, depth: number): Uint8Array {
  if (value instanceof Uint8Array) return encodeByteString(value)
  if (Array.isArray(value)) {
    const items = Array.from(value, (item) => encodeItem(item, depth + 1))
    return concatBytes(encodeHead(4, items.length), ...items)
  }
  if (isCborTag(value)) return encodeTag(value, depth)
  if (!(value instanceof Map) && !isPlainObject(value)) throw unsupported('has an object that is not plain')
  const entries: Iterable<[CborLabel, CborValue]> = value instanceof Map ? value : Object.entries(value)
  return encodeMap(Array.from(entries, ([label, item]) => [label, encodeItem(item, depth + 1)] as const))
}

function encodeTag({ cborTag, value }: CborTag, depth: number): Uint8Array {
  const isTime = cborTag === 1 && (typeof value === 'number' || typeof value === 'bigint')
  if (!isTime && !(Number.isSafeInteger(cborTag) && cborTag > 3)) throw unsupported(`has the tag ${cborTag}`)
  return concatBytes(encodeHead(6, cborTag), encodeItem(value, depth + 1))
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
