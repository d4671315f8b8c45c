// SPDX-License-Identifier: Apache-2.0
// Client libraries and providers, as a user installs them: in the node_modules of the working directory.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const packages = join(import.meta.dirname, '../../..')

/** Puts a package that one of ours develops with into the `node_modules` of a folder. */
export async function installPeer(folder: string, owner: string, name: string, as = name): Promise<void> {
  const path = join(folder, 'node_modules', as)
  await mkdir(dirname(path), { recursive: true })
  await symlink(join(packages, owner, 'node_modules', name), path)
}

/** Writes a package into the `node_modules` of a folder. */
export async function writePackage(
  folder: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const directory = join(folder, 'node_modules', name)
  await mkdir(directory, { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text)
}
