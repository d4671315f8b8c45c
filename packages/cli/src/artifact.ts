// SPDX-License-Identifier: Apache-2.0
// Turns a reference on the command line into a store and what to look for in it.
import { type ArtifactStore, parseTagOrDigest, printable } from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { type Invocation, misuse, type OptionSpec } from './command.js'

/** Options of every command that takes references. */
export const artifactOptions = {
  'oci-layout': { type: 'boolean', help: 'references are DIR:TAG or DIR@DIGEST of an OCI image layout' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** An artifact in an open store. */
export interface OpenArtifact {
  readonly store: ArtifactStore
  /** Tag or digest. */
  readonly reference: string
}

/** Opens artifacts as they are named on the command line. */
export type ArtifactOpener = (text: string) => Promise<OpenArtifact>

/** The parts of `DIR:TAG` or `DIR@DIGEST`. @throws MISUSE_OPTION | INVALID_DIGEST | INVALID_REFERENCE */
export function parseLayoutReference(text: string): { readonly directory: string; readonly reference: string } {
  // Folders may have both signs in their names: what counts stands in the last part of the path.
  const last = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1
  const at = text.lastIndexOf('@')
  const split = at >= last && text.includes(':', at) ? at : text.lastIndexOf(':')
  if (split < Math.max(last, 1))
    throw misuse(`"${printable(text, 1000)}" names no tag or digest; write DIR:TAG or DIR@DIGEST`)
  const reference = text.slice(split + 1)
  parseTagOrDigest(reference)
  return { directory: text.slice(0, split), reference }
}

/** Makes a function that opens references; a layout named twice is opened once. @throws MISUSE_OPTION */
export function createArtifactOpener(
  invocation: Invocation,
  signal: AbortSignal,
  repository?: string | undefined,
): ArtifactOpener {
  if (!invocation.flag('oci-layout'))
    throw misuse('add --oci-layout and write DIR:TAG or DIR@DIGEST; this version knows no registries', 'oci-layout')
  const layouts = new Map<string, Promise<ArtifactStore>>()
  return async (text) => {
    const { directory, reference } = parseLayoutReference(text)
    const opened = layouts.get(directory) ?? openLayout(directory, { repository, signal })
    layouts.set(directory, opened)
    return { store: await opened, reference }
  }
}

/** The one thing, or at most `most` things, that a command works on. @throws MISUSE_OPTION */
export function requirePositionals(
  { positionals }: Invocation,
  what: string,
  most = Number.POSITIVE_INFINITY,
): readonly [string, ...string[]] {
  const [first, ...more] = positionals
  if (first === undefined) throw misuse(`name ${what}`)
  if (positionals.length > most)
    throw misuse(`name ${what}, and no more: "${printable(positionals[most]!)}" is too much`)
  return [first, ...more]
}

/** Holds a command to options alone. @throws MISUSE_OPTION */
export function requireNoPositionals({ positionals: [first] }: Invocation): void {
  if (first !== undefined) throw misuse(`everything is said by options here; "${printable(first)}" is too much`)
}
