// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import * as node from '../src/bytes.js'
import { fuzzParameters } from './fuzz.js'
import { codeOf } from './x509/code.js'

// The same module as a platform without Buffer loads it.
vi.resetModules()
vi.stubGlobal('Buffer', undefined)
const portable: typeof node = await import('../src/bytes.js')
vi.unstubAllGlobals()
afterAll(() => vi.resetModules())

const bytes = (...values: number[]) => Uint8Array.from(values)

test('the portable functions are not those of Node', () => {
  expect(portable.encodeText).not.toBe(node.encodeText)
})

describe.each([
  ['Node', node],
  ['portable', portable],
])('%s', (_, subject) => {
  test('text round-trips as UTF-8, the byte order mark kept', () => {
    for (const text of ['', 'plain', 'ü€😀', '\ufefftext', '\0'])
      expect(subject.decodeText(subject.encodeText(text))).toBe(text)
    expect([...subject.encodeText('ü')]).toEqual([0xc3, 0xbc])
  })

  test.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a sequence cut off', [0x61, 0xe2, 0x82]],
    ['Latin-1', [0xfc]],
  ])('J4: refuses %s as UTF-8', (_, values) => {
    expect(codeOf(() => subject.decodeText(bytes(...values)))).toBe('INVALID_TEXT')
  })

  test('J4: tells Unicode from text with surrogates that stand alone', () => {
    for (const text of ['', 'plain', 'ü€😀', '\ud83d\ude00']) expect(subject.isUnicode(text)).toBe(true)
    for (const text of ['\ud83d', '\ude00', 'a\udc00\ud800', '😀\ud83d']) expect(subject.isUnicode(text)).toBe(false)
  })

  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('RFC 4648 section 10: base64 of "%s"', (text, base64) => {
    const raw = subject.encodeText(text)
    const url = base64.replaceAll('=', '')
    expect(subject.encodeBase64(raw)).toBe(base64)
    expect(subject.decodeBase64(base64)).toEqual(raw)
    expect(subject.encodeBase64Url(raw)).toBe(url)
    expect(subject.decodeBase64Url(url)).toEqual(raw)
  })

  test.each([
    ['missing padding', 'Zg'],
    ['padding cut short', 'Zg='],
    ['too much padding', 'Zg==='],
    ['padding in the middle', 'Zg==Zg=='],
    ['only padding', '===='],
    ['a single character', 'Z'],
    ['a space', 'Zm 9v'],
    ['a line feed', 'Zm9v\n'],
    ['a carriage return inside', 'Zm\r9v'],
    ['the URL alphabet', '-_-_'],
    ['spare bits', 'Zh=='],
    ['spare bits of two', 'Zm9='],
    ['a character that Latin-1 has not', 'Zm9\u0176'],
    ['a character of the C1 controls', 'Zm9\u0080'],
    ['a dot', 'Zm9v.'],
    ['NUL', 'Zm9v\0'],
  ])('J3, E7: refuses base64 with %s', (_, text) => {
    expect(codeOf(() => subject.decodeBase64(text))).toBe('INVALID_BASE64')
  })

  test.each([
    ['padding', 'Zg=='],
    ['a single character', 'Z'],
    ['a space', 'Zm 9v'],
    ['a line feed', 'Zm9v\n'],
    ['the standard alphabet', '+/+/'],
    ['spare bits', 'Zh'],
    ['spare bits of two', 'Zm9'],
    ['a character that Latin-1 has not', 'Zm9\u0176'],
    ['a dot', 'Zm9v.'],
  ])('J3, E7: refuses base64url with %s', (_, text) => {
    expect(codeOf(() => subject.decodeBase64Url(text))).toBe('INVALID_BASE64')
  })

  test('hexadecimal is lower case with all its zeros', () => {
    expect(subject.encodeHex(bytes(0, 1, 0xab, 0xff))).toBe('0001abff')
    expect(subject.encodeHex(bytes())).toBe('')
  })

  test('compares and joins', () => {
    const long = Uint8Array.from({ length: 100 }, (_, index) => index)
    const other = long.slice()
    other[99] = 0
    expect(subject.equalBytes(long, long.slice())).toBe(true)
    expect(subject.equalBytes(long, other)).toBe(false)
    expect(subject.equalBytes(bytes(1, 2), bytes(1, 2))).toBe(true)
    expect(subject.equalBytes(bytes(1, 2), bytes(1, 3))).toBe(false)
    expect(subject.equalBytes(bytes(1), bytes(1, 2))).toBe(false)
    expect(subject.concatBytes(bytes(1), bytes(), bytes(2, 3))).toEqual(bytes(1, 2, 3))
  })

  test('a copy is its own, also of a Buffer', () => {
    const source = Buffer.from([1, 2, 3])
    const copy = subject.copyBytes(source)
    source[0] = 9
    expect(copy).toEqual(bytes(1, 2, 3))
    expect(copy.constructor).toBe(Uint8Array)
  })

  test('nothing that is given out is a Buffer', () => {
    const given = [
      subject.encodeText('x'),
      subject.decodeBase64('Zg=='),
      subject.decodeBase64Url('Zg'),
      subject.concatBytes(bytes(1)),
      subject.allocateBytes(3),
    ]
    for (const each of given) expect(each.constructor).toBe(Uint8Array)
  })
})

describe('fuzz', () => {
  const parameters = fuzzParameters('bytes')

  test('base64 round-trips, and both platforms say the same', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (raw) => {
        expect(portable.encodeBase64(raw)).toBe(node.encodeBase64(raw))
        expect(portable.encodeBase64Url(raw)).toBe(node.encodeBase64Url(raw))
        expect(node.decodeBase64(node.encodeBase64(raw))).toEqual(raw)
        expect(node.decodeBase64Url(node.encodeBase64Url(raw))).toEqual(raw)
      }),
      parameters,
    )
  })

  test('what is decoded at all is encoded as it was, on both platforms', () => {
    const character = fc.constantFrom(...'ABwZgh019+/-_= \n')
    const text = fc.oneof(fc.string({ unit: character, maxLength: 24 }), fc.string({ unit: 'binary', maxLength: 8 }))
    fc.assert(
      fc.property(text, (text) => {
        for (const [decode, encode] of [
          [node.decodeBase64, node.encodeBase64],
          [portable.decodeBase64, node.encodeBase64],
          [node.decodeBase64Url, node.encodeBase64Url],
          [portable.decodeBase64Url, node.encodeBase64Url],
        ] as const) {
          let decoded: Uint8Array | undefined
          const code = codeOf(() => {
            decoded = decode(text)
          })
          if (code) expect(code).toBe('INVALID_BASE64')
          else expect(encode(decoded!)).toBe(text)
        }
        expect(codeOf(() => portable.decodeBase64(text))).toBe(codeOf(() => node.decodeBase64(text)))
        expect(codeOf(() => portable.decodeBase64Url(text))).toBe(codeOf(() => node.decodeBase64Url(text)))
      }),
      parameters,
    )
  })
})
