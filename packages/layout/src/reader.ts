// SPDX-License-Identifier: Apache-2.0
import {
  type Descriptor,
  isOcisignError,
  isTag,
  OcisignError,
  parseDigest,
  parseTagOrDigest,
  printable,
  type ReadableStore,
  type TagLister,
} from '@ocisign/core'
import type { BlobReader } from './blob-reader.js'
import type { ReadingLimits } from './context.js'
import { mediaTypeOf, parseDocument } from './document.js'
import { descriptorOf, documentTypes } from './entry.js'
import { notFound } from './errors.js'
import { findDigest, findTag, type IndexFile } from './index-file.js'
import { createReferrers } from './referrers.js'

/** What of an index reading needs. */
export type Listing = Pick<IndexFile, 'entries' | 'byRefName' | 'byDigest'>

/** What a layout is read from: a folder, an archive, or one in the making. */
export interface ReaderParts {
  readonly repository: string | undefined
  readonly limits: ReadingLimits
  readonly blobs: BlobReader
  /** The index as it is now. */
  readonly load: () => Promise<Listing>
}

/** What every kind of layout can do. */
export interface Reader extends ReadableStore, TagLister {
  readonly signatureManifestForm: 'config'
}

/** Makes the reading half of a layout. */
export function createReader({ repository, limits, blobs, load }: ReaderParts): Reader {
  const referrers = createReferrers(limits, blobs)

  const describeUnlisted = async (digest: Descriptor['digest']): Promise<Descriptor> => {
    const bytes = await blobs.read(digest)
    const descriptor = { mediaType: mediaTypeOf(bytes, digest), digest, size: bytes.length }
    if (documentTypes.includes(descriptor.mediaType)) parseDocument(bytes, descriptor)
    return descriptor
  }

  return {
    repository,
    signatureManifestForm: 'config',

    async resolve(reference, options) {
      const parsed = parseTagOrDigest(reference)
      options?.signal?.throwIfAborted()
      const index = await load()
      const entry = 'tag' in parsed ? findTag(index, parsed.tag) : findDigest(index, parsed.digest)
      if (!entry) return describeUnlisted(parseDigest(reference))
      await requirePresent(blobs, entry)
      return descriptorOf(entry)
    },

    async fetch(target, options) {
      options?.signal?.throwIfAborted()
      await blobs.require(target)
      return blobs.stream(target, options)
    },

    async *referrers(subject, options) {
      parseDigest(subject.digest)
      yield* referrers.list((await load()).entries, subject, options)
    },

    async *tags({ signal } = {}) {
      signal?.throwIfAborted()
      for (const name of (await load()).byRefName.keys()) {
        signal?.throwIfAborted()
        // Names of other kinds (podman writes the whole reference) are none that `resolve` takes.
        if (isTag(name)) yield name
      }
    },
  }
}

/** Says no unless content is there; a document is read, and is what its descriptor says. */
async function requirePresent(blobs: BlobReader, descriptor: Descriptor): Promise<void> {
  if (!documentTypes.includes(descriptor.mediaType)) return blobs.require(descriptor)
  parseDocument(await blobs.read(descriptor.digest, descriptor.size), descriptor)
}

/**
 * What a tag may be pointed at: content that is there, as the index describes it where it does.
 * @throws INVALID_REFERENCE | INVALID_DIGEST | UNAVAILABLE_NOT_FOUND | INVALID_CONTENT | INVALID_MANIFEST
 */
export async function requireTaggable(
  blobs: BlobReader,
  index: Pick<IndexFile, 'byDigest'>,
  target: Descriptor,
  tag: string,
): Promise<Descriptor> {
  if (!('tag' in parseTagOrDigest(tag)))
    throw new OcisignError('INVALID_REFERENCE', `"${printable(tag)}" is a digest, not a tag`, {
      reference: printable(tag),
    })
  const named = findDigest(index, parseDigest(target.digest)) ?? target
  await requirePresent(blobs, named).catch((error: unknown) => {
    throw isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')
      ? notFound(tag, `would name ${target.digest}, which is not in this layout`)
      : error
  })
  return named
}
