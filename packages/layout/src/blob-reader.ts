// SPDX-License-Identifier: Apache-2.0
import {
  type CallOptions,
  checkedContent,
  type Descriptor,
  type Digest,
  digestAlgorithmOf,
  digestBytes,
  limits,
} from '@ocisign/core'
import { contentError, limitError, notFound } from './errors.js'

/** Where content lies, a folder or an archive; it proves nothing. */
export interface StoredBlobs {
  /** The size of what is there; undefined where nothing is. @throws INVALID_LAYOUT where it is no regular file */
  sizeOf(digest: Digest): Promise<number | undefined>
  /** All of it; undefined where nothing is. @throws UNAVAILABLE_LIMIT where it is longer */
  readSmall(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>
  /** @throws UNAVAILABLE_NOT_FOUND */
  chunks(digest: Digest): AsyncIterable<Uint8Array>
}

/** Content under its digest, to read. */
export interface BlobReader {
  /** Reads a document whole, and proves its digest. @throws UNAVAILABLE_NOT_FOUND | UNAVAILABLE_LIMIT | INVALID_CONTENT */
  read(digest: Digest, size?: number): Promise<Uint8Array>
  /** Says no unless content of that size is there; does not read it. @throws UNAVAILABLE_NOT_FOUND | INVALID_CONTENT */
  require(target: Descriptor): Promise<void>
  /** Streams content; the end is the proof of its digest. */
  stream(target: Descriptor, options?: CallOptions): AsyncIterable<Uint8Array>
}

/** Adds the proof to what is stored. */
export function createBlobReader(stored: StoredBlobs): BlobReader {
  return {
    async read(digest, size) {
      if (size !== undefined && size > limits.manifestBytes)
        throw limitError(digest, `${digest} has ${size} bytes; at most ${limits.manifestBytes} are read`)
      const bytes = await stored.readSmall(digest, limits.manifestBytes)
      if (!bytes) throw notFound(digest, 'is not in this layout')
      if (size !== undefined && bytes.length !== size)
        throw contentError(digest, `has ${bytes.length} bytes instead of ${size}`)
      if ((await digestBytes(bytes, digestAlgorithmOf(digest))) !== digest)
        throw contentError(digest, 'does not match it')
      return bytes
    },

    async require({ digest, size }) {
      const found = await stored.sizeOf(digest)
      if (found === undefined) throw notFound(digest, 'is not in this layout')
      if (found !== size) throw contentError(digest, `has ${found} bytes instead of ${size}`)
    },

    stream: (target, options = {}) => checkedContent(stored.chunks(target.digest), target, options),
  }
}
