// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkErrors } from './check-errors.mjs'

let root: string

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'errors-'))
  write('packages/core/package.json', '{}')
  write('packages/core/src/errors.ts', 'export interface ErrorCatalogue { INVALID_ONE: {} }')
  write('packages/core/src/throw.ts', `throw new OcisignError('INVALID_ONE', '', {})`)
  write('packages/core/test/throw.test.ts', `rejects('INVALID_ONE')`)
  write('docs/errors.md', '### `INVALID_ONE`\n')
})
afterEach(() => rmSync(root, { recursive: true }))

test('a code that is thrown, asserted and explained is no problem', () => {
  expect(checkErrors(root)).toEqual({ problems: [], codes: 1 })
})

test('a code that another package adds is checked, too', () => {
  write('packages/core/src/more.ts', `declare module '@ocisign/core' { interface ErrorCatalogue { DENIED_TWO: {} } }`)
  expect(checkErrors(root).problems).toEqual([
    'DENIED_TWO: in the catalogue of packages/core/src/more.ts, thrown nowhere',
    'DENIED_TWO: asserted in no test',
    'DENIED_TWO: not explained in docs/errors.md',
  ])
})

test.each([
  ['packages/core/src/throw.ts', 'thrown nowhere'],
  ['packages/core/test/throw.test.ts', 'asserted in no test'],
  ['docs/errors.md', 'not explained'],
])('what is missing from %s is a problem', (path, problem) => {
  write(path, '')
  expect(checkErrors(root).problems).toEqual([expect.stringContaining(problem)])
})

test('a page that explains what is no code is a problem', () => {
  write('docs/errors.md', '### `INVALID_ONE`\n### `INVALID_GONE`\n')
  expect(checkErrors(root).problems).toEqual(['docs/errors.md: INVALID_GONE is not in the catalogue'])
})
