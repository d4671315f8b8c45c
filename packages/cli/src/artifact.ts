// SPDX-License-Identifier: Apache-2.0
// Turns a reference on the command line into a store and what to look for in it.
import { stat } from 'node:fs/promises'
import { type ArtifactStore, printable, type ReadableStore, type TagLister } from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { type Invocation, misuse, type OptionSpec, type Terminal } from './command.js'
import { parseLayoutPath, parseLayoutReference } from './layout-reference.js'
import { registryOptions } from './registry-options.js'

/** Options of every command that takes references. */
export const artifactOptions = {
  'oci-layout': {
    type: 'boolean',
    help: 'references are PATH:TAG or PATH@DIGEST of an OCI image layout: a folder, a tar file, or - for one on standard input',
  },
  ...registryOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Where artifacts are read, and listed by their tags. */
export type Repository = ReadableStore & TagLister

/** An artifact in an open store. */
export interface OpenArtifact<S = ReadableStore> {
  readonly store: S
  /** Tag or digest. */
  readonly reference: string
}

/** Opens what the command line names; a layout or registry named twice is opened once. */
export interface Artifacts {
  open(text: string): Promise<OpenArtifact>
  /** Opens an artifact to write what belongs to it. @throws MISUSE_OPTION for what can only be read */
  openWritable(text: string): Promise<OpenArtifact<ArtifactStore>>
  /** Opens what is named without tag or digest. */
  openRepository(text: string): Promise<Repository>
}

/** What is in a registry has its scope already. @throws MISUSE_OPTION */
export function requireNoScope(invocation: Invocation): void {
  if (invocation.text('scope') === undefined) return
  throw misuse('the repository of an artifact in a registry is its scope; --scope is for layouts', 'scope')
}

/** How {@link openArtifacts} opens. */
export interface ArtifactsOptions {
  /** References are those of layouts. */
  readonly isLayout: boolean
  /** What layouts count as. */
  readonly scope?: string | undefined
}

/** Gets ready to open references. @throws MISUSE_OPTION */
export async function openArtifacts(
  invocation: Invocation,
  terminal: Terminal,
  { isLayout, scope }: ArtifactsOptions,
): Promise<Artifacts> {
  if (isLayout) return createLayouts(terminal, scope)
  const registries = await (await import('./parts/registry.js')).openRegistries(invocation, terminal)
  return {
    open: async (text) => registries.open(text),
    openWritable: async (text) => registries.open(text),
    openRepository: async (text) => registries.openRepository(text),
  }
}

function createLayouts(terminal: Terminal, repository: string | undefined): Artifacts {
  const layouts = new Map<string, Promise<OpenLayout>>()
  const openPath = (path: string) => {
    const opened = layouts.get(path) ?? openLayoutAt(path, terminal, repository)
    layouts.set(path, opened)
    return opened
  }
  return {
    async open(text) {
      const { path, reference } = parseLayoutReference(text)
      return { store: (await openPath(path)).store, reference }
    },
    async openWritable(text) {
      const { path, reference } = parseLayoutReference(text)
      const { writable } = await openPath(path)
      if (writable) return { store: writable, reference }
      const name = path === '-' ? 'standard input' : printable(path, 1000)
      throw misuse(`${name} is a tar archive, which can only be read; unpack it, or ocisign copy it into a folder`)
    },
    async openRepository(text) {
      const { path, reference } = parseLayoutPath(text)
      if (reference !== undefined)
        throw misuse(`"${printable(text, 1000)}" names an artifact; name the layout alone`, 'all')
      return (await openPath(path)).store
    },
  }
}

interface OpenLayout {
  readonly store: Repository
  /** The same to write to; undefined for an archive. */
  readonly writable?: ArtifactStore
}

/** What is no folder is a tar archive. */
async function openLayoutAt(path: string, terminal: Terminal, repository: string | undefined): Promise<OpenLayout> {
  const options = { repository, signal: terminal.signal }
  if (path === '-' || (await isFile(path))) {
    const store = await (await import('./parts/tar-layout.js')).openTar(path, options)
    terminal.atEnd(store.close)
    return { store }
  }
  const store = await openLayout(path, options)
  return { store, writable: store }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  )
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
