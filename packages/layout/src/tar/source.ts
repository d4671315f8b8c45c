// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises'
import { fileError } from '../errors.js'

/** Bytes that can be read at any place: an archive that is a file, or a stream that was put into one. */
export interface Source {
  /** What messages call it. */
  readonly name: string
  readonly size: number
  /** As many bytes as there are, up to that length. */
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** Reads from an open file. */
export function createSource(
  handle: FileHandle,
  { name, size, close }: Pick<Source, 'name' | 'size' | 'close'>,
): Source {
  return {
    name,
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(Math.max(Math.min(length, size - offset), 0))
      let end = 0
      try {
        while (end < bytes.length) {
          const { bytesRead } = await handle.read(bytes, end, bytes.length - end, offset + end)
          if (bytesRead === 0) break
          end += bytesRead
        }
      } catch (error) {
        throw fileError(error, name, 'read')
      }
      return bytes.subarray(0, end)
    },
    close,
  }
}
