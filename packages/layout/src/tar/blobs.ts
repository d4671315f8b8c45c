// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from '@ocisign/core'
import type { StoredBlobs } from '../blob-reader.js'
import { limitError, notFound } from '../errors.js'
import type { Place } from './entries.js'
import type { Source } from './source.js'

const chunkBytes = 256 * 1024

/** The content of an archive. */
export function createStoredBlobs(source: Source, places: ReadonlyMap<string, Place>): StoredBlobs {
  const find = (digest: Digest) => places.get(`blobs/${parseDigest(digest).replace(':', '/')}`)
  return {
    sizeOf: async (digest) => find(digest)?.size,
    readSmall: async (digest, maxBytes) => {
      const place = find(digest)
      return place && readPlace(source, place, digest, maxBytes)
    },
    async *chunks(digest) {
      const place = find(digest)
      if (!place) throw notFound(digest, 'is not in this layout')
      for (let start = 0; start < place.size; start += chunkBytes)
        yield await source.read(place.offset + start, Math.min(chunkBytes, place.size - start))
    },
  }
}

/** Reads a file of an archive whole. @throws UNAVAILABLE_LIMIT */
export async function readPlace(
  source: Source,
  { offset, size }: Place,
  name: string,
  maxBytes: number,
): Promise<Uint8Array> {
  if (size > maxBytes) throw limitError(name, `"${name}" has ${size} bytes; at most ${maxBytes} are read`)
  return source.read(offset, size)
}
