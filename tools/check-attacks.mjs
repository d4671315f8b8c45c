#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Every id in docs/attacks.md that has a test stands in one of the test files named beside it, and each of those has one.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, report, workspaceRoot } from './lib/workspace.mjs'

const row = /^\| (?<ids>[^|]+) \| (?<what>[^|]+) \| (?<tests>[^|]+) \|$/

/** What is wrong with the page, and how many ids it has tests for. */
export function checkAttacks(root) {
  const page = readFileSync(join(root, 'docs/attacks.md'), 'utf8')
  const problems = []
  const seen = new Set()
  for (const line of page.split('## Not in this version')[0].split('\n')) {
    const found = row.exec(line)?.groups
    if (!found || found.ids === 'id' || /^-+$/.test(found.ids)) continue
    const paths = [...found.tests.matchAll(/`([^`]+)`/g)].map(([, path]) => path)
    const texts = paths
      .filter((path) => existsSync(join(root, path)))
      .map((path) => readFileSync(join(root, path), 'utf8'))
    if (paths.length === 0 || texts.length < paths.length)
      problems.push(`${found.ids}: names no test file that is there`)
    const ids = found.ids.split(', ')
    for (const id of ids) {
      if (seen.has(id)) problems.push(`${id}: listed twice`)
      seen.add(id)
      if (!texts.some((text) => names(text, id))) problems.push(`${id}: in none of ${paths.join(', ')}`)
    }
    for (const [index, text] of texts.entries())
      if (!ids.some((id) => names(text, id))) problems.push(`${paths[index]}: has none of ${found.ids}`)
  }
  return { problems, ids: seen.size }
}

/** Whether a text has the id as a word of its own: E1 is not in E10. */
const names = (text, id) => new RegExp(`(?<![\\w-])${id.replace(/[^\w]/g, '\\$&')}(?![\\w])`).test(text)

if (isMain(import.meta.url)) {
  const { problems, ids } = checkAttacks(workspaceRoot)
  report('attacks', problems, `${ids} ids`)
}
