#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Packs each package as it would be published, and asks publint and attw whether it installs and types as it says.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { listPackages, report, workspaceRoot } from './lib/workspace.mjs'

/** Files that must not be published, whatever `files` says. */
const unwanted = /(^|\/)(test|src|\.tsbuildinfo|tsconfig\.json|tsup\.config\.ts|node_modules)(\/|$)/
const { scripts } = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8'))
const pnpm = /pnpm@[\d.]+/.exec(scripts.setup)[0]

/** pnpm writes the real versions in place of `workspace:*`, as it does when it publishes. */
function pack(directory, destination) {
  const options = { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] }
  const printed = execFileSync('npx', ['--yes', pnpm, 'pack', '--json', '--pack-destination', destination], options)
  return JSON.parse(printed)
}

function typesProblems(tarball) {
  const attw = join(workspaceRoot, 'node_modules/.bin/attw')
  const flags = ['--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--no-emoji']
  try {
    execFileSync(attw, [tarball, ...flags], { stdio: 'pipe', env: { ...process.env, FORCE_COLOR: '0' } })
    return []
  } catch (error) {
    return [`attw: ${String(error.stdout).trim()}`]
  }
}

async function checkPackage({ directory, manifest }, scratch) {
  const { filename, files } = pack(directory, scratch)
  const paths = files.map(({ path }) => path)
  const content = new Uint8Array(readFileSync(filename))
  const { messages } = await publint({ strict: true, pack: { tarball: content.buffer } })
  return [
    ...paths.filter((path) => unwanted.test(path)).map((path) => `publishes ${path}`),
    ...['README.md', 'LICENSE'].filter((name) => !paths.includes(name)).map((name) => `publishes no ${name}`),
    ...messages.map((message) => `publint: ${formatMessage(message, manifest)}`),
    // What has no module to import has no types to get wrong.
    ...(manifest.exports['.'] ? typesProblems(filename) : []),
  ].map((problem) => `${manifest.name}: ${problem}`)
}

const scratch = mkdtempSync(join(tmpdir(), 'ocisign-packages-'))
try {
  const packages = listPackages()
  const problems = []
  for (const each of packages) problems.push(...(await checkPackage(each, scratch)))
  report('packages', problems, `${packages.length} packed`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
