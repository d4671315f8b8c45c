// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzParameters } from '../../../core/test/fuzz.js'
import { readChallenges } from '../../src/auth/challenge.js'

const read = (header: string) =>
  readChallenges(header)?.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])

describe('challenges as registries write them', () => {
  test.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/a:pull,push"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:library/a:pull,push',
          },
        ],
      ],
    ],
    ['Basic realm="Registry Realm"', [['basic', { realm: 'Registry Realm' }]]],
    ['bEaReR REALM="x"', [['bearer', { realm: 'x' }]]],
    ['Basic', [['basic', {}]]],
    [
      'Negotiate, Basic realm=x',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'NTLM TlRMTVNTUAAC==, Bearer realm="x"',
      [
        ['ntlm', {}],
        ['bearer', { realm: 'x' }],
      ],
    ],
    ['NTLM abc=', [['ntlm', {}]]],
    [
      'Bearer realm="a", error="invalid_token" , Basic realm="b", charset="UTF-8"',
      [
        ['bearer', { realm: 'a', error: 'invalid_token' }],
        ['basic', { realm: 'b', charset: 'UTF-8' }],
      ],
    ],
    ['Bearer realm = "a" ,\tservice\t=\tb', [['bearer', { realm: 'a', service: 'b' }]]],
    [',, Basic realm="a",, ,', [['basic', { realm: 'a' }]]],
    ['Basic realm="a \\"b\\" \\\\ c, Bearer realm=\\"d\\""', [['basic', { realm: 'a "b" \\ c, Bearer realm="d"' }]]],
    ['Basic realm="R\u00e9gistre"', [['basic', { realm: 'R\u00e9gistre' }]]],
    ['Basic realm=""', [['basic', { realm: '' }]]],
    ['Basic __proto__="a", constructor="b"', [['basic', { ['__proto__']: 'a', constructor: 'b' }]]],
    // No parameters: opaque text, and another scheme.
    ['Bearer realm=', [['bearer', {}]]],
    [
      'Bearer realm="x",service',
      [
        ['bearer', { realm: 'x' }],
        ['service', {}],
      ],
    ],
    ['', []],
    [' , ', []],
  ])('%s', (header, expected) => {
    expect(read(header)).toEqual(expected)
  })
})

describe('what is malformed is no challenge at all', () => {
  test.each([
    'realm="x"',
    '="x"',
    '"x"',
    'Bearer realm="x',
    'Bearer realm="x"y',
    'Bearer realm="x" service="y"',
    'Bearer realm=https://auth.example/token',
    'Bearer realm="x", realm="y"',
    'Bearer realm="x", REALM="y"',
    'Basic foo bar',
    'Basic abc==, realm="x"',
    'Basic/realm="x"',
    'Bearer realm="a\u0000b"',
    'Bearer realm="a\nb"',
    'Bearer realm="a\\\u0001b"',
    'Bearer realm="\u0161"',
    'B\u00e9arer realm="x"',
  ])('%j', (header) => {
    expect(readChallenges(header)).toBeUndefined()
  })

  test.each([
    ['characters', (count: number) => `Bearer realm="${'x'.repeat(count - 15)}"`, 16 * 1024],
    ['challenges', (count: number) => Array.from({ length: count }, (_, i) => `S${i} a="x"`).join(), 8],
    ['parameters', (count: number) => `Bearer ${Array.from({ length: count }, (_, i) => `p${i}="x"`).join()}`, 16],
  ])('more %s than there may be', (_, make, limit) => {
    expect(readChallenges(make(limit))).toBeDefined()
    expect(readChallenges(make(limit + 1))).toBeUndefined()
  })
})

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
const text = fc.string({ unit: fc.constantFrom(...' !"#,=\\abZ09\t\u00e9'), maxLength: 20 })
const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`
const challenge = fc.record({
  scheme: token,
  parameters: fc.uniqueArray(fc.tuple(token, text), { selector: ([name]) => name.toLowerCase(), maxLength: 5 }),
})

test('whatever is written by the rules is read as it was meant', () => {
  const property = fc.property(
    fc.array(challenge, { maxLength: 4 }),
    fc.constantFrom(', ', ',', ' ,\t,'),
    (all, comma) => {
      const header = all
        .map(({ scheme, parameters }) =>
          parameters.length === 0
            ? scheme
            : `${scheme} ${parameters.map(([name, value]) => `${name}=${quote(value)}`).join(comma)}`,
        )
        .join(comma)
      const expected = all.map(({ scheme, parameters }) => ({
        scheme: scheme.toLowerCase(),
        parameters: new Map(parameters.map(([name, value]) => [name.toLowerCase(), value])),
      }))
      expect(readChallenges(header)).toEqual(expected)
    },
  )
  fc.assert(property, fuzzParameters('readChallenges, well-formed'))
})

test('whatever comes is read or refused, within the bounds', () => {
  const piece = fc.constantFrom(
    'Bearer',
    'Basic',
    ' ',
    ',',
    '=',
    '"',
    '\\',
    'realm',
    'https://a',
    'x=',
    '\t',
    '\u0000',
    '\u00ff',
  )
  const anything = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((all) => all.join('')),
    fc.string({ maxLength: 60 }),
  )
  let readable = 0
  const property = fc.property(anything, (header) => {
    const challenges = readChallenges(header)
    if (!challenges) return
    readable++
    expect(challenges.length).toBeLessThanOrEqual(8)
    for (const { scheme, parameters } of challenges) {
      expect(scheme).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/)
      for (const [name, value] of parameters) {
        expect(header.toLowerCase()).toContain(name)
        expect(value).not.toMatch(/(?![\t\u0080-\u009f])\p{Cc}/u)
      }
    }
  })
  fc.assert(property, fuzzParameters('readChallenges'))
  expect(readable).toBeGreaterThan(0)
})

test('a header of one kind of character takes no time', () => {
  for (const piece of ['a', ' ', ',', '"', '\\', '=', 'a=', 'a="', 'a ', '"\\'])
    for (const start of ['', 'Bearer realm="', 'Bearer realm=', 'Bearer ']) {
      const begin = performance.now()
      readChallenges(`${start}${piece.repeat(16_000 / piece.length)}`)
      expect(performance.now() - begin).toBeLessThan(200)
    }
})
