// SPDX-License-Identifier: Apache-2.0
import { encodeHex, OcisignError } from '@ocisign/core'

/** A value of DER: its tag, and what is in it. */
export interface DerValue {
  readonly tag: number
  readonly content: Uint8Array
}

/** `implicit` and `explicit` are [0] in place of another tag, and around a value. */
export const tags = {
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  implicit: 0x80,
  explicit: 0xa0,
} as const

export const unreadable = (why: string, cause?: unknown) =>
  new OcisignError('INVALID_CERTIFICATE', `the PKCS#12 ${why}`, {}, { cause })

/** The values that these bytes consist of, one level: lengths are definite and in their shortest form. */
function readValues(bytes: Uint8Array): readonly DerValue[] {
  const values: DerValue[] = []
  for (let position = 0; position < bytes.length; ) {
    const tag = bytes[position]!
    let length = bytes[position + 1] ?? 0x80
    let start = position + 2
    if (length >= 0x80) {
      const count = length & 0x7f
      length = 0
      for (const byte of bytes.subarray(start, start + count)) length = length * 256 + byte
      if (count < 1 || count > 3 || length < 0x80 || length < 256 ** (count - 1)) throw unreadable('is not DER')
      start += count
    }
    position = start + length
    if (position > bytes.length) throw unreadable('is cut off')
    values.push({ tag, content: bytes.subarray(start, position) })
  }
  return values
}

/** What is in a value, which has to be there and to be of that kind. */
export function contentOf(value: DerValue | undefined, tag: number): Uint8Array {
  if (value?.tag !== tag) throw unreadable('has another structure than PKCS#12 has')
  return value.content
}

/** The values in a value, which has to be there and to be of that kind. */
export const enter = (value: DerValue | undefined, tag: number = tags.sequence): readonly DerValue[] =>
  readValues(contentOf(value, tag))

/** The one value that these bytes are. */
export function readValue(bytes: Uint8Array): DerValue {
  const [value, ...more] = readValues(bytes)
  if (!value || more.length > 0) throw unreadable('has another structure than PKCS#12 has')
  return value
}

/** An object identifier, as the hexadecimal digits of its content. */
export const oidOf = (value: DerValue | undefined): string => encodeHex(contentOf(value, tags.oid))

const maxIterations = 100_000

/** A number of iterations; what takes more than 100,000 is not worked out. */
export function iterationsOf(value: DerValue | undefined): number {
  const iterations = contentOf(value, tags.integer).reduce((sum, byte) => sum * 256 + byte, 0)
  if (iterations < 1 || iterations > maxIterations) throw unreadable(`takes more than ${maxIterations} iterations`)
  return iterations
}
