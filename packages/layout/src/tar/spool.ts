// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { type CallOptions, OcisignError, untilAborted } from '@ocisign/core'
import { fileError, limitError } from '../errors.js'
import type { FileSystem } from '../file-system.js'
import { closeQuietly, ownPrefix, removeQuietly } from '../files.js'
import { requireUncompressed } from './entries.js'
import { createSource, type Source } from './source.js'

/** What {@link spool} accepts. */
export interface SpoolOptions extends CallOptions {
  /** What messages call the stream. */
  readonly name: string
  readonly folder: string
  readonly maxBytes: number
}

/**
 * Puts a stream into a temporary file that nobody else may read, as an archive cannot be read in one pass: what its index
 * lists may stand before the index. Where the system allows it, the file has no name from the beginning.
 * @throws UNAVAILABLE_LIMIT | UNAVAILABLE_FILE | DENIED_FILE | UNSUPPORTED_MEDIA_TYPE
 */
export async function spool(
  files: FileSystem,
  content: AsyncIterable<Uint8Array>,
  { name, folder, maxBytes, signal }: SpoolOptions,
): Promise<Source> {
  const path = join(folder, `${ownPrefix}-${crypto.randomUUID()}.tmp`)
  const handle = await files.open(path, 'wx+', 0o600).catch((error: unknown) => {
    throw fileError(error, path, 'write')
  })
  // An open file can be removed almost everywhere; then not even a killed process leaves it behind.
  const isNameless = await files.unlink(path).then(
    () => true,
    () => false,
  )
  const close = async () => {
    await closeQuietly(handle)
    if (!isNameless) await removeQuietly(files, path)
  }
  try {
    const size = await fill(handle, content, { name, folder, maxBytes, signal })
    return createSource(handle, { name, size, close })
  } catch (error) {
    await close()
    throw error
  }
}

async function fill(
  handle: FileHandle,
  content: AsyncIterable<Uint8Array>,
  { name, folder, maxBytes, signal }: SpoolOptions,
): Promise<number> {
  let size = 0
  for await (const chunk of interruptible(content, signal)) {
    if (!(chunk instanceof Uint8Array))
      throw new OcisignError('MISUSE_OPTION', 'an archive comes as bytes, not as text', { option: 'source' })
    if (size === 0) requireUncompressed(chunk, name)
    if (size + chunk.length > maxBytes)
      throw limitError(name, `"${name}" is longer than ${maxBytes} bytes; put it into a file, or allow more`)
    try {
      for (let start = 0; start < chunk.length; )
        start += (await handle.write(chunk, start, chunk.length - start, size + start)).bytesWritten
    } catch (error) {
      throw fileError(error, folder, 'write a temporary file to')
    }
    size += chunk.length
  }
  return size
}

async function* interruptible(content: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
  const iterator = content[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const next = await untilAborted(signal, () => iterator.next())
      if (next.done) {
        isDone = true
        return
      }
      yield next.value
    }
  } finally {
    // Not waited for: whoever does not answer a call for more may not answer this one either.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}
