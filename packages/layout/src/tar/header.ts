// SPDX-License-Identifier: Apache-2.0
// Tar headers (POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format"), in the one meaning that all readers share.
import type { OcisignError } from '@ocisign/core'

/** Archives are made of blocks of so many bytes. */
export const blockBytes = 512

/** Makes the error of an archive that cannot be read. */
export type Fail = (why: string) => OcisignError

/** One header, as it stands there. */
export interface Header {
  /** One character for each byte. */
  readonly name: string
  /** The type flag. */
  readonly type: string
  readonly size: number
}

const posixMagic = 'ustar\0' + '00'
const gnuMagic = 'ustar  \0'
/** Mode, owner, group, time, device numbers: of no concern here, but whoever cannot read one refuses the archive, or ends. */
const numbers = [
  [100, 8],
  [108, 8],
  [116, 8],
  [136, 12],
  [329, 8],
  [337, 8],
] as const
/** Access and change time, which GNU keeps where POSIX has the first part of a long name. */
const gnuNumbers = [
  [345, 12],
  [357, 12],
] as const
const checksumField = { start: 148, end: 156 }

/** Bytes as text, one character for each. */
export function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

/** Tells whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/**
 * Reads a header and holds it to its checksum.
 * @throws INVALID_LAYOUT
 */
export function parseHeader(block: Uint8Array, fail: Fail): Header {
  const field = (start: number, length: number) => block.subarray(start, start + length)
  const magic = latin1(field(257, 8))
  if (magic !== posixMagic && magic !== gnuMagic) throw fail('is not a tar archive, or is damaged')
  if (parseNumber(field(148, 8)) !== checksumOf(block)) throw fail('has a header whose checksum is wrong')
  const size = parseNumber(field(124, 12))
  if (size === undefined) throw fail('has an entry whose size is not a number')
  const isGnu = magic === gnuMagic
  for (const [start, length] of isGnu ? [...numbers, ...gnuNumbers] : numbers)
    if (!isNumber(field(start, length))) throw fail('has a header with a number that is none')
  // Some read the rest of the block as star writes it.
  if (!isGnu && !isZero(field(500, 12))) throw fail('has a header that POSIX does not know')
  const name = textOf(field(0, 100))
  const prefix = isGnu ? '' : textOf(field(345, 155))
  return { name: prefix === '' ? name : `${prefix}/${name}`, type: latin1(field(156, 1)), size }
}

/** Text up to the first zero byte. */
function textOf(field: Uint8Array): string {
  const end = field.indexOf(0)
  return latin1(end < 0 ? field : field.subarray(0, end))
}

/** Octal digits, or GNU's binary form; undefined for anything else. */
function parseNumber(field: Uint8Array): number | undefined {
  if (field[0] === 0x80) {
    let value = 0
    for (const byte of field.subarray(1)) {
      value = value * 256 + byte
      if (value > Number.MAX_SAFE_INTEGER) return undefined
    }
    return value
  }
  const digits = /^ *([0-7]{1,12})[ \0]*$/.exec(latin1(field))?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

/** Tells whether there is a number, or none at all; times before 1970 are negative. */
function isNumber(field: Uint8Array): boolean {
  if (field[0] === 0xff) return field.length === 12 && field.subarray(0, 5).every((byte) => byte === 0xff)
  return isZero(field) || parseNumber(field) !== undefined || field.every((byte) => byte === 0x20)
}

/** The sum of all bytes, those of the checksum itself counted as spaces. */
export function checksumOf(block: Uint8Array): number {
  let sum = 0x20 * (checksumField.end - checksumField.start)
  for (let index = 0; index < blockBytes; index++)
    if (index < checksumField.start || index >= checksumField.end) sum += block[index]!
  return sum
}
