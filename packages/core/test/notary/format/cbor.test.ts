// SPDX-License-Identifier: Apache-2.0
// What the part of CBOR says, by the examples of RFC 8949 appendix A and by what attackers do (E1, E2).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeHex } from '../../../src/bytes.js'
import { createCborReader, readBytes, readEntries, requireEnd } from '../../../src/notary/format/cbor-reader.js'
import type { CborValue } from '../../../src/notary/format/cbor-value.js'
import { encodeItem } from '../../../src/notary/format/cbor-writer.js'
import { fuzzParameters } from '../../fuzz.js'
import { codeOf } from '../../x509/code.js'
import { cbor } from './make.js'

/** Reads an item as the only value of a map. */
function decode(bytes: Uint8Array): CborValue {
  const reader = createCborReader(concatBytes(Uint8Array.of(0xa1, 0), bytes))
  const value = readEntries(reader, 0).get(0)
  requireEnd(reader)
  return value
}

const bytes = (...values: number[]) => Uint8Array.from(values)

/** RFC 8949 appendix A: what is read, and written back as it was. */
const examples: readonly (readonly [string, unknown])[] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3903e7', -1000],
  ['fb3ff199999999999a', 1.1],
  ['fb7e37e43c8800759c', 1.0e300],
  ['fbc010666666666666', -4.1],
  ['fb7ff0000000000000', Number.POSITIVE_INFINITY],
  ['fb7ff8000000000000', Number.NaN],
  ['fbfff0000000000000', Number.NEGATIVE_INFINITY],
  ['fb8000000000000000', -0],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['c11a514b67b0', { cborTag: 1, value: 1363896240 }],
  ['d74401020304', { cborTag: 23, value: bytes(1, 2, 3, 4) }],
  ['d818456449455446', { cborTag: 24, value: bytes(0x64, 0x49, 0x45, 0x54, 0x46) }],
  ['d82076687474703a2f2f7777772e6578616d706c652e636f6d', { cborTag: 32, value: 'http://www.example.com' }],
  ['40', bytes()],
  ['4401020304', bytes(1, 2, 3, 4)],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', 'ü'],
  ['63e6b0b4', '水'],
  ['64f0908591', '\u{10151}'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', Array.from({ length: 25 }, (_, index) => index + 1)],
  ['a0', {}],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['826161a161626163', ['a', { b: 'c' }]],
  ['a56161614161626142616361436164614461656145', { a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' }],
  ['1b7fffffffffffffff', 0x7fff_ffff_ffff_ffffn],
  ['3b7fffffffffffffff', -0x8000_0000_0000_0000n],
  ['1b0020000000000000', 9007199254740992n],
  ['1b001fffffffffffff', 9007199254740991],
  ['3b001fffffffffffff', -9007199254740992n],
  ['3b001ffffffffffffe', -9007199254740991],
]

describe('RFC 8949 appendix A', () => {
  test.each(examples)('%s', (hex, value) => {
    expect(decode(cbor(hex))).toEqual(value)
    expect(encodeHex(encodeItem(value))).toBe(hex)
  })

  test.each([
    ['f90001', 2 ** -24],
    ['f93e00', 1.5],
    ['f97c00', Number.POSITIVE_INFINITY],
    ['f97e00', Number.NaN],
    ['f98000', -0],
    ['fa7f7fffff', 3.4028234663852886e38],
    ['c1fb41d452d9ec200000', { cborTag: 1, value: 1363896240.5 }],
    ['c1fb41d452d9ec000000', { cborTag: 1, value: 1363896240 }],
    ['c249010000000000000000', { cborTag: 2, value: bytes(1, 0, 0, 0, 0, 0, 0, 0, 0) }],
    ['c349010000000000000000', { cborTag: 3, value: bytes(1, 0, 0, 0, 0, 0, 0, 0, 0) }],
  ])('%s is read, but nothing writes it', (hex, value) => {
    expect(decode(cbor(hex))).toEqual(value)
  })

  test.each([
    ['1bffffffffffffffff', 'a number beyond 64 bits with a sign'],
    ['3bffffffffffffffff', 'a negative one'],
    ['f90000', '0.0: a whole number as a float'],
    ['f93c00', '1.0'],
    ['fa47c35000', '100000.0'],
    ['fbc010000000000000', '-4.0'],
    ['f0', 'simple(16)'],
    ['f8ff', 'simple(255)'],
    ['f818', 'a simple value in a longer form'],
    ['c074323031332d30332d32315432303a30343a30305a', 'tag 0, a date as text'],
    ['5f42010243030405ff', 'an indefinite byte string'],
    ['7f657374726561646d696e67ff', 'an indefinite text string'],
    ['9fff', 'an indefinite array'],
    ['83018202039f0405ff', 'one inside of another'],
    ['bf61610161629f0203ffff', 'an indefinite map'],
    ['ff', 'a break'],
  ])('E2: %s is refused: %s', (hex) => {
    expect(codeOf(() => decode(cbor(hex)))).toBe('INVALID_CBOR')
  })
})

describe('E1, E2: what is refused', () => {
  test.each([
    ['nothing', ''],
    ['a head cut off', '19 01'],
    ['a reserved length', '1c'],
    ['another reserved length', '3e'],
    ['a string cut off', '43 01 02'],
    ['an array cut off', '83 01 02'],
    ['a map without its last value', 'a1 01'],
    ['a tag on nothing', 'c1'],
    ['bytes after the end', '00 00'],
    ['invalid UTF-8', '61 ff'],
    ['a surrogate in UTF-8', '63 ed a0 80'],
    ['a time that is text', 'c1 61 30'],
    ['a time that is null', 'c1 f6'],
    ['a bignum that is text', 'c2 61 30'],
    ['a duplicate key', 'a2 01 00 01 00'],
    ['a duplicate key in another length', 'a2 01 00 18 01 00'],
    ['a duplicate key of text', 'a2 61 61 00 61 61 00'],
    ['a duplicate key of text in another length', 'a2 61 61 00 78 01 61 00'],
    ['a key that is a byte string', 'a1 41 61 00'],
    ['a key that is a float', 'a1 f9 3c 00 00'],
    ['a key that is an array', 'a1 80 00'],
    ['a key that is null', 'a1 f6 00'],
    ['a key that is tagged', 'a1 c1 00 00'],
    ['a key beyond 53 bits', 'a1 1b 7f ff ff ff ff ff ff ff 00'],
    ['a tag beyond 53 bits', 'db 7f ff ff ff ff ff ff ff 00'],
  ])('%s', (_, hex) => {
    expect(codeOf(() => decode(cbor(hex)))).toBe('INVALID_CBOR')
  })

  test.each([
    ['2^32 bytes', '5a ff ff ff ff 00'],
    ['2^63 bytes', '5b 7f ff ff ff ff ff ff ff 00'],
    ['2^64 bytes', '5b ff ff ff ff ff ff ff ff 00'],
    ['2^32 characters', '7a ff ff ff ff 61'],
    ['2^32 items', '9a ff ff ff ff 00'],
    ['2^64 items', '9b ff ff ff ff ff ff ff ff 00'],
    ['2^32 entries', 'ba ff ff ff ff 00 00'],
  ])('a claim of %s allocates nothing', (_, hex) => {
    expect(codeOf(() => decode(cbor(hex)))).toBe('INVALID_CBOR')
  })

  test.each([
    ['arrays', 0x81],
    ['tags', 0xd8],
  ])('J6: 32 nested %s are read, more are not, however many', (_, head) => {
    const nested = (depth: number) => {
      const heads = Array.from({ length: depth }, () => (head === 0xd8 ? [0xd8, 0x20] : [head])).flat()
      return Uint8Array.from([...heads, 0])
    }
    expect(codeOf(() => decode(nested(32)))).toBeUndefined()
    expect(codeOf(() => decode(nested(33)))).toBe('INVALID_CBOR')
    expect(codeOf(() => decode(nested(10_000)))).toBe('INVALID_CBOR')
    expect(codeOf(() => decode(nested(400_000)))).toBe('INVALID_CBOR')
  })

  test('J6: nested maps', () => {
    const nested = (depth: number) => cbor(`${'a1 01 '.repeat(depth)}00`)
    expect(codeOf(() => decode(nested(32)))).toBeUndefined()
    expect(codeOf(() => decode(nested(33)))).toBe('INVALID_CBOR')
  })

  test('more than 65,536 items are refused', () => {
    const array = (count: number) => Uint8Array.of(0x99, count >> 8, count & 0xff, ...new Uint8Array(count))
    // The map, its key and the array count, too.
    expect(codeOf(() => decode(array(65_533)))).toBeUndefined()
    expect(codeOf(() => decode(array(65_534)))).toBe('INVALID_CBOR')
  })

  test('the error says where', () => {
    expect(() => decode(cbor('82 00 ff'))).toThrow(expect.objectContaining({ details: { offset: 4 } }))
  })
})

describe('what is read', () => {
  test.each([
    ['1b0000000000000001', 1],
    ['1900ff', 255],
    ['590001ff', bytes(255)],
    ['7b000000000000000161', 'a'],
    ['9a0000000101', [1]],
  ])('longer heads than needed: %s', (hex, value) => {
    expect(decode(cbor(hex))).toEqual(value)
  })

  test('J1: names with a meaning in JavaScript are names', () => {
    const value = decode(cbor('a2 69 "__proto__" a1 61 "x" 01 6b "constructor" 02')) as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    expect(value.x).toBeUndefined()
  })

  test('a map that looks like a tag stays a map', () => {
    const value = decode(cbor('a2 67 "cborTag" 01 65 "value" 02'))
    expect(value).toEqual(
      new Map([
        ['cborTag', 1],
        ['value', 2],
      ]),
    )
    expect(decode(encodeItem(value))).toEqual(value)
  })

  test('entries keep their order', () => {
    const entries = readEntries(createCborReader(cbor('a3 03 00 61 "b" 01 20 02')), 1)
    expect([...entries]).toEqual([
      [3, 0],
      ['b', 1],
      [-1, 2],
    ])
  })

  test('byte strings are views', () => {
    const source = cbor('42 01 02')
    expect(readBytes(createCborReader(source)).buffer).toBe(source.buffer)
  })
})

describe('what is written', () => {
  test('keys are sorted by their bytes (RFC 8949 section 4.2.1)', () => {
    const map = new Map<string | number, number>([
      ['aa', 1],
      [100, 2],
      ['b', 3],
      [-1, 4],
      [10, 5],
      ['', 6],
    ])
    expect(encodeHex(encodeItem(map))).toBe('a6' + '0a05' + '186402' + '2004' + '6006' + '616203' + '62616101')
  })

  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a Date', new Date()],
    ['a Set', new Set()],
    ['a RegExp', /x/],
    ['another typed array', new Uint16Array(1)],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate as a name', { '\ud800': 1 }],
    ['a bigint beyond 64 bits', 2n ** 63n],
    ['a negative bigint beyond 64 bits', -(2n ** 63n) - 1n],
    ['a map with another key', new Map([[{}, 1]])],
    ['a map with a fraction as key', new Map([[1.5, 1]])],
    ['a time that is text', { cborTag: 1, value: '0' }],
    ['tag 0', { cborTag: 0, value: '2026-11-20T10:20:30Z' }],
    ['a bignum', { cborTag: 2, value: new Uint8Array(9) }],
    ['a tag that is no number', { cborTag: 'x', value: 1 }],
    ['a negative tag', { cborTag: -1, value: 1 }],
    ['an object that contains itself', loop()],
  ])('refuses %s', (_, value) => {
    expect(codeOf(() => encodeItem(value))).toBe('MISUSE_OPTION')
  })

  test('a Buffer is a byte string', () => {
    expect(encodeItem(Buffer.from([1]))).toEqual(bytes(0x41, 1))
  })
})

function loop(): unknown {
  const object: Record<string, unknown> = {}
  object.object = object
  return object
}

describe('fuzz', () => {
  const parameters = fuzzParameters('cbor')

  test('what is written is read as the same', () => {
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        fc.oneof(
          fc.constantFrom(null, undefined, true, false),
          fc.maxSafeInteger(),
          fc.double(),
          fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
          fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
          fc.string({ unit: 'grapheme' }),
          fc.uint8Array(),
        ),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: false }),
        fc
          .array(fc.tuple(fc.maxSafeInteger(), tie('value')), { minLength: 1, maxLength: 4 })
          .map((pairs) => new Map(pairs)),
      ),
    }))
    fc.assert(
      fc.property(value, (value) => {
        expect(decode(encodeItem(value))).toEqual(value)
      }),
      parameters,
    )
  })

  test('any bytes are read or refused', () => {
    const seeds = examples.map(([hex]) => cbor(hex))
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.nat(20), fc.nat(3), fc.uint8Array({ maxLength: 4 }))
      .map(([seed, start, count, put]) =>
        Uint8Array.from([...seed.slice(0, start), ...put, ...seed.slice(start + count)]),
      )
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 64 })), (input) => {
        expect([undefined, 'INVALID_CBOR']).toContain(codeOf(() => decode(input)))
      }),
      parameters,
    )
  })
})
