// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { isOcisignError, limits, OcisignError, printable } from '@ocisign/core'
import { fileError } from '@ocisign/core/node'

/** The error of a file of credentials that is not as it should be. Never quotes what is in it. */
export function invalidConfiguration(path: string, why: string): OcisignError {
  const shown = printable(path, 1000)
  return new OcisignError('INVALID_CONFIGURATION', `${shown} ${why}`, { path: shown })
}

// Opening a pipe does not wait for whoever writes it. Windows does not know the flag.
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
const missing: readonly unknown[] = ['ENOENT', 'ENOTDIR']

/**
 * Reads a file that may not be there. Links are followed: mounted secrets are links.
 * @throws INVALID_CONFIGURATION | DENIED_FILE | UNAVAILABLE_FILE
 */
export async function readConfigFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(path, readFlags)
    try {
      const status = await handle.stat()
      if (!status.isFile()) throw invalidConfiguration(path, 'is not a regular file')
      const bytes = new Uint8Array(limits.documentBytes + 1)
      let end = 0
      while (end < bytes.length) {
        const { bytesRead } = await handle.read(bytes, end, bytes.length - end, end)
        if (bytesRead === 0) return bytes.slice(0, end)
        end += bytesRead
      }
      throw invalidConfiguration(path, `is larger than ${limits.documentBytes} bytes`)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (isOcisignError(error)) throw error
    if (missing.includes((error as { readonly code?: unknown }).code)) return undefined
    throw fileError(error, path, 'read')
  }
}
