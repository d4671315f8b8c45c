#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Does with templates/provider what its reader does: copies it, gives it a name, builds it and runs its tests, against
// the built packages. Whatever still has the template's name afterwards is a problem, too.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { listFiles, report, workspaceRoot } from './lib/workspace.mjs'

const template = join(workspaceRoot, 'templates/provider')
const name = 'zenith'
const names = { acme: name, Acme: 'Zenith', ACME: name.toUpperCase() }
const rename = (text) => text.replace(/acme/gi, (found) => names[found] ?? found)

/** Runs one of the workspace's own tools in the copy. */
function run(directory, tool, ...parameters) {
  try {
    execFileSync(join(workspaceRoot, 'node_modules/.bin', tool), parameters, {
      cwd: directory,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
    })
    return []
  } catch (error) {
    const printed = `${error.stdout ?? ''}${error.stderr ?? ''}` || error.message
    return [`${tool} ${parameters.join(' ')}: ${printed.trim().slice(-2000)}`]
  }
}

/** Its client does not exist, which has to be said as for any other. */
async function checkMissingClient() {
  const { openKey } = await import(join(directory, 'dist/uri/index.js'))
  const environment = { ZENITH_TOKEN: 'x' }
  const error = await openKey('zenith://keys.example.com/release', { environment }).catch((cause) => cause)
  return error.code === 'MISUSE_PACKAGE' ? [] : [`a missing client is ${error.code ?? 'no error'}: ${error.message}`]
}

// Inside the workspace, where the packages are found as an installation has them.
mkdirSync(join(workspaceRoot, 'tmp'), { recursive: true })
const directory = mkdtempSync(join(workspaceRoot, 'tmp/provider-'))
try {
  cpSync(template, directory, { recursive: true, filter: (path) => !/\/(?:node_modules|dist)$/.test(path) })
  for (const path of listFiles(directory, '', /./)) {
    const target = join(directory, rename(path))
    writeFileSync(join(directory, path), rename(readFileSync(join(directory, path), 'utf8')))
    mkdirSync(dirname(target), { recursive: true })
    renameSync(join(directory, path), target)
  }
  const left = listFiles(directory, '', /./).filter((path) =>
    /acme/i.test(path + readFileSync(join(directory, path), 'utf8')),
  )
  const problems = left.map((path) => `${path}: the name of the template is still in it`)
  problems.push(...run(directory, 'tsc', '-p', '.'))
  if (problems.length === 0) problems.push(...run(directory, 'vitest', 'run', '--root', '.'))
  if (problems.length === 0) problems.push(...(await checkMissingClient()))
  report('template', problems, 'copied, named, built and tested')
} finally {
  rmSync(directory, { recursive: true, force: true })
}
