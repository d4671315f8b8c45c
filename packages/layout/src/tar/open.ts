// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import type { CallOptions, ReadableStore, TagLister } from '@ocisign/core'
import { createBlobReader } from '../blob-reader.js'
import { layoutLimits, type ReadingLimits } from '../context.js'
import { maxLayoutFileBytes, requireVersion } from '../create.js'
import { fileError, layoutError } from '../errors.js'
import { type FileSystem, nodeFileSystem } from '../file-system.js'
import { closeQuietly, openRegular } from '../files.js'
import { parseIndexFile } from '../index-file.js'
import { createReader } from '../reader.js'
import { createStoredBlobs, readPlace } from './blobs.js'
import { findPlaces } from './entries.js'
import { createSource, type Source } from './source.js'
import { spool } from './spool.js'

/** How much of an archive is looked at before giving up with UNAVAILABLE_LIMIT. */
export interface TarLayoutLimits extends ReadingLimits {
  /** Headers in the archive, one for each file, and some more where a name or an attribute does not fit. */
  readonly entries: number
  /** Bytes of a stream, which is kept in a temporary file. */
  readonly streamBytes: number
}

/** What {@link openTarLayout} accepts. */
export interface TarLayoutOptions extends CallOptions {
  /** `host/path`: what trust policy scopes select by; an archive does not know it. */
  readonly repository?: string | undefined
  /** Where a stream is kept while it is in use; the system's folder for such things by default. */
  readonly temporaryFolder?: string | undefined
  readonly limits?: Partial<TarLayoutLimits> | undefined
}

/** An OCI image layout in a tar archive, to read. */
export interface TarLayout extends ReadableStore, TagLister {
  readonly signatureManifestForm: 'config'
  /** Lets go of the archive, and of the temporary file of a stream; nothing can be read any more. */
  close(): Promise<void>
}

/**
 * Two hundred thousand entries take some 40 MiB of memory. A stream may be as long as the largest models there are; who
 * has a smaller disk is told so by the disk.
 */
const tarLayoutLimits: TarLayoutLimits = { ...layoutLimits, entries: 200_000, streamBytes: 64 * 1024 ** 3 }

/**
 * Opens an OCI image layout that is packed into one tar archive, as `docker buildx --output type=oci`, `docker save`,
 * `skopeo copy … oci-archive:` and {@link createTarLayout} write it. Nothing is unpacked: headers are read here, content
 * when it is asked for. A stream is kept in a private temporary file until `close`.
 *
 * Checks `oci-layout`, `index.json` and the form of the whole archive, and refuses what readers of archives disagree
 * about. A manifest is checked when it is resolved, other content when it is read. Whoever changes the file meanwhile
 * makes it unreadable, and nothing worse. Compressed archives are refused.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { digestBytes, encodeText, mediaTypes } from '@ocisign/core'
 * import { createTarLayout, openTarLayout } from '@ocisign/layout'
 *
 * const folder = await mkdtemp(join(tmpdir(), 'layout-'))
 * const bytes = encodeText('{"schemaVersion":2,"layers":[]}')
 * const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
 * const made = await createTarLayout(join(folder, 'app.tar'))
 * await made.push(image, bytes)
 * await made.tag(image, 'v1')
 * await made.finish()
 * const layout = await openTarLayout(join(folder, 'app.tar'), { repository: 'example.com/app' })
 * console.log((await layout.resolve('v1')).digest === image.digest)
 * await layout.close()
 * await rm(folder, { recursive: true })
 * ```
 *
 * @param source a path, or the archive's bytes
 * @throws UNAVAILABLE_FILE where there is no such file
 * @throws INVALID_LAYOUT | INVALID_INDEX | DENIED_FILE | UNAVAILABLE_LIMIT | UNSUPPORTED_MEDIA_TYPE
 */
export async function openTarLayout(
  source: string | AsyncIterable<Uint8Array>,
  options: TarLayoutOptions = {},
): Promise<TarLayout> {
  return openTarLayoutOn(nodeFileSystem, source, options)
}

/** Opens an archive on any file system; for tests. */
export async function openTarLayoutOn(
  files: FileSystem,
  source: string | AsyncIterable<Uint8Array>,
  options: TarLayoutOptions,
): Promise<TarLayout> {
  const { signal, repository } = options
  const limits = { ...tarLayoutLimits, ...options.limits }
  signal?.throwIfAborted()
  const archive =
    typeof source === 'string'
      ? await openFile(files, resolve(source))
      : await spool(files, source, {
          name: '-',
          folder: options.temporaryFolder ?? tmpdir(),
          maxBytes: limits.streamBytes,
          signal,
        })
  try {
    const places = await findPlaces(archive, { maxEntries: limits.entries, signal })
    const read = async (name: string, maxBytes: number) => {
      const place = places.get(name)
      return place && readPlace(archive, place, name, maxBytes)
    }
    requireVersion(await read('oci-layout', maxLayoutFileBytes), archive.name)
    const bytes = await read('index.json', limits.indexBytes)
    if (!bytes) throw layoutError(archive.name, 'has no index.json')
    const index = parseIndexFile(bytes)
    const blobs = createBlobReader(createStoredBlobs(archive, places))
    return { ...createReader({ repository, limits, blobs, load: async () => index }), close: archive.close }
  } catch (error) {
    await archive.close()
    throw error
  }
}

async function openFile(files: FileSystem, path: string): Promise<Source> {
  const real = await files.realpath(path).catch((error: unknown) => {
    throw fileError(error, path, 'find')
  })
  const opened = await openRegular(files, real)
  if (!opened) throw fileError({ code: 'ENOENT' }, path, 'find')
  const { handle, size } = opened
  return createSource(handle, { name: real, size, close: () => closeQuietly(handle) })
}
