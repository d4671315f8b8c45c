// SPDX-License-Identifier: Apache-2.0
// What refers to an artifact: the Referrers API, or the tag schema where a registry has none (distribution-spec 1.1,
// listing referrers).
import {
  type CallOptions,
  limits as coreLimits,
  type Descriptor,
  type Digest,
  isJsonObject,
  isOcisignError,
  type JsonValue,
  mediaTypes,
  type OcisignError,
  parseDescriptor,
  parseJsonObject,
  readAll,
  requireExactNames,
  type Target,
} from '@ocisign/core'
import type { RepositoryContext } from './context.js'
import { type Listing, listingError, type Page, readFurtherPages, readPage } from './pagination.js'
import { describeReferrer } from './referrer.js'
import { readReferrersTag } from './referrers-tag.js'

/** What listing takes. */
export interface ReferrerOptions extends CallOptions {
  readonly artifactType?: string | undefined
}

/** Lists referrers of one repository. */
export interface Referrers {
  list(subject: Target, options?: ReferrerOptions): AsyncGenerator<Descriptor, void, undefined>
  /** Asks for the first page now, for a {@link Referrers.list} of the same that comes at once; the result puts it away. */
  ahead(digest: Digest, options: ReferrerOptions): () => void
}

/** How long what was asked for ahead is good, in milliseconds: as long as asking took, and no longer. */
const aheadMilliseconds = 10_000
const maxAhead = 64

/** The beginning of a listing. */
interface Beginning {
  readonly entries: readonly JsonValue[]
  /** Undefined where the tag schema answered, which has one page. */
  readonly page: Page | undefined
}

/** What was asked for before anybody listed. */
interface Ahead {
  readonly beginning: Promise<Beginning>
  /** In milliseconds of `performance.now()`. */
  readonly until: number
  /** Of whoever asked. */
  readonly signal: AbortSignal | undefined
}

const what = 'list the referrers'
const indexNames = ['schemaVersion', 'mediaType', 'manifests']
const entryNames = ['mediaType', 'digest', 'size', 'artifactType', 'annotations']

/** Makes the lister; `readManifest` reads one of the repository. */
export function createReferrers(
  context: RepositoryContext,
  readManifest: (target: Descriptor, options?: CallOptions) => Promise<AsyncIterable<Uint8Array>>,
): Referrers {
  const begun = new Map<string, Ahead>()
  const keyOf = (digest: string, { artifactType = '' }: ReferrerOptions) => `${digest} ${artifactType}`

  const begin = async (digest: string, listing: Listing): Promise<Beginning> => {
    const page = await readPage(context, listing, listing.at)
    // Only this says that there is no such API; anything else is a listing that failed.
    if (page.response.status === 404)
      return { entries: (await readReferrersTag(context, digest, listing)).entries, page: undefined }
    return { entries: parseIndex(context, page), page }
  }

  const take = (key: string) => {
    const found = begun.get(key)
    begun.delete(key)
    return found && performance.now() < found.until ? found : undefined
  }

  /** What was asked for ahead may be somebody else's, who has given up: that is not this caller's end. */
  const beginOnce = async (subject: Target, listing: Listing, options: ReferrerOptions): Promise<Beginning> => {
    const ahead = take(keyOf(subject.digest, options))
    const fresh = () => begin(subject.digest, listing)
    if (!ahead) return fresh()
    return ahead.beginning.catch((error: unknown) => {
      options.signal?.throwIfAborted()
      if (ahead.signal?.aborted) return fresh()
      throw error
    })
  }

  /** The types that registries are known to leave out, or to fill with that of the empty config, stand in the manifest. */
  const complete = async (descriptor: Descriptor, options: CallOptions): Promise<Descriptor> => {
    try {
      const bytes = await readAll({ fetch: readManifest }, descriptor, {
        ...options,
        maxBytes: coreLimits.manifestBytes,
      })
      return describeReferrer(descriptor, bytes)?.descriptor ?? descriptor
    } catch {
      options.signal?.throwIfAborted()
      // Whoever asked reads it again and says what is wrong with it.
      return descriptor
    }
  }

  return {
    ahead(digest, options) {
      const key = keyOf(digest, options)
      const beginning = begin(digest, listingOf(digest, options))
      // Whoever lists hears of it; nobody else has to.
      beginning.catch(() => undefined)
      if (begun.size >= maxAhead) begun.clear()
      begun.set(key, { beginning, until: performance.now() + aheadMilliseconds, signal: options.signal })
      return () => {
        if (begun.get(key)?.beginning === beginning) begun.delete(key)
      }
    },

    async *list(subject, options = {}) {
      const { artifactType, signal } = options
      const listing = listingOf(subject.digest, options)
      const seen = new Set<string>()
      let broken: OcisignError | undefined

      const read = async function* (entries: readonly JsonValue[]) {
        for (const entry of entries) {
          let descriptor: Descriptor
          try {
            descriptor = parseEntry(entry)
          } catch (error) {
            if (!isOcisignError(error)) throw error
            broken ??= error
            continue
          }
          if (seen.has(descriptor.digest)) continue
          seen.add(descriptor.digest)
          // What is left out counts as well: nobody else sees how much that is.
          if (seen.size > coreLimits.referrers)
            throw listingError(context, what, `there are more than ${coreLimits.referrers}`)
          const isUnknown = !descriptor.artifactType || descriptor.artifactType === mediaTypes.empty
          if (!isUnknown && artifactType !== undefined && descriptor.artifactType !== artifactType) continue
          // Whoever asks for one type reads the manifests: they need not be read twice.
          yield isUnknown && artifactType === undefined ? await complete(descriptor, { signal }) : descriptor
        }
      }

      const { entries, page } = await beginOnce(subject, listing, options)
      yield* read(entries)
      if (page)
        for await (const further of readFurtherPages(context, listing, page)) yield* read(parseIndex(context, further))
      // What cannot be read may be what was asked for: it hides nothing else, and nothing looks unsigned.
      if (broken) throw listingError(context, what, broken.message, { cause: broken })
    },
  }
}

/** Tells whether a registry has no Referrers API, whatever it says of what is pushed. @throws what listing throws */
export async function lacksReferrers(
  context: RepositoryContext,
  digest: string,
  options: CallOptions,
): Promise<boolean> {
  const listing = listingOf(digest, options)
  return (await readPage(context, listing, listing.at)).response.status === 404
}

function listingOf(digest: string, { artifactType, signal }: ReferrerOptions): Listing {
  const query = artifactType ? `?artifactType=${encodeURIComponent(artifactType)}` : ''
  return { at: `referrers/${digest}${query}`, accept: mediaTypes.imageIndex, what, answers: [404], signal }
}

/** The entries of one page. @throws UNAVAILABLE_LISTING */
function parseIndex(context: RepositoryContext, { response, bytes }: Page): readonly JsonValue[] {
  const { status } = response
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  // A front end that shows its start page for every unknown path has no Referrers API, but does not say so either.
  if (type.trim().toLowerCase() !== mediaTypes.imageIndex)
    throw listingError(context, what, 'the answer is no image index', { status })
  try {
    const document = parseJsonObject(bytes, { what: 'the list of referrers' })
    requireExactNames(document, indexNames, 'the list of referrers')
    const { manifests } = document
    if (Array.isArray(manifests)) return manifests
  } catch (error) {
    if (isOcisignError(error)) throw listingError(context, what, error.message, { status, cause: error })
    throw error
  }
  throw listingError(context, what, 'the answer holds no list', { status })
}

function parseEntry(entry: JsonValue): Descriptor {
  if (isJsonObject(entry)) requireExactNames(entry, entryNames, 'an entry')
  return parseDescriptor(entry, 'an entry')
}
