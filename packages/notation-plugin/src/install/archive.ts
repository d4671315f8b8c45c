// SPDX-License-Identifier: Apache-2.0
// What an archive or a folder holds of a plugin: its regular files, without their folders.
import { invalidPlugin } from '../errors.js'

/** A file to be installed. */
export interface PluginFile {
  readonly name: string
  readonly mode: number
  readonly bytes: Uint8Array
}

/** As much as Notation installs. */
export const maxInstallBytes = 256 * 1024 * 1024
export const maxFiles = 1000

/** Gathers the files of an archive, within limits; names may not lead anywhere, nor come twice. */
export function createFileList(source: string) {
  const files = new Map<string, PluginFile>()
  let size = 0
  const refuse = (why: string) => invalidPlugin(source, why)
  return {
    refuse,
    /** Says no before so many bytes are made. */
    reserve(bytes: number): void {
      size += bytes
      if (size >= maxInstallBytes) throw refuse(`is larger than ${maxInstallBytes / 1024 / 1024} MiB`)
    },
    add(file: PluginFile): void {
      if (!/^[A-Za-z0-9_.-]+$/.test(file.name) || /^\.\.?$/.test(file.name))
        throw refuse('has a file whose name does not go everywhere: letters, digits, ".", "_" and "-" do')
      if (files.has(file.name)) throw refuse(`has two files with the name ${file.name}`)
      if (files.size >= maxFiles) throw refuse(`has more than ${maxFiles} files`)
      files.set(file.name, file)
    },
    files: (): readonly PluginFile[] => [...files.values()],
  }
}

/** A list of files in the making. */
export type FileList = ReturnType<typeof createFileList>
