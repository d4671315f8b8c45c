// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises'
import { type CallOptions, concatBytes, limits, OcisignError, printable } from '@ocisign/core'
import { invalidKey, unreadableFile } from './errors.js'
import type { LocalKey } from './key.js'
import { type PrivateKeyOptions, parsePrivateKey } from './parse.js'

/** What {@link openKeyFile} accepts. */
export interface OpenKeyFileOptions extends PrivateKeyOptions, CallOptions {}

/**
 * Reads a private key from a file, once; a file changed later changes nothing.
 *
 * Does not look at who else may read the file.
 * @throws UNAVAILABLE_FILE | DENIED_FILE where it cannot be read, and what {@link parsePrivateKey} throws
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises'
 * import { createTestChain, openKeyFile } from '@ocisign/provider-local'
 *
 * await writeFile('key.pem', (await createTestChain()).keyPem, { mode: 0o600 })
 * const key = await openKeyFile('key.pem', { passphrase: async () => process.env.PASSPHRASE })
 * console.log(key.id)
 * ```
 */
export async function openKeyFile(path: string, options: OpenKeyFileOptions = {}): Promise<LocalKey> {
  const id = options.id ?? `file:${printable(path, 1000)}`
  const bytes = await readKeyFile(path, id, options)
  return parsePrivateKey(bytes, { ...options, id })
}

async function readKeyFile(path: string, id: string, { signal }: CallOptions): Promise<Uint8Array> {
  signal?.throwIfAborted()
  try {
    const file = await open(path)
    try {
      // Read to its end, not to the size it states: a pipe such as <(command) states none.
      const chunks: Uint8Array[] = []
      for (let size = 0; ; ) {
        signal?.throwIfAborted()
        const { bytesRead, buffer } = await file.read(new Uint8Array(16 * 1024))
        if (bytesRead === 0) return concatBytes(...chunks)
        size += bytesRead
        if (size > limits.documentBytes) throw invalidKey(id, `is larger than ${limits.documentBytes} bytes`)
        chunks.push(buffer.subarray(0, bytesRead))
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof OcisignError || signal?.aborted) throw error
    throw unreadableFile(path, error)
  }
}
