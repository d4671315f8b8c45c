// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkAttacks } from './check-attacks.mjs'
import { workspaceRoot } from './lib/workspace.mjs'

let root: string
const write = (rows: string, tests: string) => {
  writeFileSync(join(root, 'docs/attacks.md'), `| id | what | test |\n|---|---|---|\n${rows}\n`)
  writeFileSync(join(root, 'a.test.ts'), tests)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'attacks-'))
  mkdirSync(join(root, 'docs'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('an id in the file that is named is no problem', () => {
  write('| E1, CVE-2024-1 | x | `a.test.ts` |', `test('E1: x')\ntest('CVE-2024-1: y')`)
  expect(checkAttacks(root)).toEqual({ problems: [], ids: 2 })
})

test.each([
  ['another id that begins the same', '| E1 | x | `a.test.ts` |', `test('E10: x')`],
  ['a file that is not there', '| E1 | x | `b.test.ts` |', `test('E1: x')`],
  ['no file', '| E1 | x | somewhere |', `test('E1: x')`],
  ['an id twice', '| E1 | x | `a.test.ts` |\n| E1 | y | `a.test.ts` |', `test('E1: x')`],
  ['one of two ids', '| E1, E2 | x | `a.test.ts` |', `test('E1: x')`],
])('%s is a problem', (_, rows, tests) => {
  write(rows, tests)
  expect(checkAttacks(root).problems).not.toEqual([])
})

test('what is not in this version needs no test', () => {
  write('## Not in this version\n| E1 | x | later |', '')
  expect(checkAttacks(root)).toEqual({ problems: [], ids: 0 })
})

test('the page of this repository', () => {
  const { problems, ids } = checkAttacks(workspaceRoot)
  expect(problems).toEqual([])
  expect(ids).toBeGreaterThan(100)
})
