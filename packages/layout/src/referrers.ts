// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, type Descriptor, isOcisignError, mediaTypes, OcisignError, type Target } from '@ocisign/core'
import type { BlobReader } from './blob-reader.js'
import type { ReadingLimits } from './context.js'
import { type Document, isAttachedTo, parseDocument } from './document.js'
import { documentTypes, type Entry } from './entry.js'
import { limitError } from './errors.js'

/** What {@link Referrers.list} accepts. */
export interface ListOptions extends CallOptions {
  readonly artifactType?: string
}

/** Finds what is attached to what. */
export interface Referrers {
  list(entries: readonly Entry[], subject: Target, options?: ListOptions): AsyncIterable<Descriptor>
}

/** Files open at a time. */
const batchSize = 32
/** Bytes of the documents remembered; what is kept of each takes less. */
const maxRememberedBytes = 32 * 1024 * 1024

/**
 * Makes a lister. It remembers what documents say by their digest, which was proven when they were read.
 *
 * What refers to the subject comes first, as it is found. A listed document that cannot be read may refer to the
 * subject too, and nothing but itself says whether it does; so unless its entry tells that it is something else, the
 * listing fails at its end with UNAVAILABLE_STORE. One damaged document thus hides no signature, and makes nothing
 * look unsigned.
 */
export function createReferrers(limits: ReadingLimits, blobs: BlobReader): Referrers {
  const remembered = new Map<string, Document>()
  let rememberedBytes = 0

  const inspect = async (entry: Entry): Promise<Document> => {
    const document = parseDocument(await blobs.read(entry.digest, entry.size), entry)
    const { key } = entry
    if (remembered.has(key)) return document
    rememberedBytes += entry.size
    remembered.set(key, document)
    for (const oldest of remembered.keys()) {
      if (rememberedBytes <= maxRememberedBytes) break
      remembered.delete(oldest)
      rememberedBytes -= Number(oldest.split(' ')[1])
    }
    return document
  }

  const inspectAll = (entries: readonly Entry[]): Promise<readonly (Document | OcisignError)[]> =>
    Promise.all(entries.map((entry) => remembered.get(entry.key) ?? inspect(entry).catch(requireOurs)))

  return {
    async *list(entries, subject, options = {}) {
      const { artifactType, signal } = options
      const seen = new Set<string>()
      const failures: { readonly entry: Entry; readonly error: OcisignError }[] = []
      let level = entries
      for (let depth = 1; level.length > 0; depth++) {
        if (depth > limits.depth)
          throw limitError(subject.digest, `indexes of this layout are nested deeper than ${limits.depth} levels`)
        const wanted = level.filter((entry) => mayLead(entry, subject) && isNew(seen, entry))
        if (seen.size > limits.manifests)
          throw limitError(subject.digest, `this layout lists more than ${limits.manifests} manifests`)
        const next: Entry[] = []
        for (let start = 0; start < wanted.length; start += batchSize) {
          signal?.throwIfAborted()
          const batch = wanted.slice(start, start + batchSize)
          const documents = await inspectAll(batch)
          for (const [position, entry] of batch.entries()) {
            const document = documents[position]!
            if (isOcisignError(document)) {
              if (mayRefer(entry, artifactType)) failures.push({ entry, error: document })
              continue
            }
            for (const child of document.children) next.push(child)
            if (!isAttachedTo(document, subject)) continue
            if (artifactType !== undefined && document.artifactType !== artifactType) continue
            yield describe(entry, document)
          }
        }
        level = next
      }
      if (failures.length > 0) throw incomplete(subject, failures)
    },
  }
}

/** As a registry lists it: type and annotations are the document's own (distribution-spec, listing referrers). */
function describe({ mediaType, digest, size }: Entry, { artifactType, annotations }: Document): Descriptor {
  return { mediaType, digest, size, ...(artifactType && { artifactType }), ...(annotations && { annotations }) }
}

function requireOurs(error: unknown): OcisignError {
  if (isOcisignError(error)) return error
  throw error
}

/** Docker's image manifests have no subject, and nothing refers to itself. */
function mayLead({ mediaType, digest }: Entry, subject: Target): boolean {
  return digest !== subject.digest && mediaType !== mediaTypes.dockerManifest && documentTypes.includes(mediaType)
}

function isNew(seen: Set<string>, { key }: Entry): boolean {
  if (seen.has(key)) return false
  seen.add(key)
  return true
}

/** Judges by the entry alone: an image for a platform, often left out of a copy, or another type than asked for. */
function mayRefer({ platform, artifactType }: Entry, wanted: string | undefined): boolean {
  // Some write the type of the config, which says nothing where it is the empty one.
  const isUnknown = !artifactType || artifactType === mediaTypes.empty
  return !platform && (wanted === undefined || isUnknown || artifactType === wanted)
}

function incomplete(
  subject: Target,
  failures: readonly { readonly entry: Entry; readonly error: OcisignError }[],
): OcisignError {
  const { entry, error } = failures[0]!
  const others = failures.length > 1 ? `, and ${failures.length - 1} more` : ''
  return new OcisignError(
    'UNAVAILABLE_STORE',
    `cannot tell whether ${entry.digest}${others} refers to ${subject.digest}: ${error.message}`,
    { retryable: failures.some(({ error: { details } }) => 'retryable' in details && details.retryable === true) },
    { cause: error },
  )
}
