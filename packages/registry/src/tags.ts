// SPDX-License-Identifier: Apache-2.0
// The tags of a repository (distribution-spec, listing tags).
import { type CallOptions, isOcisignError, isTag, parseJsonObject } from '@ocisign/core'
import type { RepositoryContext } from './context.js'
import { type Listing, listingError, readFurtherPages, readPage } from './pagination.js'

const tagsOnOnePage = 1000

/** Lists each tag once. @throws UNAVAILABLE_LISTING | UNAVAILABLE_REPOSITORY | DENIED_CREDENTIALS | DENIED_REPOSITORY */
export async function* listTags(
  context: RepositoryContext,
  { signal }: CallOptions = {},
): AsyncGenerator<string, void, undefined> {
  const what = 'list the tags'
  const listing: Listing = { at: `tags/list?n=${tagsOnOnePage}`, accept: 'application/json', what, signal }
  const seen = new Set<string>()
  const read = (bytes: Uint8Array) => parseTags(context, bytes).filter((tag) => !seen.has(tag) && seen.add(tag))
  const first = await readPage(context, listing, listing.at)
  yield* read(first.bytes)
  for await (const { bytes } of readFurtherPages(context, listing, first)) yield* read(bytes)
}

function parseTags(context: RepositoryContext, bytes: Uint8Array): readonly string[] {
  const what = 'list the tags'
  try {
    const { tags } = parseJsonObject(bytes, { what: 'the list of tags' })
    // Nothing is written as null by registries made in Go.
    if (tags === null) return []
    if (Array.isArray(tags) && tags.every((tag): tag is string => typeof tag === 'string' && isTag(tag))) return tags
  } catch (error) {
    if (isOcisignError(error)) throw listingError(context, what, error.message, { cause: error })
    throw error
  }
  throw listingError(context, what, 'the answer is no list of tags')
}
