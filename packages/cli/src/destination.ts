// SPDX-License-Identifier: Apache-2.0
// Where `copy` writes to.
import { readdir, stat } from 'node:fs/promises'
import { type ArtifactStore, createMemoryStore, isDigest, printable } from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import type { Artifacts } from './artifact.js'
import { misuse, type Terminal } from './command.js'
import { parseLayoutPath } from './layout-reference.js'

/** An open destination. */
export interface Destination {
  readonly store: ArtifactStore
  /** The tag that the command line names. */
  readonly tag: string | undefined
  /** Writes what is written at the end. */
  finish(): Promise<void>
}

/** How {@link openDestination} opens. */
export interface DestinationOptions {
  /** Opens registries; undefined where the destination is a layout. */
  readonly remotes: Artifacts | undefined
  /** What a layout counts as. */
  readonly scope: string | undefined
  /** Takes the place of a tar file that is there. */
  readonly replace: boolean
  /** Nothing is written, so nothing is made. */
  readonly dryRun: boolean
}

/** Opens `HOST/PATH[:TAG]`, or `DIR[:TAG]`, `FILE.tar[:TAG]` or `-[:TAG]` of layouts. @throws MISUSE_OPTION */
export async function openDestination(
  text: string,
  terminal: Terminal,
  options: DestinationOptions,
): Promise<Destination> {
  const { remotes } = options
  if (!remotes) return openLayoutDestination(text, terminal, options)
  const { store, reference } = await remotes.openWritable(text)
  if (isDigest(reference)) throw noDigest(text)
  // One that is merely implied is not meant: the copy is called what the original is.
  const isTagged = /:[^/]*$/.test(text.slice(text.indexOf('/') + 1))
  return { store, tag: isTagged ? reference : undefined, finish: async () => {} }
}

async function openLayoutDestination(
  text: string,
  terminal: Terminal,
  { scope, replace, dryRun }: DestinationOptions,
): Promise<Destination> {
  const { path, reference: tag } = parseLayoutPath(text)
  if (tag !== undefined && isDigest(tag)) throw noDigest(text)
  const { signal } = terminal
  const found = await stat(path).catch(() => undefined)
  const isArchive = path === '-' || (/\.tar$/i.test(path) && !found?.isDirectory())
  if (path === '-' && !dryRun && (await import('node:tty')).isatty(1))
    throw misuse('an archive on a terminal helps nobody; name a file, or send standard output somewhere')
  if (isArchive && found && !replace)
    throw misuse(`${printable(path, 1000)} is already there; --force replaces it`, 'force')
  if (dryRun && (isArchive || !found || (await isEmptyFolder(path))))
    return { store: createMemoryStore(scope === undefined ? {} : { repository: scope }), tag, finish: async () => {} }
  if (!isArchive) {
    const open = once(() => openLayout(path, { create: !dryRun, repository: scope, signal }))
    return { store: openLater(open, scope), tag, finish: async () => {} }
  }
  const archive = await (await import('./parts/tar-layout.js')).createTar(path, { repository: scope, replace, signal })
  terminal.atEnd(archive.close)
  return { store: archive, tag, finish: () => archive.finish({ signal }) }
}

const isEmptyFolder = (path: string) =>
  readdir(path).then(
    ({ length }) => length === 0,
    () => false,
  )

const noDigest = (text: string) =>
  misuse(`"${printable(text, 1000)}" names a digest; a copy has that of the original: name a tag, or nothing`)

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** A folder is made when there is something to put into it: not for an artifact that turns out not to be trusted. */
function openLater(open: () => Promise<ArtifactStore>, repository: string | undefined): ArtifactStore {
  return {
    repository,
    signatureManifestForm: 'config',
    resolve: async (...given) => (await open()).resolve(...given),
    fetch: async (...given) => (await open()).fetch(...given),
    push: async (...given) => (await open()).push(...given),
    tag: async (...given) => (await open()).tag(...given),
    async *referrers(...given) {
      yield* (await open()).referrers(...given)
    },
  }
}
