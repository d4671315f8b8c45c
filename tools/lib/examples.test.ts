// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { extractExamples } from './examples.mjs'

const fence = '```'

test('finds the blocks of a docstring, with their lines, and leaves other languages alone', () => {
  const text = [
    '/**',
    ` * ${fence}sh`,
    ' * no',
    ` * ${fence}`,
    ` * ${fence}ts`,
    ' * const a = 1',
    ' *',
    ` * ${fence}`,
    ' */',
  ]
  expect(extractExamples('a.ts', text.join('\n'))).toEqual([
    { path: 'a.ts', line: 5, run: true, lines: ['const a = 1', ''] },
  ])
})

test('finds the blocks of Markdown; one marked `compile` is not run', () => {
  const text = [`${fence}json`, `{}`, fence, `${fence}ts compile`, '  one()', fence, 'text'].join('\n')
  expect(extractExamples('a.md', text)).toEqual([{ path: 'a.md', line: 4, run: false, lines: ['  one()'] }])
})

test('a block without an end is an error', () => {
  expect(() => extractExamples('a.md', `${fence}ts\none()`)).toThrow('a.md:1: the block does not end')
})
