// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CallOptions } from '../descriptor.js'
import { OcisignError, printable } from '../errors.js'
import { fileError } from './file-error.js'

/** What {@link writeFileAtomically} accepts. */
export interface WriteFileOptions extends CallOptions {
  /** Takes the place of a file that is already there; false by default. */
  readonly replace?: boolean | undefined
  /** Permission bits; 0o644 by default, less what the process masks. */
  readonly mode?: number | undefined
  /** Makes the folders on the way, for their owner only. */
  readonly makeDirectory?: boolean | undefined
  /** Where the content lies until it is whole, on the same file system; beside the file by default. */
  readonly temporaryDirectory?: string | undefined
}

/**
 * Puts a file in place all at once: whoever looks sees nothing, the old file or the whole new one, even after a loss of
 * power. Where anything fails, or the signal aborts, nothing is left behind.
 *
 * Does not follow a symbolic link at `path`: replacing puts the file in the link's own place.
 * @throws MISUSE_OPTION where a file is already there and `replace` does not allow for it
 * @throws DENIED_FILE | UNAVAILABLE_FILE
 */
export async function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  const directory = dirname(path)
  options.signal?.throwIfAborted()
  try {
    if (options.makeDirectory) await mkdir(directory, { recursive: true, mode: 0o700 })
    const random = crypto.getRandomValues(new Uint8Array(8))
    const temporary = join(options.temporaryDirectory ?? directory, `.ocisign-${random.join('')}.tmp`)
    try {
      await writeWhole(temporary, bytes, options)
      options.signal?.throwIfAborted()
      if (options.replace) await rename(temporary, path)
      else await placeNew(temporary, path)
    } finally {
      // Gone already where it was renamed.
      await unlink(temporary).catch(() => undefined)
    }
    await syncDirectory(directory)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw fileError(error, path, 'write')
  }
}

async function writeWhole(path: string, bytes: Uint8Array, { mode = 0o644, signal }: WriteFileOptions): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    for (let start = 0; start < bytes.length; ) {
      signal?.throwIfAborted()
      start += (await file.write(bytes, start, Math.min(bytes.length - start, 1024 * 1024))).bytesWritten
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

const withoutLinks: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** Gives a file its name unless that is taken, in one step. */
async function placeNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code === 'EEXIST') throw alreadyThere(path, error)
    if (!withoutLinks.includes(code)) throw error
    await placeWithoutLinks(temporary, path)
  }
}

/** For a file system without hard links: the name is taken first, so that nobody's file is overwritten. */
async function placeWithoutLinks(temporary: string, path: string): Promise<void> {
  let claim: FileHandle
  try {
    claim = await open(path, 'wx')
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'EEXIST') throw alreadyThere(path, error)
    throw error
  }
  await claim.close()
  await rename(temporary, path)
}

const alreadyThere = (path: string, cause: unknown) =>
  new OcisignError('MISUSE_OPTION', `"${printable(path, 1000)}" is already there`, { option: 'replace' }, { cause })

/** Makes the new name last; a system that cannot do that to a directory does it in its own time. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY).catch(() => undefined)
  await directory
    ?.sync()
    .catch(() => undefined)
    .finally(() => directory.close())
}
