// SPDX-License-Identifier: Apache-2.0
// What reading manifests and blobs has in common: content that is held to its descriptor.
import {
  type CallOptions,
  type Content,
  checkedContent,
  type Descriptor,
  digestAlgorithmOf,
  digestBytes,
  isOcisignError,
  OcisignError,
  printable,
  readAll,
  requireContent,
} from '@ocisign/core'
import { iterateOnce } from './chunks.js'
import type { ClientRequest } from './client.js'
import type { RepositoryContext } from './context.js'
import { shortError } from './failure.js'

/** Says that content is not what its digest, size or type says. */
export function contentError(digest: string, why: string): OcisignError {
  const shown = printable(digest, 140)
  return new OcisignError('INVALID_CONTENT', `content of ${shown} ${why}`, { digest: shown })
}

/** Refuses a digest header that says something else than what was asked for; fewer than all registries send one. */
export function requireDigestHeader(headers: Headers, digest: string): void {
  const header = headers.get('docker-content-digest')
  // Another algorithm is another name, which may be of the same content.
  if (header === null || header === digest || header.split(':')[0] !== digest.split(':')[0]) return
  throw contentError(digest, `is ${printable(header, 140)} as the registry names it`)
}

/** Content at hand, held to its descriptor. @throws INVALID_CONTENT */
export async function collectContent(
  content: Content,
  expected: Descriptor,
  options?: CallOptions,
): Promise<Uint8Array> {
  if (!(content instanceof Uint8Array))
    return readAll({ fetch: async () => content }, expected, { ...options, maxBytes: expected.size })
  await requireContent(content, expected)
  return content
}

/** Sends a request for content, whose answer is held to the descriptor while it is read. */
export async function readContent(
  { client, limits }: RepositoryContext,
  target: Descriptor,
  request: Pick<ClientRequest, 'at' | 'headers' | 'what' | 'signal'>,
  check: (headers: Headers) => void = () => {},
): Promise<AsyncIterable<Uint8Array>> {
  // What is small is read at once: the connection is free, and one that is lost is no failure yet.
  const isSmall = target.size <= limits.documentBytes
  const response = await client
    .send({
      ...request,
      method: 'GET',
      actions: ['pull'],
      expected: [200],
      ...(isSmall && { readsBytes: target.size }),
    })
    .catch((error: unknown) => {
      throw isSmall && isOcisignError(error, 'UNAVAILABLE_LIMIT')
        ? contentError(target.digest, `is longer than the ${target.size} bytes it should have`)
        : error
    })
  try {
    requireDigestHeader(response.headers, target.digest)
    check(response.headers)
  } catch (error) {
    await response.discard()
    throw error
  }
  const short = (length: number) => {
    const { status, url } = response
    const message = `could not ${request.what} of ${client.repository}: ${url.host} (${status}) sent ${length} of ${target.size} bytes`
    return shortError({ host: url.host, status }, message)
  }
  if (!isSmall) {
    const whole = requireLength(response.body ?? [], target.size, short)
    return checkedContent(whole, target, { signal: request.signal })
  }
  const bytes = await response.bytes(target.size)
  // Where they are those of the digest, it is the descriptor that says something else.
  const isShort =
    bytes.length < target.size && (await digestBytes(bytes, digestAlgorithmOf(target.digest))) !== target.digest
  if (isShort) throw short(bytes.length)
  await requireContent(bytes, target)
  return iterateOnce(bytes)
}

/** Passes content through, and says so where it ends too early. */
async function* requireLength(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
  short: (length: number) => OcisignError,
): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0
  for await (const chunk of content) {
    length += chunk.length
    yield chunk
  }
  if (length < size) throw short(length)
}
