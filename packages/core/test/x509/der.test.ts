// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import {
  atEnd,
  createDerReader,
  type DerReader,
  enter,
  finish,
  leave,
  peekTag,
  readBitString,
  readBoolean,
  readContent,
  readElement,
  readNamedBits,
  readOid,
  readSmallInteger,
  readTime,
  readUnsigned,
  skipElement,
  tags,
} from '../../src/x509/der.js'
import { codeOf } from './code.js'
import { bytes, oid, time, tlv } from './make.js'

const read = <T>(input: Uint8Array, what: (reader: DerReader) => T): T => {
  const reader = createDerReader(input)
  const value = what(reader)
  finish(reader)
  return value
}
const refused = (input: Uint8Array, what: (reader: DerReader) => unknown) =>
  expect(codeOf(() => read(input, what))).toBe('INVALID_DER')
const octets = (reader: DerReader) => readContent(reader, tags.octetString)

describe('lengths', () => {
  test('short and long forms', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 60_000])
      expect(read(tlv(0x04, new Uint8Array(length)), octets).length).toBe(length)
  })

  test.each([
    ['nothing', bytes()],
    ['a tag alone', bytes(0x04)],
    ['beyond the end', bytes(0x04, 0x02, 0x00)],
    ['long form beyond the end', bytes(0x04, 0x82, 0x01, 0x00, 0x00)],
    ['cut off', bytes(0x04, 0x82, 0x01)],
    ['indefinite', bytes(0x04, 0x80, 0x00, 0x00)],
    ['long form of a short length', bytes(0x04, 0x81, 0x01, 0x00)],
    ['a leading zero', bytes(0x04, 0x82, 0x00, 0x80, ...new Array(128).fill(0))],
    ['2^32', bytes(0x04, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00)],
    ['2^32 - 1', bytes(0x04, 0x84, 0xff, 0xff, 0xff, 0xff)],
    ['127 bytes of length', bytes(0x04, 0xff, ...new Array(127).fill(0xff))],
    ['another tag', bytes(0x05, 0x00)],
    ['constructed', bytes(0x24, 0x00)],
    ['bytes after the end', bytes(0x04, 0x00, 0x00)],
  ])('%s is refused', (_, input) => refused(input, octets))

  test('what is read is a view, not a copy', () => {
    const input = tlv(0x04, bytes(1, 2, 3))
    expect(read(input, octets).buffer).toBe(input.buffer)
    expect(read(input, (reader) => readElement(reader, 0x04))).toEqual(input)
  })

  test('more than the limit is not looked at', () => {
    expect(codeOf(() => createDerReader(new Uint8Array(65_537)))).toBe('INVALID_DER')
    expect(createDerReader(new Uint8Array(65_537), 65_537).limit).toBe(65_537)
  })
})

describe('nesting', () => {
  test('an element does not reach out of the one it is in', () => {
    refused(bytes(0x30, 0x02, 0x04, 0x01, 0x00), (reader) => {
      const outer = enter(reader, tags.sequence)
      readContent(reader, tags.octetString)
      leave(reader, outer)
    })
  })

  test('all of an element is read', () => {
    refused(bytes(0x30, 0x02, 0x05, 0x00), (reader) => leave(reader, enter(reader, tags.sequence)))
  })

  test('depth is limited, also across recursion', () => {
    const nest = (depth: number): Uint8Array => (depth === 0 ? bytes() : tlv(0x30, nest(depth - 1)))
    const descend = (reader: DerReader): void => {
      const outer = enter(reader, tags.sequence)
      if (!atEnd(reader)) descend(reader)
      leave(reader, outer)
    }
    read(nest(32), descend)
    refused(nest(33), descend)
    refused(nest(5000), descend)
  })

  test('skipping takes any low tag', () => {
    for (const tag of [0x02, 0x04, 0x81]) read(tlv(tag, bytes(1)), skipElement)
    for (const tag of [0x30, 0x31, 0xa3]) {
      read(tlv(tag, tlv(2, bytes(1)), tlv(0x30, tlv(5))), skipElement)
      refused(tlv(tag, bytes(1)), skipElement)
      refused(tlv(tag, tlv(0x30, bytes(2, 2, 1))), skipElement)
    }
    refused(bytes(), skipElement)
    refused(bytes(0x1f, 0x81, 0x01, 0x00), skipElement)
    refused(bytes(0xbf, 0x1f, 0x00), skipElement)
    refused(bytes(0x00, 0x00), skipElement)
  })

  test('peeking sees the tag, or the end', () => {
    expect(peekTag(createDerReader(bytes(0x30, 0x00)))).toBe(0x30)
    expect(peekTag(createDerReader(bytes()))).toBe(-1)
  })
})

describe('BOOLEAN', () => {
  test('00 and FF', () => {
    expect(read(bytes(0x01, 0x01, 0x00), readBoolean)).toBe(false)
    expect(read(bytes(0x01, 0x01, 0xff), readBoolean)).toBe(true)
  })
  test.each([
    ['01', bytes(0x01, 0x01, 0x01)],
    ['empty', bytes(0x01, 0x00)],
    ['two bytes', bytes(0x01, 0x02, 0xff, 0xff)],
  ])('%s is refused', (_, input) => refused(input, readBoolean))
})

describe('INTEGER', () => {
  test('magnitudes', () => {
    expect(read(bytes(0x02, 0x01, 0x00), readUnsigned)).toEqual(bytes(0))
    expect(read(bytes(0x02, 0x01, 0x7f), readUnsigned)).toEqual(bytes(0x7f))
    expect(read(bytes(0x02, 0x02, 0x00, 0x80), readUnsigned)).toEqual(bytes(0x80))
  })
  test('small numbers', () => {
    expect(read(bytes(0x02, 0x01, 0x05), readSmallInteger)).toBe(5)
    expect(read(bytes(0x02, 0x04, 0x7f, 0xff, 0xff, 0xff), readSmallInteger)).toBe(0x7fffffff)
    refused(bytes(0x02, 0x05, 0x00, 0x80, 0x00, 0x00, 0x00), readSmallInteger)
    refused(bytes(0x02, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00), readSmallInteger)
    refused(bytes(0x02, 0x09, 0x01, 0, 0, 0, 0, 0, 0, 0, 1), readSmallInteger)
  })
  test.each([
    ['empty', bytes(0x02, 0x00)],
    ['negative', bytes(0x02, 0x01, 0x80)],
    ['padded', bytes(0x02, 0x02, 0x00, 0x7f)],
    ['padded zero', bytes(0x02, 0x02, 0x00, 0x00)],
    ['negative and padded', bytes(0x02, 0x02, 0xff, 0x80)],
  ])('%s is refused', (_, input) => refused(input, readUnsigned))
})

describe('BIT STRING', () => {
  test('whole bytes', () => {
    expect(read(bytes(0x03, 0x02, 0x00, 0xaa), readBitString)).toEqual(bytes(0xaa))
    expect(read(bytes(0x03, 0x01, 0x00), readBitString)).toEqual(bytes())
    refused(bytes(0x03, 0x00), readBitString)
    refused(bytes(0x03, 0x02, 0x04, 0xa0), readBitString)
  })
  test('named bits', () => {
    expect(read(bytes(0x03, 0x02, 0x07, 0x80), readNamedBits)).toBe(1)
    expect(read(bytes(0x03, 0x02, 0x01, 0x06), readNamedBits)).toBe(0b1100000)
    expect(read(bytes(0x03, 0x03, 0x07, 0x00, 0x80), readNamedBits)).toBe(256)
    expect(read(bytes(0x03, 0x01, 0x00), readNamedBits)).toBe(0)
  })
  test.each([
    ['empty', bytes(0x03, 0x00)],
    ['unused bits of nothing', bytes(0x03, 0x01, 0x01)],
    ['eight unused bits', bytes(0x03, 0x02, 0x08, 0x80)],
    ['unused bits that are not zero', bytes(0x03, 0x02, 0x07, 0xc0)],
    ['trailing zeros', bytes(0x03, 0x02, 0x00, 0x80)],
    ['a trailing zero byte', bytes(0x03, 0x03, 0x07, 0x80, 0x00)],
    ['too many bits', bytes(0x03, 0x04, 0x00, 0x80, 0x00, 0x01)],
  ])('named bits: %s is refused', (_, input) => refused(input, readNamedBits))
})

describe('OBJECT IDENTIFIER', () => {
  test.each([
    '0.0',
    '0.39',
    '1.0',
    '1.39.1',
    '2.0',
    '2.40.1',
    '2.999.3',
    '2.5.29.19',
    '1.2.840.113549.1.1.11',
    '1.2.2147483647',
  ])('%s', (text) => expect(read(oid(text), readOid)).toBe(text))
  test.each([
    ['empty', bytes(0x06, 0x00)],
    ['cut off', bytes(0x06, 0x02, 0x2a, 0x86)],
    ['padded', bytes(0x06, 0x03, 0x2a, 0x80, 0x01)],
    ['padded first arc', bytes(0x06, 0x02, 0x80, 0x01)],
    ['an arc of 2^31', oid('1.2.2147483648')],
    ['an arc of 2^32 + 1, truncated elsewhere', oid('1.2.4294967297')],
    ['an arc of 2^64', oid('1.2.18446744073709551616')],
  ])('%s is refused', (_, input) => refused(input, readOid))

  test('ten thousand arcs cost little', () => {
    const input = tlv(0x06, new Uint8Array(60_000).fill(1))
    expect(read(input, readOid).length).toBe(3 + 59_999 * 2)
  })
})

describe('times', () => {
  test.each([
    ['700101000000Z', '1970-01-01T00:00:00.000Z'],
    ['491231235959Z', '2049-12-31T23:59:59.000Z'],
    ['500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['000229120000Z', '2000-02-29T12:00:00.000Z'],
    ['240301000001Z', '2024-03-01T00:00:01.000Z'],
    ['20500101000000Z', '2050-01-01T00:00:00.000Z'],
    ['99991231235959Z', '9999-12-31T23:59:59.000Z'],
    ['00010101000000Z', '0001-01-01T00:00:00.000Z'],
    ['00000229000000Z', '0000-02-29T00:00:00.000Z'],
    ['20000229000000Z', '2000-02-29T00:00:00.000Z'],
  ])('%s', (text, iso) => expect(new Date(read(time(text), readTime)).toISOString()).toBe(iso))

  test('every day of 400 years', () => {
    for (let day = Date.UTC(1800, 0, 1); day < Date.UTC(2200, 0, 1); day += 86_400_000) {
      const text = new Date(day).toISOString().replace(/[-:T]|\.000/g, '')
      if (read(time(text), readTime) !== day) expect.fail(text)
    }
  })

  test.each([
    '2001010000Z',
    '200101000000',
    '200101000000+0000',
    '200101000000-0100',
    '200101000000z',
    '2001010000000',
    '20200101000000',
    '20200101000000.0Z',
    '20200101000000+0000',
    '200001000000Z',
    '201301000000Z',
    '200100000000Z',
    '200132000000Z',
    '210229000000Z',
    '19000229000000Z',
    '200431000000Z',
    '200101240000Z',
    '200101006000Z',
    '200101000060Z',
    '2O0101000000Z',
    '200101 00000Z',
    '2020010100000/Z',
  ])('%s is refused', (text) => refused(time(text), readTime))

  test('a time of another kind is refused', () => {
    refused(tlv(0x17, new TextEncoder().encode('20200101000000Z')), readTime)
    refused(tlv(0x18, new TextEncoder().encode('200101000000Z')), readTime)
    refused(tlv(0x13, new TextEncoder().encode('200101000000Z')), readTime)
  })
})
