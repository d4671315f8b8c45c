// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from './descriptor.js'
import { isDigest } from './digest.js'
import { OcisignError, printable } from './errors.js'
import { parseTagOrDigest } from './reference.js'
import type { ResolveOptions, Resolver } from './store.js'

/**
 * Resolves a reference and holds the answer to it: whoever asks for a digest gets that digest, whatever the store says.
 * @throws INVALID_CONTENT where it is another one
 * @throws INVALID_DESCRIPTOR where it is no usable descriptor
 * @throws INVALID_REFERENCE | INVALID_DIGEST for a reference that is neither tag nor digest, and what the store throws
 */
export async function resolveReference(
  store: Resolver,
  reference: string,
  options?: ResolveOptions,
): Promise<Descriptor> {
  const wanted = parseTagOrDigest(reference)
  const resolved = await store.resolve(reference, options)
  options?.signal?.throwIfAborted()
  const { digest, size, mediaType } = resolved
  if (!(isDigest(digest) && Number.isSafeInteger(size) && size >= 0 && typeof mediaType === 'string')) {
    const what = printable(reference)
    throw new OcisignError('INVALID_DESCRIPTOR', `the store has no usable descriptor for "${what}"`, { what })
  }
  if ('digest' in wanted && wanted.digest !== digest)
    throw new OcisignError('INVALID_CONTENT', `the store answered ${digest} when it was asked for ${wanted.digest}`, {
      digest: wanted.digest,
    })
  return resolved
}
