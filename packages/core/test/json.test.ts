// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeText } from '../src/bytes.js'
import { isOcisignError } from '../src/errors.js'
import { isJsonObject, parseJson, parseJsonObject, requireExactNames } from '../src/json.js'
import { fuzzParameters } from './fuzz.js'
import { codeOf } from './x509/code.js'

const megabyte = 1024 * 1024

describe('what is JSON', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['true', true],
    ['"text"', 'text'],
    ['-1.5e3', -1500],
    [' [ 1 , {"a":[]} ] ', [1, { a: [] }]],
    ['{"a":{"a":{"a":1}}}', { a: { a: { a: 1 } } }],
    ['{"\\u0061":"\\u00e9\\ud83d\\ude00"}', { a: 'é😀' }],
    ['{"a:b":":","c":"{}[],"}', { 'a:b': ':', c: '{}[],' }],
    ['{"a":"\\\\","b":"\\"","c":"\\\\\\""}', { a: '\\', b: '"', c: '\\"' }],
    ['{"":""}', { '': '' }],
  ])('reads %s', (text, value) => {
    expect(parseJson(text)).toEqual(value)
    expect(parseJson(encodeText(text))).toEqual(value)
  })

  test.each([
    ['nothing', ''],
    ['only white space', ' \n'],
    ['a second value', '{} {}'],
    ['text after', '{}x'],
    ['NUL after', '{}\0'],
    ['a comment', '{/**/}'],
    ['a trailing comma', '[1,]'],
    ['single quotes', "{'a':1}"],
    ['a name without quotes', '{a:1}'],
    ['a raw control character', '"a\nb"'],
    ['a wrong escape', '"\\x41"'],
    ['a leading zero', '01'],
    ['a plus sign', '+1'],
    ['hexadecimal', '0x10'],
    ['NaN', 'NaN'],
    ['Infinity', '-Infinity'],
    ['undefined', 'undefined'],
    ['a string without an end', '"abc'],
    ['an object without an end', '{"a":1'],
    ['too many ends', '[]]'],
    ['ends before beginnings', `${']'.repeat(40)}${'['.repeat(40)}`],
    ['a no-break space', '\u00a0{}'],
    ['a byte order mark', '\ufeff{}'],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => parseJson(text))).toBe('INVALID_JSON')
  })

  test('J4: refuses invalid UTF-8, and a byte order mark in bytes', () => {
    expect(codeOf(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('INVALID_TEXT')
    expect(codeOf(() => parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)))).toBe('INVALID_JSON')
    expect(codeOf(() => parseJson(Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0)))).toBe('INVALID_TEXT')
  })

  test.each(['"\\ud800"', '{"\\udc00":1}', '["\\ud83dx"]', '{"a":{"b":["\\ude00\\ud83d"]}}'])(
    'J4: refuses the lone surrogate of %s',
    (text) => {
      expect(codeOf(() => parseJson(text))).toBe('INVALID_JSON')
    },
  )
})

describe('E1: duplicate members', () => {
  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"b":[{"a":1,"a":2}]}',
    '{"a":{"x":1},"a":{}}',
    '{"a":{},"a":{"x":1}}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
    '{"1":1,"1":2}',
    '[[{"k":null,"k":null}]]',
  ])('refuses %s', (text) => {
    expect(codeOf(() => parseJson(text))).toBe('INVALID_JSON')
  })

  test('colons inside of strings are none', () => {
    expect(parseJson('{"a":"b:c","d\\":":1}')).toEqual({ a: 'b:c', 'd":': 1 })
  })
})

describe('J1: names with a meaning in JavaScript', () => {
  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])('%s is a name', (name) => {
    const object = parseJsonObject(`{"${name}":{"polluted":true}}`)
    expect(Object.keys(object)).toEqual([name])
    expect(Object.hasOwn(object, name)).toBe(true)
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('J2: numbers', () => {
  test.each(['1.5', '1.0', '1e2', '1E2', '-0.0', '{"a":[1e400]}', '[1,2.5]', '0e0'])(
    'refuses %s where only integers may be',
    (text) => {
      expect(codeOf(() => parseJson(text, { integersOnly: true }))).toBe('INVALID_JSON')
    },
  )

  test.each(['1', '-1', '{"a":"1.5e3","true":[true,false]}', '[10,20]', '{"1e5":0}'])(
    'reads %s where only integers may be',
    (text) => {
      expect(parseJson(text, { integersOnly: true })).toEqual(JSON.parse(text))
    },
  )
})

describe('J6: nesting and size', () => {
  test('32 levels are read, 33 are not', () => {
    expect(parseJson(`${'['.repeat(32)}${']'.repeat(32)}`)).toBeDefined()
    expect(codeOf(() => parseJson(`${'['.repeat(33)}${']'.repeat(33)}`))).toBe('INVALID_JSON')
    expect(codeOf(() => parseJson(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`))).toBe('INVALID_JSON')
    expect(codeOf(() => parseJson('[[1]]', { maxDepth: 1 }))).toBe('INVALID_JSON')
    expect(parseJson('["[[[["]', { maxDepth: 1 })).toEqual(['[[[['])
  })

  test.each([
    ['100,000 arrays', '['.repeat(100_000)],
    ['a megabyte of objects', '{"a":'.repeat(megabyte / 5)],
    ['a megabyte of backslashes', `"${'\\'.repeat(megabyte)}"x`],
    ['a megabyte of escaped quotes', `"${'\\"'.repeat(megabyte / 2)}`],
    ['a megabyte of quotes', '"'.repeat(megabyte)],
    ['a megabyte of digits and a point', `${'1'.repeat(megabyte)}.`],
    ['a megabyte of the same member', `{${'"a":1,'.repeat(megabyte / 6)}"a":1}`],
  ])('J5: %s end in a refusal, and soon', (_, text) => {
    expect(codeOf(() => parseJson(text))).toBe('INVALID_JSON')
  })
})

describe('objects and their names', () => {
  test.each(['[]', 'null', '1', '"{}"'])('parseJsonObject refuses %s', (text) => {
    expect(codeOf(() => parseJsonObject(text))).toBe('INVALID_JSON')
  })

  test('isJsonObject', () => {
    expect(isJsonObject({})).toBe(true)
    for (const value of [[], null, 1, 'x', undefined]) expect(isJsonObject(value)).toBe(false)
  })

  test.each(['Digest', 'DIGEST', 'digesT'])('E1: requireExactNames refuses %s for digest', (name) => {
    expect(codeOf(() => requireExactNames({ [name]: 1 }, ['size', 'digest'], 'it'))).toBe('INVALID_JSON')
    expect(codeOf(() => requireExactNames({ digest: 1, [name]: 1 }, ['digest'], 'it'))).toBe('INVALID_JSON')
  })

  test.each([
    ['ri\u017fk', 'risk'],
    ['\u212aey', 'key'],
  ])('E1: requireExactNames refuses %s, which Go folds', (name, known) => {
    expect(codeOf(() => requireExactNames({ [name]: 1 }, [known], 'it'))).toBe('INVALID_JSON')
  })

  test.each(['digest', 'digests', 'diges', 'd\u0131gest', ' digest'])('requireExactNames lets %s be', (name) => {
    expect(codeOf(() => requireExactNames({ [name]: 1 }, ['digest'], 'it'))).toBeUndefined()
  })
})

describe('fuzz', () => {
  const parameters = fuzzParameters('json')
  const seeds = ['{"a":[1,2,{"b":"c"}],"d":null}', '{"payload":"eyJ9","header":{"x5c":["AA=="]}}', '["\\u0041\\"\\\\"]']
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.nat(60), fc.nat(6), fc.string({ unit: 'binary-ascii', maxLength: 6 }))
    .map(([seed, start, count, text]) => seed.slice(0, start) + text + seed.slice(start + count))

  test('reads what JSON.parse reads, or refuses', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.json({ stringUnit: 'binary' }), fc.string({ unit: 'binary' })), (text) => {
        try {
          expect(parseJson(text)).toEqual(JSON.parse(text))
        } catch (error) {
          if (!isOcisignError(error, 'INVALID_JSON')) throw error
        }
      }),
      parameters,
    )
  })

  test('what JSON.stringify writes is read, if it is not deep and has no lone surrogate', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8, noUnicodeString: false, stringUnit: 'grapheme' }), (value) => {
        expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      parameters,
    )
  })

  test('bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([undefined, 'INVALID_JSON', 'INVALID_TEXT']).toContain(codeOf(() => parseJson(bytes)))
      }),
      parameters,
    )
  })
})
