// SPDX-License-Identifier: Apache-2.0
import { createHasher } from '#crypto'
import type { CallOptions, Content, Descriptor, Target } from './descriptor.js'
import { type DigestAlgorithm, digestAlgorithmOf, encodeDigest, isDigest } from './digest.js'
import { OcisignError, printable } from './errors.js'
import { limits } from './limits.js'

// Stores are one-method capabilities; a `reference` is a tag or a digest, never a repository.

/** What {@link Resolver} accepts. */
export interface ResolveOptions extends CallOptions {
  /**
   * The artifact's referrers are listed next, of this artifact type (any where empty): a store that answers over a
   * network may ask for both at once. No promise to list; what was fetched ahead is used once or not at all.
   */
  readonly listsNext?: string | undefined
}

/** Finds what a tag or digest names; throws UNAVAILABLE_NOT_FOUND only for a definite absence. */
export interface Resolver {
  resolve(reference: string, options?: ResolveOptions): Promise<Descriptor>
}

/** Lists the tags there are, in any order and each once; a listing that fails throws, it does not end. */
export interface TagLister {
  tags(options?: CallOptions): AsyncIterable<string>
}

/** Streams content; need not check it, {@link readAll} and {@link checkedContent} do. */
export interface ContentReader {
  fetch(target: Descriptor, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>
}

/** Stores content under its digest; content that does not match `expected` is refused with INVALID_CONTENT and not kept. */
export interface ContentWriter {
  push(expected: Descriptor, content: Content, options?: CallOptions): Promise<void>
  /**
   * Takes a blob over from another repository that keeps its content in the same place; false where it has to be pushed.
   * Left out by stores that know no other repository.
   */
  mount?(target: Descriptor, from: string, options?: CallOptions): Promise<boolean>
}

/**
 * Lists manifests whose subject is `subject`; a listing that fails throws, it does not end.
 *
 * `artifactType` leaves out what is known to be of another type. What cannot be read, or whose type nobody knows, may
 * be what was asked for: it is listed, or the listing fails.
 */
export interface ReferrerLister {
  referrers(subject: Target, options?: CallOptions & { readonly artifactType?: string }): AsyncIterable<Descriptor>
}

/** Points a tag at stored content, replacing what it pointed at. */
export interface Tagger {
  tag(target: Descriptor, tag: string, options?: CallOptions): Promise<void>
}

/** What verifying needs. */
export interface ReadableStore extends Resolver, ContentReader, ReferrerLister {
  /** `host/path`: a registry knows it, the caller of a layout or memory store states it. Trust policy scopes select by it. */
  readonly repository?: string | undefined
  /**
   * The form of signature manifest that readers of this kind of store are known to find; `artifact` where unsaid.
   * Released versions of Notation find only the `config` form in an OCI layout.
   */
  readonly signatureManifestForm?: 'artifact' | 'config'
}

/** What signing needs. */
export interface ArtifactStore extends ReadableStore, ContentWriter, Tagger {}

const mismatch = (expected: Descriptor, why: string) =>
  new OcisignError('INVALID_CONTENT', `content of ${printable(expected.digest, 140)} ${why}`, {
    digest: printable(expected.digest, 140),
  })

/** A usable digest is the first thing that content is held to. @throws INVALID_CONTENT */
function algorithmOf(expected: Descriptor): DigestAlgorithm {
  const { digest } = expected
  if (!isDigest(digest)) throw mismatch(expected, 'has no usable digest')
  return digestAlgorithmOf(digest)
}

/**
 * Proves that content at hand has the size and the digest of its descriptor.
 * @throws INVALID_CONTENT
 */
export async function requireContent(bytes: Uint8Array, expected: Descriptor): Promise<void> {
  const algorithm = algorithmOf(expected)
  const hasher = createHasher(algorithm)
  const size = lengthOf(bytes, 0, expected)
  hasher.update(bytes)
  const hash = hasher.digest()
  // Waiting for what is at hand costs more than the hash.
  requireSame(expected, size, algorithm, hash instanceof Promise ? await hash : hash)
}

/** Holds all that came to its descriptor. @throws INVALID_CONTENT */
function requireSame(expected: Descriptor, size: number, algorithm: DigestAlgorithm, hash: Uint8Array): void {
  if (size !== expected.size) throw mismatch(expected, `has ${size} bytes instead of ${expected.size}`)
  if (encodeDigest(algorithm, hash) !== expected.digest) throw mismatch(expected, 'does not match it')
}

/** The length of the next chunk, after so many bytes. @throws INVALID_CONTENT */
function lengthOf(chunk: Uint8Array, before: number, expected: Descriptor): number {
  // Text would hash like its bytes and be copied as something else.
  if (!(chunk instanceof Uint8Array)) throw mismatch(expected, 'does not come as bytes')
  if (before + chunk.length <= expected.size) return chunk.length
  throw mismatch(expected, `is longer than the ${expected.size} bytes it should have`)
}

/**
 * Passes content through while counting and hashing it; the end of the iteration is the proof.
 * What was yielded before may be wrong, so keep it aside until the iteration ends.
 * @throws INVALID_CONTENT
 */
export async function* checkedContent(
  content: Content,
  expected: Descriptor,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const algorithm = algorithmOf(expected)
  const hasher = createHasher(algorithm)
  let size = 0
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    options?.signal?.throwIfAborted()
    size += lengthOf(chunk, size, expected)
    hasher.update(chunk)
    yield chunk
  }
  requireSame(expected, size, algorithm, await hasher.digest())
}

/**
 * Reads bounded content and proves size and digest, so that no driver can skip it.
 * @throws UNAVAILABLE_LIMIT where the descriptor states more than `maxBytes` (default 4 MiB), before anything is fetched
 * @throws INVALID_CONTENT where size or digest differ
 */
export async function readAll(
  store: ContentReader,
  target: Descriptor,
  options: CallOptions & { readonly maxBytes?: number } = {},
): Promise<Uint8Array> {
  const maxBytes = options.maxBytes ?? limits.manifestBytes
  if (!(Number.isSafeInteger(target.size) && target.size >= 0)) throw mismatch(target, 'has no usable size')
  if (target.size > maxBytes)
    throw new OcisignError(
      'UNAVAILABLE_LIMIT',
      `content of ${printable(target.digest, 140)} has ${target.size} bytes; at most ${maxBytes} are read`,
      { target: target.digest, refusals: [], retryable: false },
    )
  algorithmOf(target)
  const all = new Uint8Array(target.size)
  let size = 0
  for await (const chunk of await store.fetch(target, options)) {
    options.signal?.throwIfAborted()
    const length = lengthOf(chunk, size, target)
    all.set(chunk, size)
    size += length
  }
  await requireContent(all.subarray(0, size), target)
  return all
}
