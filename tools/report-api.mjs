#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Writes what each package promises its users to docs/api/, so that a change of it is seen in review.
// `--check` writes nothing and fails where a report is out of date. Needs a build.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { listPackages, report, workspaceRoot } from './lib/workspace.mjs'

const folder = join(workspaceRoot, 'docs/api')
const none = { logLevel: ExtractorLogLevel.None }

/** The entries of a package: `.` and its subpaths that have types. */
const entriesOf = ({ folder: name, directory, manifest }) =>
  Object.entries(manifest.exports ?? {})
    .filter(([, target]) => target.types)
    .map(([subpath, { types }]) => ({
      name: subpath === '.' ? name : `${name}.${subpath.slice(2).replaceAll('/', '.')}`,
      directory,
      types: join(directory, types),
    }))

/** The names that a report's entry exports. */
const namesIn = (text) => [
  ...[...text.matchAll(/^export (?:abstract )?(?:class|const|function|interface|type) (\w+)/gm)].map(
    ([, name]) => name,
  ),
  ...[...text.matchAll(/^export \{ \w+ as (\w+) \}/gm)].map(([, name]) => name),
]

/** The report of one entry as text, and the names of what it uses without exporting it. */
function extract({ name, directory, types }, scratch) {
  const forgotten = []
  const configObject = {
    projectFolder: directory,
    mainEntryPointFilePath: types,
    compiler: { tsconfigFilePath: join(directory, 'tsconfig.json'), skipLibCheck: true },
    apiReport: { enabled: true, reportFileName: `${name}.api.md`, reportFolder: scratch, reportTempFolder: scratch },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: 'lf',
    messages: {
      compilerMessageReporting: { default: none },
      extractorMessageReporting: { default: none, 'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning } },
      tsdocMessageReporting: { default: none },
    },
  }
  const packageJsonFullPath = join(directory, 'package.json')
  const config = ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath })
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      if (message.messageId === 'ae-forgotten-export')
        forgotten.push(/"(\w+)"/.exec(message.text)?.[1].replace(/_\d+$/, ''))
      message.handled = true
    },
  })
  return { text: readFileSync(join(scratch, `${name}.api.md`), 'utf8'), forgotten }
}

function compare(name, text, update) {
  const path = join(folder, `${name}.api.md`)
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  if (before === text) return []
  if (!update) return [`docs/api/${name}.api.md is ${before === undefined ? 'missing' : 'out of date'}; npm run api`]
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, text)
  console.log(`  wrote docs/api/${name}.api.md`)
  return []
}

const update = !process.argv.includes('--check')
const scratch = mkdtempSync(join(tmpdir(), 'ocisign-api-'))
try {
  const entries = listPackages().flatMap(entriesOf)
  const problems = []
  const exported = new Map()
  for (const entry of entries) {
    if (!existsSync(entry.types)) {
      problems.push(`${entry.name}: not built: ${entry.types}`)
      continue
    }
    const { text, forgotten } = extract(entry, scratch)
    problems.push(...compare(entry.name, text, update))
    // A subpath may use what the package's root exports; the root comes first.
    const names = exported.get(entry.directory) ?? new Set()
    exported.set(entry.directory, new Set([...names, ...namesIn(text)]))
    const unnamed = forgotten.filter((name) => !names.has(name))
    if (unnamed.length > 0) console.log(`  note: ${entry.name}: used but not exported: ${unnamed.join(', ')}`)
    for (const [, what] of text.matchAll(/^\/\/ @public \(undocumented\)\n(.*)/gm))
      problems.push(`${entry.name}: no docstring: ${what}`)
  }
  const known = new Set(entries.map(({ name }) => `${name}.api.md`))
  for (const file of existsSync(folder) ? readdirSync(folder) : [])
    if (!known.has(file)) problems.push(`docs/api/${file}: no package has this entry`)
  report('api', problems, `${entries.length} reports`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
