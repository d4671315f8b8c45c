// SPDX-License-Identifier: Apache-2.0
// Uploading blobs (distribution-spec, pushing blobs): at once where they are small, in chunks where they are not.
import {
  type CallOptions,
  type Content,
  checkedContent,
  type Descriptor,
  type Digest,
  isOcisignError,
} from '@ocisign/core'
import { createFlights } from './auth/flights.js'
import { partsOf } from './chunks.js'
import { collectContent } from './content.js'
import type { RepositoryContext } from './context.js'
import { requireDigest } from './manifests.js'
import { sleep } from './retry.js'
import { askProgress, cancel, commit, hasBlob, isPassing, locationOf, sendPart } from './session.js'

/** What a registry says of an upload that has begun. */
interface Session {
  readonly at: URL
  /** The fewest bytes that it takes in one part. */
  readonly chunkBytes: number
}

/** The most bytes that a registry may ask for in one part. */
const maxChunkBytes = 64 * 1024 * 1024

/** Begins an upload, or finds that it is not needed: undefined where the registry has the blob already. */
async function begin(
  { client }: RepositoryContext,
  target: Descriptor,
  from: string | undefined,
  { signal }: CallOptions,
): Promise<Session | undefined> {
  const what = `upload blob ${target.digest}`
  const mount = from === undefined ? '' : `?mount=${encodeURIComponent(target.digest)}&from=${encodeURIComponent(from)}`
  const response = await client.send({
    method: 'POST',
    at: `blobs/uploads/${mount}`,
    actions: ['pull', 'push'],
    ...(from !== undefined && from !== client.path && { mountFrom: from }),
    expected: from === undefined ? [202] : [201, 202],
    // A session more than are used costs nothing.
    idempotent: true,
    what,
    signal,
  })
  await response.discard()
  if (response.status === 201) return undefined
  const minimum = response.headers.get('oci-chunk-min-length') ?? ''
  return { at: locationOf(response, what), chunkBytes: /^\d{1,9}$/.test(minimum) ? Number(minimum) : 0 }
}

/**
 * Asks for a session, and whether the blob is there already, in one request: by mounting it from its own repository,
 * which a registry that does not know it answers with a session.
 */
async function beginUnlessThere(
  context: RepositoryContext,
  target: Descriptor,
  options: CallOptions,
): Promise<Session | undefined> {
  try {
    return await begin(context, target, context.client.path, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const refused = isOcisignError(error, 'UNAVAILABLE_REGISTRY') || isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')
    if (!refused || isPassing(error)) throw error
    // A registry that takes offence at the mount may do without it.
    return begin(context, target, undefined, options)
  }
}

/** Uploads to one repository. */
export interface Uploads {
  /**
   * Uploads a blob, unless it is there.
   * @throws INVALID_CONTENT where the content is not what the descriptor says: nothing is kept then
   */
  push(target: Descriptor, content: Content, options?: CallOptions): Promise<void>
}

/** Makes the uploader. */
export function createUploads(context: RepositoryContext): Uploads {
  const flights = createFlights<void>()
  return {
    async push(target, content, options = {}) {
      requireDigest(target.digest)
      options.signal?.throwIfAborted()
      const finish = (bytes: Uint8Array, begun?: Session) =>
        // The same blob at the same time is the rule, not the exception: the empty config of all signatures.
        flights.join(target.digest, options, (signal) => pushBytes(context, target, bytes, begun, { signal }))
      if (content instanceof Uint8Array) return finish(await collectContent(content, target, options))
      // Nobody reads a stream for a registry that has it; many do not mount what is in the same repository.
      if (await hasBlob(context, target.digest, options)) return
      const session = await beginUnlessThere(context, target, options)
      if (!session) return
      if (target.size > context.limits.chunkBytes)
        return pushParts(context, target, checkedContent(content, target, options), session, options)
      const bytes = await collectContent(content, target, options).catch(async (error: unknown) => {
        const done = cancel(context, session.at, `cancel ${target.digest}`)
        if (!options.signal?.aborted) await done
        throw error
      })
      return finish(bytes, session)
    },
  }
}

/** Content at hand can be sent again. */
async function pushBytes(
  context: RepositoryContext,
  target: Descriptor,
  /** Proven to be what the descriptor says. */
  bytes: Uint8Array,
  begun: Session | undefined,
  options: CallOptions,
): Promise<void> {
  const { limits } = context
  let isChunked = bytes.length > limits.chunkBytes
  for (let tried = 1; ; tried++) {
    const session = tried === 1 && begun ? begun : await beginUnlessThere(context, target, options)
    // The registry has it, perhaps from the try before, whose answer was lost.
    if (!session) return
    try {
      if (isChunked) return await pushParts(context, target, bytes, session, options)
      return await commit(context, session.at, target.digest, bytes, options)
    } catch (error) {
      // Some registries take a blob in one piece only.
      const isRefused = isChunked && isOcisignError(error, 'UNAVAILABLE_REGISTRY') && !isPassing(error)
      if (!(isPassing(error) || isRefused) || tried >= limits.tries) throw error
      if (isRefused) isChunked = false
      else await sleep(limits.backoffMilliseconds * 2 ** (tried - 1), options.signal)
    }
  }
}

/** Sends content part by part, and commits it once all of it is proven to be what the descriptor says. */
async function pushParts(
  context: RepositoryContext,
  target: Descriptor,
  content: Content,
  session: Session,
  options: CallOptions,
): Promise<void> {
  const { digest, size } = target
  const partBytes = Math.max(context.limits.chunkBytes, Math.min(session.chunkBytes, maxChunkBytes))
  const progress = { at: session.at, sent: 0 }
  try {
    // The iteration ends with the proof.
    for await (const part of partsOf(content, Math.min(partBytes, size)))
      await sendWholePart(context, digest, progress, part, options)
    await commitParts(context, progress.at, target, options)
  } catch (error) {
    const done = isOcisignError(error, 'UNAVAILABLE_HOST')
      ? undefined
      : cancel(context, progress.at, `cancel ${digest}`)
    // Whoever has given up does not wait for this either.
    if (!options.signal?.aborted) await done
    throw error
  }
}

/** Sends one part; after a broken connection, from where the registry says it has come. */
async function sendWholePart(
  context: RepositoryContext,
  digest: Digest,
  progress: { at: URL; sent: number },
  part: Uint8Array,
  options: CallOptions,
): Promise<void> {
  const { limits } = context
  const what = `upload blob ${digest}`
  const end = progress.sent + part.length
  for (let tried = 1; progress.sent < end; tried++) {
    const rest = part.subarray(part.length - (end - progress.sent))
    try {
      progress.at = await sendPart(context, progress.at, progress.sent, rest, what, options)
      progress.sent = end
    } catch (error) {
      if (!isPassing(error) || tried >= limits.tries) throw error
      await sleep(limits.backoffMilliseconds * 2 ** (tried - 1), options.signal)
      const state = await askProgress(context, progress.at, what, options)
      if (!state || state.received < end - part.length || state.received > end) throw error
      progress.at = state.at
      progress.sent = state.received
    }
  }
}

/** Commits what has been sent; a stream cannot be sent again, so that much is tried before it is lost. */
async function commitParts(
  context: RepositoryContext,
  at: URL,
  { digest }: Descriptor,
  options: CallOptions,
): Promise<void> {
  const { limits } = context
  for (let tried = 1; ; tried++) {
    try {
      return await commit(context, at, digest, new Uint8Array(), options)
    } catch (error) {
      if (!isPassing(error) || tried >= limits.tries) throw error
      await sleep(limits.backoffMilliseconds * 2 ** (tried - 1), options.signal)
      // It may have been done, and only the answer lost.
      if (await hasBlob(context, digest, options)) return
    }
  }
}

/** Makes a blob of another repository one of this; false where it has to be uploaded. */
export async function mountBlob(
  context: RepositoryContext,
  target: Descriptor,
  from: string,
  options: CallOptions = {},
): Promise<boolean> {
  requireDigest(target.digest)
  try {
    const session = await begin(context, target, from, options)
    if (session) await cancel(context, session.at, `cancel ${target.digest}`)
    return session === undefined
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isOcisignError(error) && mountRefused.includes(error.code) && !isPassing(error)) return false
    throw error
  }
}

/** The other repository may be unknown, or not ours to read: what is uploaded does not need it. */
const mountRefused: readonly string[] = [
  'DENIED_CREDENTIALS',
  'DENIED_REPOSITORY',
  'UNAVAILABLE_NOT_FOUND',
  'UNAVAILABLE_REGISTRY',
  'UNAVAILABLE_REPOSITORY',
]
