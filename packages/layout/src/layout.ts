// SPDX-License-Identifier: Apache-2.0
import { join, resolve } from 'node:path'
import {
  type ArtifactStore,
  type CallOptions,
  encodeText,
  OcisignError,
  printable,
  type TagLister,
} from '@ocisign/core'
import { createBlobs } from './blobs.js'
import { type Context, type LayoutLimits, layoutLimits } from './context.js'
import { createLayout, requireLayout } from './create.js'
import { documentTypes } from './entry.js'
import { fileError, layoutError, limitError, systemCode } from './errors.js'
import { type FileSystem, nodeFileSystem } from './file-system.js'
import { isSame, readSmall, writeFile } from './files.js'
import { type Identity, ownIdentity } from './identity.js'
import { withEntry, withTag } from './index-edit.js'
import { type IndexFile, parseIndexFile } from './index-file.js'
import { withLock } from './lock.js'
import { createReader, requireTaggable } from './reader.js'

/** What {@link openLayout} accepts. */
export interface LayoutOptions extends CallOptions {
  /** `host/path`: what trust policy scopes select by; a layout does not know it. */
  readonly repository?: string | undefined
  /** Makes a new layout where the folder is missing or empty. */
  readonly create?: boolean | undefined
  readonly limits?: Partial<LayoutLimits> | undefined
}

/** An OCI image layout folder. */
export interface Layout extends ArtifactStore, TagLister {
  /** Absolute, without symbolic links. */
  readonly path: string
  readonly signatureManifestForm: 'config'
}

/**
 * Opens an OCI image layout folder (image-spec 1.1, image-layout.md) as a store that may be read and written by many
 * processes at once.
 *
 * Checks `oci-layout` and `index.json`; a manifest is checked when it is resolved, other content when it is read.
 * Symbolic links inside the layout are not followed.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { digestBytes, encodeText, mediaTypes } from '@ocisign/core'
 * import { openLayout } from '@ocisign/layout'
 *
 * const folder = await mkdtemp(join(tmpdir(), 'layout-'))
 * const layout = await openLayout(folder, { create: true, repository: 'example.com/app' })
 * const bytes = encodeText('{"schemaVersion":2,"layers":[]}')
 * const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
 * await layout.push(image, bytes)
 * await layout.tag(image, 'v1')
 * console.log((await layout.resolve('v1')).digest === image.digest)
 * await rm(folder, { recursive: true })
 * ```
 *
 * @throws UNAVAILABLE_FILE where there is no such folder
 * @throws INVALID_LAYOUT | INVALID_INDEX | DENIED_FILE | UNAVAILABLE_LIMIT
 */
export async function openLayout(path: string, options: LayoutOptions = {}): Promise<Layout> {
  return openLayoutOn(nodeFileSystem, path, options)
}

/** Opens a layout on any file system; for tests. */
export async function openLayoutOn(files: FileSystem, path: string, options: LayoutOptions): Promise<Layout> {
  let identity: Promise<Identity> | undefined
  const context: Context = {
    root: await findRoot(files, resolve(path), options.create ?? false),
    files,
    limits: { ...layoutLimits, ...options.limits },
    identity: () => {
      identity ??= ownIdentity()
      return identity
    },
  }
  options.signal?.throwIfAborted()
  if (options.create) await createLayout(context, options)
  await requireLayout(context)
  const layout = createStore(context, options.repository)
  await layout.load()
  return layout.store
}

async function findRoot(files: FileSystem, path: string, create: boolean): Promise<string> {
  try {
    if (create) await files.mkdir(path, { recursive: true })
    const root = await files.realpath(path)
    if (!(await files.lstat(root)).isDirectory()) throw layoutError(path, 'is not a folder')
    return root
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'EEXIST')
      throw layoutError(path, 'is not a folder', error)
    throw fileError(error, path, create ? 'create' : 'find')
  }
}

function createStore(context: Context, repository: string | undefined) {
  const { root, files, limits } = context
  const indexPath = join(root, 'index.json')
  const blobs = createBlobs(context)
  let known: { readonly bytes: Uint8Array; readonly index: IndexFile } | undefined
  let lastWrite: Promise<unknown> = Promise.resolve()

  const load = async () => {
    const read = await readSmall(files, indexPath, limits.indexBytes)
    if (!read) throw layoutError(root, 'has no index.json')
    // Reading is quick and parsing is not; comparing bytes needs no faith in clocks.
    if (!known || !isSame(known.bytes, read.bytes)) known = { bytes: read.bytes, index: parseIndexFile(read.bytes) }
    return { index: known.index, mode: read.mode }
  }

  const edit = (change: (index: IndexFile) => IndexFile, { signal }: CallOptions = {}) => {
    const until = performance.now() + limits.lockMilliseconds
    // In one process turns are taken without the file, so that they cost no waiting.
    const turn = lastWrite.then(() =>
      withLock(context, { signal, until }, async (lock) => {
        const { index, mode } = await load()
        const changed = change(index)
        if (changed === index) return
        const bytes = encodeText(changed.text)
        if (bytes.length > limits.indexBytes)
          throw limitError(
            indexPath,
            `index.json would have ${bytes.length} bytes; at most ${limits.indexBytes} are read`,
          )
        const confirm = async () => {
          signal?.throwIfAborted()
          if (await lock.held()) return true
          throw new OcisignError('UNAVAILABLE_LOCK', 'the lock was removed while it was in use; try again', {
            path: printable(indexPath),
            retryable: true,
          })
        }
        await writeFile(context, indexPath, bytes, { mode, confirm })
        known = { bytes, index: changed }
      }),
    )
    lastWrite = turn.catch(() => undefined)
    return turn
  }

  const store: Layout = {
    ...createReader({ repository, limits, blobs, load: async () => (await load()).index }),
    path: root,

    async push(expected, content, options) {
      await blobs.write(expected, content, options)
      if (!documentTypes.includes(expected.mediaType)) return
      const { index } = await load()
      if (!index.byDigest.has(expected.digest)) await edit((current) => withEntry(current, expected), options)
    },

    async tag(target, tag, options) {
      const named = await requireTaggable(blobs, (await load()).index, target, tag)
      await edit((current) => withTag(current, named, tag), options)
    },
  }
  return { store, load }
}
