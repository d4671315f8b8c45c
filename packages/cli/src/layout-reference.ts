// SPDX-License-Identifier: Apache-2.0
import { parseTagOrDigest, printable } from '@ocisign/core'
import { misuse } from './command.js'

/** A layout on the command line: a folder or tar file, `-` for standard input, and what to look for in it. */
export interface LayoutReference {
  readonly path: string
  /** Tag or digest; undefined where only the layout is named. */
  readonly reference: string | undefined
}

/** Reads `PATH`, `PATH:TAG` or `PATH@DIGEST`. @throws INVALID_DIGEST | INVALID_REFERENCE */
export function parseLayoutPath(text: string): LayoutReference {
  // Folders may have both signs in their names: what counts stands in the last part of the path.
  const last = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1
  const at = text.lastIndexOf('@')
  const split = at >= last && text.includes(':', at) ? at : text.lastIndexOf(':')
  // `C:` is a drive.
  if (split < Math.max(last, 1)) return { path: text, reference: undefined }
  const reference = text.slice(split + 1)
  parseTagOrDigest(reference)
  return { path: text.slice(0, split), reference }
}

/** Reads `PATH:TAG` or `PATH@DIGEST`. @throws MISUSE_OPTION | INVALID_DIGEST | INVALID_REFERENCE */
export function parseLayoutReference(text: string): Required<LayoutReference> & { readonly reference: string } {
  const { path, reference } = parseLayoutPath(text)
  if (reference === undefined)
    throw misuse(`"${printable(text, 1000)}" names no tag or digest; write DIR:TAG or DIR@DIGEST`)
  return { path, reference }
}
