// SPDX-License-Identifier: Apache-2.0
// Indexes and manifests with all that they hold, read before anything is written.
import type { Descriptor } from '../descriptor.js'
import type { Digest } from '../digest.js'
import { errorKind, isOcisignError, OcisignError } from '../errors.js'
import { limits } from '../limits.js'
import { mapAhead } from '../parallel.js'
import { type ReadableStore, readAll } from '../store.js'
import { isSelected, treeLimit } from '../tree.js'
import { type CopiedDocument, parseCopiedDocument } from './document.js'

/**
 * Why something is not copied: `index` holds something that is not copied, and so would not be what its digest says ·
 * `subject` refers to something that is not copied · `foreign` is a layer that only its owner may distribute ·
 * `invalid`, `too-large`, `missing` and `unknown-type` are referrers, listed by the source, that are no such thing ·
 * `tag` is a tag of cosign's that the destination has for something else.
 */
export type LostReason = 'index' | 'subject' | 'foreign' | 'invalid' | 'too-large' | 'missing' | 'unknown-type' | 'tag'

/** Something that belongs to what is copied, and is not. */
export interface Lost {
  readonly descriptor: Descriptor
  readonly reason: LostReason
  readonly error?: OcisignError
}

/** A manifest or an index that is copied. */
export interface Planned {
  /** As the index or the listing states it. */
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly document: CopiedDocument
}

/** What was found so far. */
export interface Collection {
  readonly store: ReadableStore
  readonly root: Descriptor
  readonly maxDepth: number
  readonly maxManifests: number
  readonly signal: AbortSignal
  /** Every manifest, in the order it was found; lost where it is not planned. */
  readonly seen: Map<Digest, { readonly descriptor: Descriptor; readonly planned?: Planned }>
  readonly lost: Lost[]
  /** Of all documents together. */
  bytes: number
}

/** Where a tree begins; `subject` where the store listed it as a referrer. */
export interface Beginning {
  readonly descriptor: Descriptor
  readonly subject?: Descriptor | undefined
}

/** What is held in memory until it is written. */
const maxDocumentBytes = 64 * 1024 * 1024

/** Says in a provenance manifest of an index which of its images that is about. */
const aboutAnnotation = 'vnd.docker.reference.digest'

interface Node {
  readonly descriptor: Descriptor
  readonly read: Planned | Lost
  depth: number
}

/**
 * Reads trees, and returns what is copied: first what holds nothing else of it, then what holds only that, and so on.
 * What cannot be read is thrown where the reading is strict, and lost otherwise if there is no doubt about it.
 */
export async function collectTrees(
  collection: Collection,
  beginnings: readonly Beginning[],
  { platforms, isStrict }: { readonly platforms?: readonly string[] | undefined; readonly isStrict: boolean },
): Promise<readonly (readonly Planned[])[]> {
  const { seen, signal, maxDepth } = collection
  const nodes = new Map<Digest, Node>()
  let level = beginnings
  for (let depth = 1; level.length > 0; depth++) {
    const unread = level.filter(({ descriptor: { digest } }) => !nodes.has(digest) && !seen.has(digest))
    requireRoom(collection, nodes.size + unread.length, depth > maxDepth)
    const read = (each: Beginning, given: AbortSignal | undefined) => readManifest(collection, each, isStrict, given)
    for await (const each of mapAhead(unread, limits.parallelFetches, read, { signal }))
      nodes.set(each.descriptor.digest, { descriptor: each.descriptor, read: each, depth })
    const next = new Map<Digest, Beginning>()
    for (const { descriptor } of level) {
      const node = nodes.get(descriptor.digest)
      if (!node) continue
      // The deepest place decides when it is written: after everything it holds, before everything that holds it.
      node.depth = depth
      for (const child of childrenOf(node))
        if (isSelected(child, platforms)) next.set(child.digest, { descriptor: child })
    }
    level = [...next.values()]
  }
  return settle(collection, [...nodes.values()])
}

/** @throws UNAVAILABLE_LIMIT */
export function requireRoom({ seen, root, maxDepth, maxManifests }: Collection, more: number, isTooDeep = false): void {
  if (isTooDeep || seen.size + more > maxManifests) throw treeLimit(root, maxDepth, maxManifests)
}

const childrenOf = ({ read }: Node) => ('document' in read ? read.document.children : undefined) ?? []

/** Decides from the deepest up: an index without something that it holds would not have its digest. */
function settle({ seen, lost }: Collection, nodes: readonly Node[]): readonly (readonly Planned[])[] {
  const waves: Planned[][] = []
  const deepest = Math.max(0, ...nodes.map(({ depth }) => depth))
  const isPlanned = ({ digest }: Descriptor) => seen.get(digest)?.planned !== undefined
  for (const node of [...nodes].sort((a, b) => b.depth - a.depth)) {
    const { descriptor, read } = node
    const children = childrenOf(node)
    if ('document' in read && children.every(isPlanned)) {
      seen.set(descriptor.digest, { descriptor, planned: read })
      const wave = deepest - node.depth
      waves[wave] = [...(waves[wave] ?? []), read]
      for (const each of read.document.foreign) lost.push({ descriptor: each, reason: 'foreign' })
      continue
    }
    seen.set(descriptor.digest, { descriptor })
    lost.push('document' in read ? { descriptor, reason: 'index' } : read)
    for (const child of children) {
      const about = child.annotations?.[aboutAnnotation]
      if (!isPlanned(child) && about !== undefined && seen.get(about as Digest)?.planned)
        lost.push({ descriptor: child, reason: 'index' })
    }
  }
  return waves.filter(Boolean)
}

async function readManifest(
  collection: Collection,
  { descriptor, subject }: Beginning,
  isStrict: boolean,
  signal: AbortSignal | undefined,
): Promise<Planned | Lost> {
  const { digest } = descriptor
  try {
    const bytes = await readAll(collection.store, descriptor, { signal })
    const document = parseCopiedDocument(bytes, descriptor)
    if (subject && document.subject !== subject.digest)
      throw new OcisignError('INVALID_MANIFEST', `${digest} is listed for ${subject.digest} but belongs to another`, {
        digest,
      })
    collection.bytes += bytes.length
    if (collection.bytes <= maxDocumentBytes) return { descriptor, bytes, document }
  } catch (error) {
    signal?.throwIfAborted()
    const reason = isStrict ? undefined : reasonOf(error)
    if (!reason || !isOcisignError(error)) throw error
    return { descriptor, reason, error }
  }
  const { root } = collection
  throw new OcisignError('UNAVAILABLE_LIMIT', `the manifests have more than ${maxDocumentBytes} bytes together`, {
    target: root.digest,
    refusals: [],
    retryable: false,
  })
}

/** Why a manifest is definitely not to be had; undefined where nobody knows. */
function reasonOf(error: unknown): LostReason | undefined {
  // Other content than its digest says is the store's failure, or the network's: what it is, nobody has seen.
  if (isOcisignError(error, 'INVALID_CONTENT')) return undefined
  if (errorKind(error) === 'INVALID') return 'invalid'
  if (isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')) return 'missing'
  if (isOcisignError(error, 'UNAVAILABLE_LIMIT')) return 'too-large'
  if (isOcisignError(error, 'UNSUPPORTED_MEDIA_TYPE')) return 'unknown-type'
  return undefined
}
