// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url'
import { type OpenKeyOptions, printable } from '@ocisign/core'
import { invalidKey } from '../errors.js'
import type { LocalKey } from '../key.js'
import { openKeyFile } from '../open.js'

/** The scheme of {@link openKey}. */
export const scheme = 'file'

/**
 * Opens `file:key.pem`, a path as it is written, or `file:///keys/key.pem`, a URL with `%20` for a space (RFC 8089).
 * @throws INVALID_KEY for another URI, and what `openKeyFile` throws
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises'
 * import { createTestChain } from '@ocisign/provider-local'
 * import { openKey } from '@ocisign/provider-local/uri'
 *
 * await writeFile('key.pem', (await createTestChain()).keyPem, { mode: 0o600 })
 * console.log((await openKey('file:key.pem')).algorithm)
 * ```
 */
export async function openKey(uri: string, options: OpenKeyOptions = {}): Promise<LocalKey> {
  return openKeyFile(pathOf(uri), options)
}

function pathOf(uri: string): string {
  const shown = printable(uri)
  if (!uri.startsWith('file:') || uri.length === 5) throw invalidKey(shown, 'is not a key; write file:PATH')
  if (!uri.startsWith('file://')) return uri.slice(5)
  if (/[?#]/.test(uri)) throw invalidKey(shown, 'has a query or fragment; write %3F for ? and %23 for #')
  try {
    const url = new URL(uri)
    if (url.host === '') return fileURLToPath(url)
  } catch (cause) {
    throw invalidKey(shown, 'is not a URL of a file; write file:PATH or file:///PATH', cause)
  }
  throw invalidKey(shown, 'names a host; write file:PATH or file:///PATH')
}
