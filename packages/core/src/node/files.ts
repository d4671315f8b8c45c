// SPDX-License-Identifier: Apache-2.0
// Files that trust rests on: regular ones only, of bounded size.
import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import { limits } from '../limits.js'
import { fileError } from './file-error.js'

/** The system's own name for what went wrong: `ENOENT`, `EACCES` … */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** The error of something in the configuration that is not as it should be. */
export function invalidConfiguration(path: string, why: string): OcisignError {
  const shown = printable(path, 1000)
  return new OcisignError('INVALID_CONFIGURATION', `${shown} ${why}`, { path: shown })
}

// No link is followed, and opening a pipe does not wait for whoever writes it. Windows knows neither flag.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

const notFound = (path: string, cause: unknown) => {
  const reference = printable(path, 1000)
  const details = { reference, retryable: false } as const
  return new OcisignError('UNAVAILABLE_NOT_FOUND', `there is no file ${reference}`, details, { cause })
}

/** A file's content and permissions. */
export interface RegularFile {
  readonly bytes: Uint8Array
  readonly mode: number
}

/**
 * Reads a regular file; a symbolic link, which could lead anywhere, is refused, as Notation does.
 * @throws UNAVAILABLE_NOT_FOUND | INVALID_CONFIGURATION | DENIED_FILE | UNAVAILABLE_FILE
 */
export async function readRegularFile(path: string, maxBytes: number = limits.documentBytes): Promise<RegularFile> {
  try {
    if ((await lstat(path)).isSymbolicLink())
      throw invalidConfiguration(path, 'is a symbolic link; put the file itself there')
    const handle = await open(path, readFlags)
    try {
      const status = await handle.stat()
      if (!status.isFile()) throw invalidConfiguration(path, 'is not a regular file')
      if (status.size > maxBytes)
        throw invalidConfiguration(path, `has ${status.size} bytes; at most ${maxBytes} are read`)
      const bytes = new Uint8Array(status.size)
      let end = 0
      while (end < bytes.length) {
        const { bytesRead } = await handle.read(bytes, end, bytes.length - end, end)
        if (bytesRead === 0) break
        end += bytesRead
      }
      return { bytes: bytes.subarray(0, end), mode: status.mode }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (isOcisignError(error)) throw error
    if (systemCode(error) === 'ENOENT') throw notFound(path, error)
    throw fileError(error, path, 'read')
  }
}
