// SPDX-License-Identifier: Apache-2.0
// The tag schema: an index under a tag made of the subject's digest, kept by the clients (distribution-spec 1.1,
// referrers tag schema).
import {
  type CallOptions,
  type Digest,
  digestBytes,
  encodeText,
  isJsonObject,
  isOcisignError,
  type JsonObject,
  type JsonValue,
  mediaTypes,
  OcisignError,
  parseJsonObject,
  requireExactNames,
} from '@ocisign/core'
import type { RepositoryContext } from './context.js'
import { listingError } from './pagination.js'
import type { Referrer } from './referrer.js'
import { randomFraction, sleep } from './retry.js'

/** The tag under which referrers of this digest are listed. */
export function referrersTag(digest: string): string {
  const colon = digest.indexOf(':')
  const clean = (text: string, length: number) => text.slice(0, length).replace(/[^a-zA-Z0-9._-]/g, '-')
  return `${clean(digest.slice(0, colon), 32)}-${clean(digest.slice(colon + 1), 64)}`
}

/** What is under the tag; nothing where there is no such tag. */
export interface ReferrersIndex {
  readonly entries: readonly JsonValue[]
  readonly document: JsonObject | undefined
  /** Of the index as it is. */
  readonly digest: Digest | undefined
}

/** Reads the index. @throws UNAVAILABLE_LISTING, and what is said of credentials */
export async function readReferrersTag(
  context: RepositoryContext,
  digest: string,
  { signal }: CallOptions = {},
): Promise<ReferrersIndex> {
  const { client, limits } = context
  const what = 'read the referrers tag'
  try {
    const response = await client.send({
      method: 'GET',
      at: `manifests/${referrersTag(digest)}`,
      headers: { Accept: mediaTypes.imageIndex },
      actions: ['pull'],
      expected: [200, 404],
      idempotent: true,
      readsBytes: limits.documentBytes,
      what,
      signal,
    })
    if (response.status === 404) {
      await response.discard()
      return { entries: [], document: undefined, digest: undefined }
    }
    const bytes = await response.bytes(limits.documentBytes)
    const document = parseJsonObject(bytes, { what: 'the referrers index' })
    requireExactNames(document, ['schemaVersion', 'mediaType', 'manifests'], 'the referrers index')
    const { manifests, mediaType } = document
    if (!Array.isArray(manifests) || (mediaType !== undefined && mediaType !== mediaTypes.imageIndex))
      throw listingError(context, what, 'what is there is no image index')
    return { entries: manifests, document, digest: await digestBytes(bytes) }
  } catch (error) {
    signal?.throwIfAborted()
    if (!isOcisignError(error) || error.code.startsWith('DENIED_') || error.code === 'UNAVAILABLE_LISTING') throw error
    throw listingError(context, what, error.message, { cause: error })
  }
}

/** The longest wait for others that write the same index, in milliseconds. */
const maxSettling = 3_000

/** Adds referrers to their subjects' indexes, one after another for each subject. */
export interface ReferrersTagWriter {
  /**
   * Adds one that is stored already; one that is listed stays as it is.
   *
   * Another writer may replace the index between reading and writing it: whoever needs to know that a referrer is listed
   * lists, and adds it again where it is not.
   * @throws UNAVAILABLE_LISTING where the index there cannot be read: it is not overwritten then
   * @throws UNAVAILABLE_LIMIT where it would be larger than what is read
   */
  add(referrer: Referrer, options?: CallOptions): Promise<void>
}

/** Makes the writer of one repository. */
export function createReferrersTagWriter(context: RepositoryContext): ReferrersTagWriter {
  // In one process nobody overtakes: each waits for whoever wrote the same index before.
  const turns = new Map<string, Promise<void>>()
  return {
    async add(referrer, options) {
      const tag = referrersTag(referrer.subject.digest)
      const turn = (turns.get(tag) ?? Promise.resolve()).then(() => addToIndex(context, tag, referrer, options))
      const settled = turn.catch(() => undefined)
      turns.set(tag, settled)
      await turn.finally(() => {
        if (turns.get(tag) === settled) turns.delete(tag)
      })
    },
  }
}

async function addToIndex(
  context: RepositoryContext,
  tag: string,
  { subject, descriptor }: Referrer,
  options: CallOptions = {},
): Promise<void> {
  const { client, limits } = context
  const started = performance.now()
  const { entries, document, digest } = await readReferrersTag(context, subject.digest, options)
  if (entries.some((entry) => isJsonObject(entry) && entry.digest === descriptor.digest)) return
  const bytes = encodeText(
    JSON.stringify({
      ...(document ?? { schemaVersion: 2, mediaType: mediaTypes.imageIndex }),
      manifests: [...entries, descriptor],
    }),
  )
  if (bytes.length > limits.documentBytes)
    throw new OcisignError(
      'UNAVAILABLE_LIMIT',
      `the referrers index of ${subject.digest} would have ${bytes.length} bytes; at most ${limits.documentBytes} are read`,
      { target: subject.digest, refusals: [], retryable: false },
    )
  const response = await client.send({
    method: 'PUT',
    at: `manifests/${tag}`,
    headers: { 'Content-Type': mediaTypes.imageIndex },
    body: () => bytes,
    actions: ['pull', 'push'],
    expected: [200, 201, 202],
    idempotent: true,
    what: 'write the referrers tag',
    ...options,
  })
  await response.discard()
  const took = performance.now() - started
  if (digest) await deleteOldIndex(context, digest, options)
  // Who read the index before this was written, and writes it only now, leaves this out: whoever lists next is to see that.
  await sleep(Math.min(maxSettling, took * (4 + 2 * randomFraction())), options.signal)
}

/** The old index names nothing that the new one does not: keeping it costs space and nothing else. */
async function deleteOldIndex(context: RepositoryContext, digest: Digest, { signal }: CallOptions): Promise<void> {
  const { client, notice } = context
  try {
    const response = await client.send({
      method: 'DELETE',
      at: `manifests/${digest}`,
      actions: ['pull', 'push', 'delete'],
      expected: [200, 202, 204, 404],
      what: 'delete the old referrers index',
      signal,
    })
    await response.discard()
  } catch (error) {
    signal?.throwIfAborted()
    if (!isOcisignError(error)) throw error
    const message = `the old referrers index ${digest} of ${client.repository} could not be deleted: ${error.message}`
    notice({ kind: 'old-index-kept', host: client.host, message })
  }
}
