#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Every test that docs/distribution.md names is there, and every end-point and error code of the specification is on it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, report, workspaceRoot } from './lib/workspace.mjs'

/** The columns that name tests, and the folders that their paths begin at. */
const folders = ['packages/conformance/test/fake/registry/', 'packages/registry/test/']

/** The end-points of distribution-spec 1.1. */
const endPoints = '1 2 3 4a 4b 4c 5 6 7a 7b 8a 8b 9 10 11 12a 12b 13 14'.split(' ').map((each) => `end-${each}`)
const codes = [
  'BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DIGEST_INVALID MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID',
  'MANIFEST_UNKNOWN NAME_INVALID NAME_UNKNOWN SIZE_INVALID UNAUTHORIZED DENIED UNSUPPORTED TOOMANYREQUESTS',
].flatMap((line) => line.split(' '))

/** What is wrong with the page, and how many rules it has. */
export function checkDistribution(root) {
  const page = readFileSync(join(root, 'docs/distribution.md'), 'utf8')
  const rows = page.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    return cells.length === 6 && cells[1] !== '' && !/^(-+|about)$/.test(cells[1]) ? [cells.slice(1, 5)] : []
  })
  const problems = rows.flatMap(([about, rule, ...columns]) =>
    columns.flatMap((cell, column) =>
      problemsOf(root, cell, folders[column], column === 1).map((problem) => `${about}, ${rule}: ${problem}`),
    ),
  )
  const named = new Set(rows.flatMap(([about]) => about.split(/[ ,`]+/)))
  for (const each of [...endPoints, ...codes]) if (!named.has(each)) problems.push(`${each}: not on the page`)
  return { problems, rules: rows.length }
}

/** A cell names tests as `file`: title, one a line; what a client need not do says so in words. */
function problemsOf(root, cell, folder, mayBeWords) {
  if (mayBeWords && /^not /.test(cell)) return []
  return cell.split('<br>').flatMap((part) => {
    const found = /^`(?<path>[\w./-]+\.test\.ts)`: (?<title>.+)$/.exec(part.trim())?.groups
    if (!found) return [`"${part.trim()}" names no test`]
    const path = join(root, folder, found.path)
    if (!existsSync(path)) return [`there is no ${found.path}`]
    const text = readFileSync(path, 'utf8')
    return ["'", '"', '`'].some((quote) => text.includes(`${quote}${found.title}${quote}`))
      ? []
      : [`${found.path} has no test "${found.title}"`]
  })
}

if (isMain(import.meta.url)) {
  const { problems, rules } = checkDistribution(workspaceRoot)
  report('distribution', problems, `${rules} rules`)
}
