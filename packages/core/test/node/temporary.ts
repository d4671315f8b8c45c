// SPDX-License-Identifier: Apache-2.0
// Configuration directories for tests.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isOcisignError } from '../../src/errors.js'

/** Runs with a configuration directory that holds these files, and removes it. */
export async function withDirectory<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  run: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'ocisign-config-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    }
    return await run(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The code that something rejects with. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
    return 'none'
  } catch (error) {
    return isOcisignError(error) ? error.code : String(error)
  }
}

/** Everything in a directory, folders with "/" at the end. */
export async function listAll(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1) + (entry.isDirectory() ? '/' : ''))
    .sort()
}
