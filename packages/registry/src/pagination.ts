// SPDX-License-Identifier: Apache-2.0
// Listings that come in pages, each naming the next in its `Link` header (RFC 8288).
import { type CallOptions, errorKind, isOcisignError, OcisignError, printable } from '@ocisign/core'
import type { RepositoryContext } from './context.js'
import { addressFrom } from './redirects.js'
import type { TransportResponse } from './transport.js'

/** A listing. */
export interface Listing extends CallOptions {
  /** Under `/v2/PATH/`, with its query. */
  readonly at: string
  readonly accept: string
  /** `list the tags`, in errors. */
  readonly what: string
  /** Statuses of the first page that are answers, too; their bodies are not read. */
  readonly answers?: readonly number[]
}

/** One page. */
export interface Page {
  readonly response: TransportResponse
  readonly bytes: Uint8Array
  readonly next: URL | undefined
}

/** What a listing that cannot be finished throws: it must never look like one that ended. */
export function listingError(
  { client }: RepositoryContext,
  what: string,
  why: string,
  { status, cause }: { readonly status?: number | undefined; readonly cause?: unknown } = {},
): OcisignError {
  return new OcisignError(
    'UNAVAILABLE_LISTING',
    `cannot ${what} of ${client.repository}: ${why}`,
    { host: client.host, repository: client.repository, retryable: isRetryable(cause), status },
    { cause },
  )
}

const isRetryable = (error: unknown) =>
  isOcisignError(error) && (error.details as { readonly retryable?: boolean }).retryable === true

/** Reads the first page, or the one that `at` names. @throws UNAVAILABLE_LISTING, and what is said of credentials and repositories */
export async function readPage(context: RepositoryContext, listing: Listing, at: string | URL): Promise<Page> {
  const { client, limits } = context
  const { signal, accept, what } = listing
  try {
    const response = await client.send({
      method: 'GET',
      at,
      headers: { Accept: accept },
      actions: ['pull'],
      expected: typeof at === 'string' ? [200, ...(listing.answers ?? [])] : [200],
      idempotent: true,
      readsBytes: limits.documentBytes,
      what,
      signal,
    })
    if (response.status !== 200) {
      await response.discard()
      return { response, bytes: new Uint8Array(), next: undefined }
    }
    const bytes = await response.bytes(limits.documentBytes)
    return { response, bytes, next: nextPage(response) }
  } catch (error) {
    throw listingFailure(context, what, error, signal)
  }
}

/** Reads the pages after `first`: each once, and not without end. @throws UNAVAILABLE_LISTING */
export async function* readFurtherPages(
  context: RepositoryContext,
  listing: Listing,
  first: Page,
): AsyncGenerator<Page, void, undefined> {
  const seen = new Set([first.response.url.href])
  let pages = 1
  for (let { next } = first; next !== undefined; ) {
    if (seen.has(next.href)) throw listingError(context, listing.what, 'its pages go round in a circle')
    if (++pages > context.limits.pages)
      throw listingError(context, listing.what, `there are more than ${context.limits.pages} pages`)
    seen.add(next.href)
    const page = await readPage(context, listing, next)
    yield page
    next = page.next
  }
}

/** The caller's own abort, refused credentials and an unknown repository say more than that a listing failed. */
function listingFailure(context: RepositoryContext, what: string, error: unknown, signal?: AbortSignal): unknown {
  signal?.throwIfAborted()
  if (errorKind(error) === 'DENIED') return error
  if (isOcisignError(error, 'UNAVAILABLE_LISTING') || isOcisignError(error, 'UNAVAILABLE_REPOSITORY')) return error
  if (!isOcisignError(error)) return error
  const { status } = error.details as { readonly status?: number }
  return listingError(context, what, error.message, { status, cause: error })
}

const maxLinkLength = 8192

/** The target of `rel="next"`. @throws UNAVAILABLE_LISTING through {@link readPage}, where there is one that leads nowhere */
function nextPage({ headers, url }: TransportResponse): URL | undefined {
  const link = headers.get('link')
  if (link === null) return undefined
  const malformed = (why: string) =>
    new OcisignError('UNAVAILABLE_REGISTRY', `the answer's Link header ${why}`, {
      host: url.host,
      codes: [],
      retryable: false,
    })
  if (link.length > maxLinkLength) throw malformed('is too long')
  for (const [, target = '', parameters = ''] of link.matchAll(/<([^<>]*)>((?:\s*;\s*[^,;<>"]+(?:"[^"<>]*")?)*)/g)) {
    if (!/;\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?\s*(?:;|$)/i.test(parameters)) continue
    if (!URL.canParse(target, url)) throw malformed(`names no page: "${printable(target, 80)}"`)
    const next = addressFrom(target, url)
    if (next.protocol !== 'https:' && next.protocol !== url.protocol)
      throw malformed(`leads to ${printable(next.protocol, 20)}`)
    return next
  }
  // There are more pages, but nobody can tell where: that is not the end.
  if (/\bnext\b/i.test(link)) throw malformed('cannot be read')
  return undefined
}
