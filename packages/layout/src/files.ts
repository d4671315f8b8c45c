// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { type Content, equalBytes } from '@ocisign/core'
import type { Context } from './context.js'
import { fileError, layoutError, limitError, systemCode } from './errors.js'
import type { FileSystem } from './file-system.js'
import { encodeIdentity } from './identity.js'

/** Everything this package puts into a layout beside the layout itself begins so. */
export const ownPrefix = '.ocisign'

// A symbolic link is not followed, and opening a pipe does not wait for whoever writes it. Windows knows neither.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** A regular file, open; or undefined where there is none. */
export async function openRegular(files: FileSystem, path: string, doing = 'read') {
  try {
    const handle = await files.open(path, readFlags)
    try {
      const { size, mode } = await describeOpen(handle, path)
      return { handle, size, mode }
    } catch (error) {
      await closeQuietly(handle)
      throw error
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, path, doing)
  }
}

async function describeOpen(handle: FileHandle, path: string) {
  const status = await handle.stat()
  if (!status.isFile()) throw layoutError(path, 'is not a regular file')
  return status
}

/** Reads a small file whole; undefined where there is none. Only as much memory is taken as there are bytes. */
export async function readSmall(files: FileSystem, path: string, maxBytes: number) {
  const opened = await openRegular(files, path)
  if (!opened) return undefined
  const { handle, size, mode } = opened
  try {
    if (size > maxBytes) throw limitError(path, `"${path}" has ${size} bytes; at most ${maxBytes} are read`)
    const bytes = new Uint8Array(size)
    let end = 0
    while (end < size) {
      const { bytesRead } = await handle.read(bytes, end, size - end, end)
      if (bytesRead === 0) break
      end += bytesRead
    }
    return { bytes: bytes.subarray(0, end), mode }
  } catch (error) {
    throw fileError(error, path, 'read')
  } finally {
    await closeQuietly(handle)
  }
}

/** Closes what was only read; nothing can be lost by that. */
export async function closeQuietly(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => undefined)
}

/** Compares what {@link readSmall} read, four bytes at a time: an index is compared at every use. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  if (a.byteOffset % 4 !== 0 || b.byteOffset % 4 !== 0) return equalBytes(a, b)
  const words = a.length >> 2
  const [left, right] = [new Int32Array(a.buffer, a.byteOffset, words), new Int32Array(b.buffer, b.byteOffset, words)]
  for (let index = 0; index < words; index++) if (left[index] !== right[index]) return false
  return equalBytes(a.subarray(words * 4), b.subarray(words * 4))
}

/** A name for a temporary file that tells whose it is, so that it can be swept once that process is gone. */
export async function temporaryPath({ root, identity }: Pick<Context, 'root' | 'identity'>): Promise<string> {
  return join(root, `${ownPrefix}-${encodeIdentity(await identity())}.tmp`)
}

/** What {@link writeFile} accepts. */
interface WriteOptions {
  readonly mode?: number | undefined
  /** Asked when the content is safely on disk; nothing is put in place where it says no or throws. */
  readonly confirm?: () => Promise<boolean>
}

/**
 * Puts content in place all at once: whoever looks sees the old file or the whole new one, even after a loss of power.
 * Nothing is left behind where anything fails.
 *
 * Temporary files lie in the layout's own directory rather than beside the target, where other tools expect only
 * blobs, and where one look finds those that a killed process left.
 */
export async function writeFile(context: Context, path: string, content: Content, options: WriteOptions = {}) {
  const { files, durable = true } = context
  const temporary = await temporaryPath(context)
  const doing = <T>(action: Promise<T>) =>
    action.catch((error: unknown) => Promise.reject(fileError(error, path, 'write')))
  const handle = await doing(files.open(temporary, 'wx', 0o666))
  try {
    try {
      for await (const chunk of content instanceof Uint8Array ? [content] : content)
        for (let start = 0; start < chunk.length; )
          start += (await doing(handle.write(chunk, start, chunk.length - start))).bytesWritten
      if (options.mode !== undefined) await doing(handle.chmod(options.mode & 0o777))
      if (durable) await doing(handle.sync())
    } finally {
      await doing(handle.close())
    }
    if (options.confirm && !(await options.confirm())) return await removeQuietly(files, temporary)
    await doing(files.rename(temporary, path))
    if (durable) await syncDirectory(files, join(path, '..'))
  } catch (error) {
    await removeQuietly(files, temporary)
    throw error
  }
}

/** Removes a file of ours; that it is gone already, or cannot be removed, changes nothing about the answer. */
export async function removeQuietly(files: FileSystem, path: string): Promise<void> {
  await files.unlink(path).catch(() => undefined)
}

const unsupported: readonly (string | undefined)[] = ['EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EBADF']

/** Makes a rename last; where a system cannot do that to a directory, it is left to the system. */
async function syncDirectory(files: FileSystem, path: string): Promise<void> {
  try {
    const handle = await files.open(path, constants.O_RDONLY)
    await handle.sync().finally(() => handle.close())
  } catch (error) {
    if (!unsupported.includes(systemCode(error))) throw fileError(error, path, 'write')
  }
}
