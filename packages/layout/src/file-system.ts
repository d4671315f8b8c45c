// SPDX-License-Identifier: Apache-2.0
import * as node from 'node:fs/promises'

/** What of the file system is used; tests hand in one that fails at a chosen moment. */
export type FileSystem = Pick<
  typeof node,
  'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'realpath' | 'rename' | 'rm' | 'unlink'
>

/** Node's own. */
export const nodeFileSystem: FileSystem = node
