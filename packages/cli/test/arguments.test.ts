// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { parseInvocation } from '../src/arguments.js'
import { parseChoice, parseCount, parseDuration, parsePairs } from '../src/command.js'
import { formatTree } from '../src/output/tree.js'

const specs = {
  key: { type: 'string', short: 'k', value: 'FILE', help: '' },
  many: { type: 'string', short: 'm', multiple: true, help: '' },
  flag: { type: 'boolean', short: 'f', help: '' },
} as const
const parse = (...args: readonly string[]) => {
  const { positionals, text, texts, flag } = parseInvocation(args, specs)
  return { positionals, key: text('key'), many: texts('many'), flag: flag('flag') }
}
const nothing = { positionals: [], key: undefined, many: [], flag: false }

test.each([
  [[], nothing],
  [['a', '-', 'b'], { ...nothing, positionals: ['a', '-', 'b'] }],
  [['--key', 'x', 'a'], { ...nothing, key: 'x', positionals: ['a'] }],
  [['--key=x=y', '-f'], { ...nothing, key: 'x=y', flag: true }],
  [['-k', 'x', '-m', 'a=1', '--many', 'b=2', '-m=c'], { ...nothing, key: 'x', many: ['a=1', 'b=2', 'c'] }],
  [['--key=', '--many', ''], { ...nothing, key: '', many: [''] }],
  [['--key=-x', '--', '--flag', '-k'], { ...nothing, key: '-x', positionals: ['--flag', '-k'] }],
])('%j', (args, expected) => expect(parse(...args)).toEqual(expected))

test.each([
  ['--unknown'],
  ['-x'],
  ['--constructor', 'x'],
  ['--key'],
  ['--key', '--flag'],
  ['-k', '-f'],
  ['--key', 'a', '-k', 'b'],
  ['--flag', '--flag'],
  ['--flag=true'],
  ['-fk', 'x'],
  ['--'.concat('=')],
])('%j %j %j %j is refused', (...args) => {
  expect(() => parse(...args.filter((each) => each !== undefined))).toThrow(
    expect.objectContaining({ code: 'MISUSE_OPTION' }),
  )
})

describe('values', () => {
  test.each([
    ['24h', 86_400],
    ['1h30m', 5400],
    ['30d', 2_592_000],
    ['90s', 90],
  ])('%s are %i seconds', (text, seconds) => expect(parseDuration(text, 'expiry')).toBe(seconds))

  test.each(['', '24', 'h', '-1h', '1.5h', '0h', '1y', '999999999d'])('"%s" is no duration', (text) => {
    expect(() => parseDuration(text, 'expiry')).toThrow(expect.objectContaining({ code: 'MISUSE_OPTION' }))
  })

  test.each(['', '0', '-1', '1.5', '1e3', '9999999999'])('"%s" is no count', (text) => {
    expect(() => parseCount(text, 'n')).toThrow(expect.objectContaining({ code: 'MISUSE_OPTION' }))
  })

  test('counts, choices and pairs', () => {
    expect(parseCount('12', 'n')).toBe(12)
    expect(parseChoice('b', ['a', 'b'], 'n')).toBe('b')
    expect(parsePairs(['a=1', '__proto__=2', 'c='], 'm')).toEqual(
      Object.fromEntries([
        ['a', '1'],
        ['__proto__', '2'],
        ['c', ''],
      ]),
    )
    expect(parsePairs([], 'm')).toBeUndefined()
    for (const pairs of [['a'], ['=1'], ['a=1', 'a=2']])
      expect(() => parsePairs(pairs, 'm')).toThrow(expect.objectContaining({ code: 'MISUSE_OPTION' }))
  })
})

test('a tree is drawn with branches, and hides no control character', () => {
  expect(formatTree({ a: 1, b: { c: ['x', { d: null }], e: {} }, f: 'line\n\u001b[31m' })).toBe(
    [
      '├── a: 1',
      '├── b',
      '│   ├── c',
      '│   │   ├── 1: x',
      '│   │   └── 2',
      '│   │       └── d: null',
      '│   └── e',
      '│       └── none',
      '└── f: line\\u000a\\u001b[31m',
    ].join('\n'),
  )
})
