// SPDX-License-Identifier: Apache-2.0
// Files that the command line names: read once, to their end, so that a pipe will do as well.
import { type FileHandle, open } from 'node:fs/promises'
import { fileError } from '@ocisign/core/node'

const bufferBytes = 1024 * 1024

/**
 * Streams a file of any size in constant memory. A chunk is good until the next is asked for: two buffers take turns,
 * so that the system reads into one while the other is being hashed.
 * @throws UNAVAILABLE_FILE | DENIED_FILE
 */
export async function* streamFile(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await openFile(path)
  const buffers = [new Uint8Array(bufferBytes), new Uint8Array(bufferBytes)] as const
  let reading = file.read(buffers[0], 0, bufferBytes)
  try {
    for (let turn: 0 | 1 = 0; ; turn = turn === 0 ? 1 : 0) {
      const { bytesRead } = await reading.catch((error: unknown) => Promise.reject(fileError(error, path, 'read')))
      signal.throwIfAborted()
      if (bytesRead === 0) return
      reading = file.read(buffers[turn === 0 ? 1 : 0], 0, bufferBytes)
      yield buffers[turn].subarray(0, bytesRead)
    }
  } finally {
    await reading.catch(() => undefined)
    await file.close()
  }
}

/**
 * Reads a small file. Of one that is larger than `maxBytes`, one byte more is read and returned, for whoever parses it
 * to refuse.
 * @throws UNAVAILABLE_FILE | DENIED_FILE
 */
export async function readFileUpTo(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of streamFile(path, signal)) {
    chunks.push(chunk.slice(0, maxBytes + 1 - size))
    size += chunks.at(-1)!.length
    if (size > maxBytes) break
  }
  const [only] = chunks
  return chunks.length === 1 && only ? only : new Uint8Array(Buffer.concat(chunks))
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}
