#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Every code of the catalogue is thrown by a source, asserted in a test and explained in docs/errors.md; and that page
// explains nothing else.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { isMain, listFiles, listPackages, report, workspaceRoot } from './lib/workspace.mjs'

const code = /['"]((?:INVALID|UNTRUSTED|UNAVAILABLE|DENIED|UNSUPPORTED|MISUSE)_[A-Z0-9_]+)['"]/g

/** The members of every `interface ErrorCatalogue`, with the file that declares each. */
function cataloguedCodes(root, sources) {
  const found = new Map()
  for (const path of sources) {
    const text = readFileSync(join(root, path), 'utf8')
    if (!text.includes('interface ErrorCatalogue')) continue
    const visit = (node) => {
      if (ts.isInterfaceDeclaration(node) && node.name.text === 'ErrorCatalogue')
        for (const member of node.members) found.set(member.name.text, path)
      else ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true))
  }
  return found
}

const codesIn = (root, paths) =>
  new Set(paths.flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(code)].map(([, name]) => name)))

/** What is wrong with the catalogue, its tests and its page. */
export function checkErrors(root) {
  const folders = listPackages(root).map(({ folder }) => `packages/${folder}`)
  const sources = folders.flatMap((folder) => listFiles(root, `${folder}/src`, /\.ts$/))
  const tests = folders.flatMap((folder) => listFiles(root, `${folder}/test`, /\.ts$/))
  const codes = cataloguedCodes(root, sources)
  const [thrown, asserted] = [codesIn(root, sources), codesIn(root, tests)]
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const explained = new Set([...page.matchAll(/^### `([A-Z0-9_]+)`$/gm)].map(([, name]) => name))
  const problems = []
  for (const [name, path] of codes) {
    if (!thrown.has(name)) problems.push(`${name}: in the catalogue of ${path}, thrown nowhere`)
    if (!asserted.has(name)) problems.push(`${name}: asserted in no test`)
    if (!explained.has(name)) problems.push(`${name}: not explained in docs/errors.md`)
  }
  for (const name of explained) if (!codes.has(name)) problems.push(`docs/errors.md: ${name} is not in the catalogue`)
  return { problems, codes: codes.size }
}

if (isMain(import.meta.url)) {
  const { problems, codes } = checkErrors(workspaceRoot)
  report('errors', problems, `${codes} codes`)
}
