// SPDX-License-Identifier: Apache-2.0
import { createHasher } from '#crypto'
import { encodeHex } from './bytes.js'
import type { CallOptions, Content, Descriptor } from './descriptor.js'
import { OcisignError, printable } from './errors.js'

/** The hashes a digest may use. */
export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512'

/** The address of content, computed by us and never believed. */
export type Digest = `${DigestAlgorithm}:${string}`

/** Hashes what does not fit in memory. */
export interface Hasher {
  update(chunk: Uint8Array): void
  /** The hash of all chunks; called once. */
  digest(): Uint8Array | Promise<Uint8Array>
}

/** Makes a hasher. Node's streams; WebCrypto's keeps the chunks and refuses more than 256 MiB. */
export type CreateHasher = (algorithm: DigestAlgorithm) => Hasher

const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/

/** Tells whether the text is a digest in the one form accepted: known algorithm, lower case, exact length. */
export function isDigest(text: string): text is Digest {
  return digestPattern.test(text)
}

/**
 * Reads a digest, so that it is safe in a path or an address.
 * @throws INVALID_DIGEST
 */
export function parseDigest(text: string): Digest {
  if (typeof text === 'string' && isDigest(text)) return text
  const digest = printable(String(text), 100)
  throw new OcisignError(
    'INVALID_DIGEST',
    `"${digest}" is not a digest; write sha256:, sha384: or sha512: and lower-case hexadecimal digits`,
    { digest },
  )
}

/** Names the algorithm of a digest. */
export function digestAlgorithmOf(digest: Digest): DigestAlgorithm {
  return digest.slice(0, 6) as DigestAlgorithm
}

/** Writes a hash as a digest. */
export function encodeDigest(algorithm: DigestAlgorithm, hash: Uint8Array): Digest {
  return `${algorithm}:${encodeHex(hash)}`
}

/** Computes the digest of content at hand. */
export async function digestBytes(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Promise<Digest> {
  const hasher = createHasher(algorithm)
  hasher.update(bytes)
  return encodeDigest(algorithm, await hasher.digest())
}

/** What {@link describeContent} accepts. */
export interface DescribeOptions extends CallOptions {
  readonly createHasher?: CreateHasher
}

/** Hashes content once, as it streams by, and says what it is: digest, size in bytes, and the media type given. */
export async function describeContent(
  content: Content,
  algorithm: DigestAlgorithm,
  mediaType: string,
  options: DescribeOptions = {},
): Promise<Descriptor> {
  const hasher = (options.createHasher ?? createHasher)(algorithm)
  let size = 0
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    options.signal?.throwIfAborted()
    hasher.update(chunk)
    size += chunk.length
  }
  return { mediaType, digest: encodeDigest(algorithm, await hasher.digest()), size }
}
