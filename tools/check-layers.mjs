#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Checks what the shape of this workspace rests on: which package imports which, what a library may reach for, and how
// long a file may be. `node tools/check-layers.mjs [ROOT]`; the rules are data in tools/layers/.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { budgets, checkLength, checkLicence, countLines, quantile } from './layers/files.mjs'
import { checkGlobals } from './layers/globals.mjs'
import { checkImports, checkManifest, closedNames } from './layers/imports.mjs'
import { isMain, listFiles, listPackages, report, workspaceRoot } from './lib/workspace.mjs'

/** Everything that is wrong, what is merely long, and the figures. */
export function checkLayers(root) {
  const read = (path) => readFileSync(join(root, path), 'utf8')
  const parse = (path) => ts.createSourceFile(path, read(path), ts.ScriptTarget.ESNext, true)
  const problems = []
  const warnings = []
  const lengths = []
  const closed = closedNames(root, parse)
  for (const { folder } of listPackages(root)) {
    problems.push(...checkManifest(root, folder))
    for (const path of listFiles(root, `packages/${folder}/src`, /\.ts$/)) {
      const source = parse(path)
      problems.push(...checkImports(path, source, closed), ...checkGlobals(path, source))
      const lines = countLines(source.text)
      lengths.push(lines)
      if (lines > budgets.sourceWarning)
        warnings.push(`${path}: ${lines} lines; aim at 100, few above ${budgets.sourceWarning}`)
    }
  }
  for (const path of listFiles(root, '', /\.(ts|mts|mjs|js|go)$/)) {
    const text = read(path)
    problems.push(...checkLicence(path, text), ...checkLength(path, countLines(text)))
  }
  return { problems, warnings, files: lengths.length, median: quantile(lengths, 0.5), p90: quantile(lengths, 0.9) }
}

if (isMain(import.meta.url)) {
  const { problems, warnings, files, median, p90 } = checkLayers(
    process.argv[2] ? resolve(process.argv[2]) : workspaceRoot,
  )
  for (const warning of warnings) console.log(`  note: ${warning}`)
  report('layers', problems, `${files} source files, median ${median} lines, 90% have at most ${p90}`)
}
