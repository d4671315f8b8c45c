// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { type ArtifactStore, type CallOptions, OcisignError, printable, type TagLister } from '@ocisign/core'
import { type Context, layoutLimits, type ReadingLimits } from '../context.js'
import { documentTypes } from '../entry.js'
import { fileError, layoutError, systemCode } from '../errors.js'
import { type FileSystem, nodeFileSystem } from '../file-system.js'
import { writeFile } from '../files.js'
import { type Identity, ownIdentity } from '../identity.js'
import { createReader, requireTaggable } from '../reader.js'
import { createIndexDraft } from './index-draft.js'
import { packLayout } from './pack.js'
import { type ByteSink, writeToStream } from './sink.js'
import { createStaging } from './staging.js'

/** What {@link createTarLayout} accepts. */
export interface CreateTarLayoutOptions extends CallOptions {
  /** `host/path`: what trust policy scopes select by. */
  readonly repository?: string | undefined
  /** Puts the archive in the place of a file that is there; without it, that is refused. */
  readonly replace?: boolean | undefined
  /**
   * Where content waits for the archive to be written; as much room is needed there as the archive takes. Beside the
   * archive by default, and in the system's folder for such things where it goes to a stream.
   */
  readonly temporaryFolder?: string | undefined
  readonly limits?: Partial<ReadingLimits> | undefined
}

/** An OCI image layout that becomes a tar archive. */
export interface NewTarLayout extends ArtifactStore, TagLister {
  readonly signatureManifestForm: 'config'
  /**
   * Writes the archive, and closes. The file is there whole or, where this fails, not at all.
   * @throws UNAVAILABLE_FILE | DENIED_FILE | MISUSE_OPTION
   */
  finish(options?: CallOptions): Promise<void>
  /** Throws away what is not finished; nothing is left behind. */
  close(): Promise<void>
}

/**
 * Makes an OCI image layout in one tar archive: collects content in a private temporary folder, and writes the archive
 * when it is finished. The same content makes the same archive, byte for byte.
 *
 * Content is checked as it is pushed, and again as it is written. While writing, each blob is removed from the temporary
 * folder once it is in the archive, so that little more room is needed than the archive takes.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { digestBytes, encodeText, mediaTypes } from '@ocisign/core'
 * import { createTarLayout } from '@ocisign/layout'
 *
 * const folder = await mkdtemp(join(tmpdir(), 'layout-'))
 * const layout = await createTarLayout(join(folder, 'app.tar'))
 * try {
 *   const bytes = encodeText('{"schemaVersion":2,"layers":[]}')
 *   const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
 *   await layout.push(image, bytes)
 *   await layout.tag(image, 'v1')
 *   await layout.finish()
 * } finally {
 *   await layout.close()
 * }
 * await rm(folder, { recursive: true })
 * ```
 *
 * @param target a path, or a stream, which is written to by `finish` and left open
 * @throws UNAVAILABLE_FILE | DENIED_FILE
 * @throws MISUSE_OPTION where the file exists and may not be replaced
 */
export async function createTarLayout(
  target: string | ByteSink,
  options: CreateTarLayoutOptions = {},
): Promise<NewTarLayout> {
  return createTarLayoutOn(nodeFileSystem, target, options)
}

/** Makes an archive on any file system; for tests. */
export async function createTarLayoutOn(
  files: FileSystem,
  target: string | ByteSink,
  options: CreateTarLayoutOptions,
): Promise<NewTarLayout> {
  const { repository, replace = false, temporaryFolder } = options
  const limits = { ...layoutLimits, ...options.limits }
  options.signal?.throwIfAborted()
  let found: Promise<Identity> | undefined
  const identity = () => {
    found ??= ownIdentity()
    return found
  }
  const path = typeof target === 'string' ? resolve(target) : undefined
  if (path !== undefined) await requireReplaceable(files, path, replace)
  const folder = temporaryFolder ?? (path === undefined ? tmpdir() : dirname(path))
  const staging = await createStaging({ files, identity }, resolve(folder))
  const draft = createIndexDraft(limits.indexBytes)
  let isOpen = true

  const requireOpen = () => {
    if (!isOpen) throw new OcisignError('MISUSE_OPTION', 'this archive is finished or closed', { option: 'finish' })
  }

  const writeArchive = async ({ signal }: CallOptions) => {
    const { blobs, sizes, release } = staging
    const chunks = packLayout({ index: draft.encode(), blobs, sizes, release }, { signal })
    if (typeof target !== 'string' || path === undefined) return writeToStream(target as ByteSink, chunks, { signal })
    const context: Context = { root: dirname(path), files, identity, limits: layoutLimits }
    const confirm = async () => {
      signal?.throwIfAborted()
      await requireReplaceable(files, path, replace)
      return true
    }
    await writeFile(context, path, chunks, { confirm })
  }

  return {
    ...createReader({
      repository,
      limits,
      blobs: staging.blobs,
      load: async () => {
        requireOpen()
        return draft
      },
    }),

    async fetch(content, callOptions) {
      requireOpen()
      callOptions?.signal?.throwIfAborted()
      await staging.blobs.require(content)
      return staging.blobs.stream(content, callOptions)
    },

    async push(expected, content, callOptions) {
      requireOpen()
      await staging.write(expected, content, callOptions)
      // What is pushed while the archive is written would be lost, and nobody would be told.
      requireOpen()
      if (documentTypes.includes(expected.mediaType)) draft.list(expected)
    },

    async tag(content, tag, callOptions) {
      requireOpen()
      callOptions?.signal?.throwIfAborted()
      const named = await requireTaggable(staging.blobs, draft, content, tag)
      requireOpen()
      draft.name(named, tag)
    },

    async finish(callOptions = {}) {
      requireOpen()
      isOpen = false
      try {
        callOptions.signal?.throwIfAborted()
        await writeArchive(callOptions)
      } finally {
        await staging.remove()
      }
    },

    async close() {
      if (!isOpen) return
      isOpen = false
      await staging.remove()
    },
  }
}

async function requireReplaceable(files: FileSystem, path: string, replace: boolean): Promise<void> {
  const status = await files.lstat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, path, 'write')
  })
  if (!status) return
  if (!status.isFile()) throw layoutError(path, 'is there and is no file; choose another name for the archive')
  if (!replace)
    throw new OcisignError('MISUSE_OPTION', `"${printable(path)}" exists; remove it, or ask to replace it`, {
      option: 'replace',
    })
}
