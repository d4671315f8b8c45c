// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, concatBytes, type Digest } from '@ocisign/core'
import type { BlobReader } from '../blob-reader.js'
import { layoutFileBytes } from '../create.js'
import { encodeHeader, endMark, padding } from './encode.js'

/** What goes into an archive. */
export interface Packed {
  readonly index: Uint8Array
  /** Each blob's size. */
  readonly sizes: ReadonlyMap<Digest, number>
  readonly blobs: Pick<BlobReader, 'stream'>
  /** Called when a blob is in the archive. */
  readonly release: (digest: Digest) => Promise<void>
}

const chunkBytes = 64 * 1024

/**
 * Writes a layout as an archive, the same bytes for the same content: `oci-layout`, `index.json`, blobs by name. Whoever
 * reads from the start knows early what it is and what to expect.
 * @throws INVALID_CONTENT where a blob is not what its digest says
 */
export function packLayout(packed: Packed, options: CallOptions): AsyncIterable<Uint8Array> {
  return gather(members(packed, options))
}

async function* members({ index, sizes, blobs, release }: Packed, options: CallOptions) {
  for (const [name, bytes] of [['oci-layout', layoutFileBytes()] as const, ['index.json', index] as const]) {
    yield encodeHeader({ name, size: bytes.length, type: '0' })
    yield bytes
    yield padding(bytes.length)
  }
  yield encodeHeader({ name: 'blobs/', size: 0, type: '5' })
  let folder = ''
  for (const digest of [...sizes.keys()].sort()) {
    options.signal?.throwIfAborted()
    const size = sizes.get(digest)!
    const name = `blobs/${digest.replace(':', '/')}`
    const parent = name.slice(0, name.lastIndexOf('/') + 1)
    if (parent !== folder) yield encodeHeader({ name: parent, size: 0, type: '5' })
    folder = parent
    yield encodeHeader({ name, size, type: '0' })
    yield* blobs.stream({ mediaType: '', digest, size }, options)
    yield padding(size)
    await release(digest)
  }
  yield endMark()
}

/** Joins small chunks: writing each by itself would take longer than what is in it. */
async function* gather(chunks: AsyncIterable<Uint8Array>) {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    waiting.push(chunk)
    length += chunk.length
    if (length < chunkBytes) continue
    yield waiting.length === 1 ? chunk : concatBytes(...waiting)
    waiting = []
    length = 0
  }
  if (length > 0) yield concatBytes(...waiting)
}
