// SPDX-License-Identifier: Apache-2.0
// What the checks share: where things are, and how they say what they found.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The workspace that holds this file. */
export const workspaceRoot = resolve(import.meta.dirname, '../..')

const neverEntered = new Set(['node_modules', 'dist', 'vectors', 'testdata', 'fixtures', 'coverage', 'bin', 'work'])

/** Every file below a directory whose name matches, as paths relative to `root`, sorted. */
export function listFiles(root, directory, pattern) {
  const start = join(root, directory)
  if (!existsSync(start)) return []
  return readdirSync(start, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.isDirectory())
        return neverEntered.has(entry.name) || entry.name.startsWith('.') ? [] : listFiles(root, path, pattern)
      return entry.isFile() && pattern.test(entry.name) ? [path] : []
    })
}

/** The packages of the workspace, core first where the names sort so. */
export function listPackages(root = workspaceRoot) {
  return readdirSync(join(root, 'packages'))
    .sort()
    .filter((folder) => existsSync(join(root, 'packages', folder, 'package.json')))
    .map((folder) => ({
      folder,
      directory: join(root, 'packages', folder),
      manifest: JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')),
    }))
}

/** Whether a module is the program, not imported by another. */
export const isMain = (url) => process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(url)

/** Prints every problem, then one line that says how it went; the process exits 1 if there is any. */
export function report(name, problems, summary) {
  for (const problem of problems) console.error(`  ${problem}`)
  console.log(
    `${name}: ${problems.length === 0 ? 'ok' : `${problems.length} problem(s)`}${summary ? `, ${summary}` : ''}`,
  )
  if (problems.length > 0) process.exitCode = 1
}
