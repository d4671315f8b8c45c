#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Type-checks and runs every TypeScript example of the docstrings, the READMEs and the guides, against the built
// packages as a user would import them. `node tools/run-examples.mjs [PART-OF-A-PATH]`.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { transformSync } from 'esbuild'
import ts from 'typescript'
import { extractExamples } from './lib/examples.mjs'
import { findBareVerbs } from './lib/verbs.mjs'
import { listFiles, listPackages, report, workspaceRoot } from './lib/workspace.mjs'

const packages = listPackages()
const sources = [
  'README.md',
  'CONTRIBUTING.md',
  ...listFiles(workspaceRoot, 'docs/guides', /\.md$/),
  ...packages.flatMap(({ folder }) => [
    `packages/${folder}/README.md`,
    ...listFiles(workspaceRoot, `packages/${folder}/src`, /\.ts$/),
  ]),
]

/**
 * A folder where an example finds our packages, and what the package it stands in has at hand: the clients of the
 * service it speaks to.
 */
function makeFolder(base) {
  mkdirSync(join(workspaceRoot, base, 'tmp'), { recursive: true })
  const folder = mkdtempSync(join(workspaceRoot, base, 'tmp/examples-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules/@ocisign'), { recursive: true })
  for (const each of packages)
    symlinkSync(
      join(workspaceRoot, 'packages', each.folder),
      join(folder, 'node_modules/@ocisign', each.folder),
      'junction',
    )
  return folder
}

/** Type errors, each at the line of the text that the example stands in. */
function typeProblems(examples) {
  const { config } = ts.readConfigFile(join(workspaceRoot, 'tsconfig.base.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, workspaceRoot)
  const loose = {
    composite: false,
    declaration: false,
    emitDeclarationOnly: false,
    noEmit: true,
    noUnusedLocals: false,
  }
  const byFile = new Map(examples.map((example) => [example.file, example]))
  const program = ts.createProgram([...byFile.keys()], { ...options, ...loose })
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')
    const example = byFile.get(diagnostic.file?.fileName)
    if (!example) return `${diagnostic.file?.fileName ?? ''}: ${text}`
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start)
    return `${example.path}:${example.line + line + 1}: ${text}`
  })
}

/** What an example prints is its own affair; that it ends, and well, is ours. */
async function runProblems({ path, line, file, code }) {
  const script = file.replace(/\.ts$/, '.mjs')
  writeFileSync(script, transformSync(code, { loader: 'ts', format: 'esm', target: 'es2022' }).code)
  const cwd = mkdtempSync(`${file}-`)
  try {
    await promisify(execFile)(process.execPath, [script], { cwd, timeout: 60_000 })
    return []
  } catch (error) {
    const said = String(error.stderr || error.message)
    const reason = said.split('\n').find((each) => /error/i.test(each) && !each.startsWith('Command')) ?? said
    return [`${path}:${line}: fails: ${reason.trim()}`]
  }
}

const wanted = process.argv[2] ?? ''
const folders = new Map()
const folderOf = (path) => {
  const base = /^packages\/[^/]+/.exec(path)?.[0] ?? ''
  if (!folders.has(base)) folders.set(base, makeFolder(base))
  return folders.get(base)
}
try {
  const examples = sources
    .filter((path) => path.includes(wanted) && existsSync(join(workspaceRoot, path)))
    .flatMap((path) => extractExamples(path, readFileSync(join(workspaceRoot, path), 'utf8')))
  for (const [index, example] of examples.entries()) {
    example.file = join(folderOf(example.path), `example-${index + 1}.ts`)
    example.code = `${example.lines.join('\n')}\nexport {}\n`
    writeFileSync(example.file, example.code)
  }
  const problems = examples.length > 0 ? typeProblems(examples) : ['there are no examples']
  const runnable = examples.filter(({ run }) => run)
  for (let at = 0; at < runnable.length; at += 2)
    problems.push(...(await Promise.all(runnable.slice(at, at + 2).map(runProblems))).flat())
  if (wanted === '') problems.push(...findBareVerbs(packages))
  report('examples', problems, `${examples.length} type-checked, ${runnable.length} run`)
} finally {
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true })
}
