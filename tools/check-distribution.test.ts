// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkDistribution } from './check-distribution.mjs'
import { workspaceRoot } from './lib/workspace.mjs'

const page = readFileSync(join(workspaceRoot, 'docs/distribution.md'), 'utf8')
let root: string
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** Problems of a page with one rule, which a test of each side is named for. */
function check(fake: string, client: string): readonly string[] {
  write(
    'docs/distribution.md',
    `| about | rule | fake | client |\n|---|---|---|---|\n| end-1 | x | ${fake} | ${client} |`,
  )
  return checkDistribution(root).problems.filter((problem: string) => problem.startsWith('end-1,'))
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'distribution-'))
  write('packages/conformance/test/fake/registry/a.test.ts', `test('one', run)\ntest.each([])('two %s', run)`)
  write('packages/registry/test/attacks/b.test.ts', `test("it's three", run)`)
})
afterEach(() => rmSync(root, { recursive: true }))

test('tests that are there are no problem', () => {
  expect(check('`a.test.ts`: one<br>`a.test.ts`: two %s', "`attacks/b.test.ts`: it's three")).toEqual([])
  expect(check('`a.test.ts`: one', 'not used')).toEqual([])
})

test.each([
  ['a title that no test has', '`a.test.ts`: on', 'not used'],
  ['a title in another file', '`a.test.ts`: three', 'not used'],
  ['a file that is not there', '`c.test.ts`: one', 'not used'],
  ['no test for the fake', 'not used', 'not used'],
  ['words', '`a.test.ts`: one', 'somewhere'],
  ['one of two', '`a.test.ts`: one<br>`a.test.ts`: three', 'not used'],
])('%s is a problem', (_, fake, client) => {
  expect(check(fake, client)).toHaveLength(1)
})

test('an end-point or a code that is missing is a problem', () => {
  check('`a.test.ts`: one', 'not used')
  const { problems, rules } = checkDistribution(root)
  expect(rules).toBe(1)
  expect(problems).toContain('end-12b: not on the page')
  expect(problems).toContain('SIZE_INVALID: not on the page')
  expect(problems).not.toContain('end-1: not on the page')
})

test('the page of this repository', () => {
  const { problems, rules } = checkDistribution(workspaceRoot)
  expect(problems).toEqual([])
  expect(rules).toBeGreaterThan(40)
  expect(page).toContain('npm run distribution')
})
