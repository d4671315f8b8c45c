// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import {
  type CallOptions,
  type Content,
  checkedContent,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithmOf,
  isOcisignError,
  parseDigest,
} from '@ocisign/core'
import { type BlobReader, createBlobReader, type StoredBlobs } from './blob-reader.js'
import type { Context } from './context.js'
import { fileError, layoutError, notFound, systemCode } from './errors.js'
import { closeQuietly, openRegular, readSmall, writeFile } from './files.js'

/** Content under its digest. */
export interface Blobs extends BlobReader {
  write(expected: Descriptor, content: Content, options?: CallOptions): Promise<void>
}

const chunkBytes = 256 * 1024

/** Makes the view on `blobs/` of a layout. */
export function createBlobs(context: Context): Blobs {
  const { root, files } = context
  const checked = new Set<DigestAlgorithm>()

  // A link in place of a folder could lead anywhere, so both levels have to be folders themselves.
  const folderOf = async (algorithm: DigestAlgorithm): Promise<string | undefined> => {
    const folder = join(root, 'blobs', algorithm)
    if (checked.has(algorithm)) return folder
    for (const path of [join(root, 'blobs'), folder]) {
      const status = await statusOf(context, path)
      if (!status) return undefined
      if (!status.isDirectory()) throw layoutError(path, 'is not a folder')
    }
    checked.add(algorithm)
    return folder
  }

  const pathOf = async (text: Digest): Promise<string | undefined> => {
    const digest = parseDigest(text)
    const algorithm = digestAlgorithmOf(digest)
    const folder = await folderOf(algorithm)
    return folder && join(folder, digest.slice(algorithm.length + 1))
  }

  const makeFolder = async (digest: Digest): Promise<void> => {
    const algorithm = digestAlgorithmOf(parseDigest(digest))
    if (await folderOf(algorithm)) return
    const folder = join(root, 'blobs', algorithm)
    await files.mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw fileError(error, folder, 'create')
    })
  }

  const isThere = async ({ digest, size }: Descriptor, path: string, options: CallOptions) => {
    const status = await statusOf(context, path)
    if (!status) return false
    if (!status.isFile()) throw layoutError(path, 'is not a regular file')
    if (status.size !== size) return false
    // What is there counts only if it is right: a copy that was cut short is replaced.
    const target = { mediaType: '', digest, size }
    try {
      for await (const _ of checkedContent(chunksOf(context, path, digest), target, options))
        options.signal?.throwIfAborted()
      return true
    } catch (error) {
      options.signal?.throwIfAborted()
      if (isOcisignError(error, 'INVALID_CONTENT')) return false
      throw error
    }
  }

  const stored: StoredBlobs = {
    async sizeOf(digest) {
      const path = await pathOf(digest)
      const status = path === undefined ? undefined : await statusOf(context, path)
      if (path !== undefined && status && !status.isFile()) throw layoutError(path, 'is not a regular file')
      return status?.size
    },
    async readSmall(digest, maxBytes) {
      const path = await pathOf(digest)
      return path === undefined ? undefined : (await readSmall(files, path, maxBytes))?.bytes
    },
    async *chunks(digest) {
      const path = await pathOf(digest)
      if (path === undefined) throw notFound(digest, 'is not in this layout')
      yield* chunksOf(context, path, digest)
    },
  }

  return {
    ...createBlobReader(stored),

    async write(expected, content, options = {}) {
      await makeFolder(expected.digest)
      const path = await pathOf(expected.digest)
      if (path === undefined) throw layoutError(root, 'lost its blobs folder')
      await writeFile(context, path, checkedContent(content, expected, options), {
        confirm: async () => !(await isThere(expected, path, options)),
      })
    },
  }
}

async function statusOf({ files }: Context, path: string) {
  try {
    return await files.lstat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, path, 'read')
  }
}

async function* chunksOf(
  { files }: Context,
  path: string,
  digest: Digest,
): AsyncGenerator<Uint8Array, void, undefined> {
  const opened = await openRegular(files, path)
  if (!opened) throw notFound(digest, 'is not in this layout')
  const { handle, size } = opened
  try {
    for (;;) {
      const buffer = new Uint8Array(Math.min(chunkBytes, Math.max(size, 1)))
      const { bytesRead } = await handle
        .read(buffer, 0, buffer.length)
        .catch((error: unknown) => Promise.reject(fileError(error, path, 'read')))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await closeQuietly(handle)
  }
}
