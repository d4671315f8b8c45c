// SPDX-License-Identifier: Apache-2.0
// Manifests of one repository (distribution-spec, pulling and pushing manifests).
import {
  type CallOptions,
  type Content,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  digestAlgorithmOf,
  digestBytes,
  isDigest,
  isOcisignError,
  isTag,
  type JsonObject,
  OcisignError,
  parseJsonObject,
  parseTagOrDigest,
  printable,
} from '@ocisign/core'
import { collectContent, contentError, readContent, requireDigestHeader } from './content.js'
import type { RepositoryContext } from './context.js'
import { isManifestType, manifestTypes, parseContentType } from './media-type.js'
import { createRecentContent } from './recent.js'
import { describeReferrer } from './referrer.js'
import { lacksReferrers } from './referrers.js'
import type { ReferrersTagWriter } from './referrers-tag.js'
import { randomFraction, sleep } from './retry.js'

/** Manifests of one repository. */
export interface Manifests {
  resolve(reference: string, options?: CallOptions): Promise<Descriptor>
  fetch(target: Descriptor, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>
  push(expected: Descriptor, content: Content, options?: CallOptions): Promise<void>
  tag(target: Descriptor, tag: string, options?: CallOptions): Promise<void>
}

/** What {@link createManifests} needs beside the repository. */
export interface ManifestsOptions {
  readonly referrersTag: ReferrersTagWriter
  /** The tag schema is written whatever the registry says of its own listing. */
  readonly alwaysTags: boolean
}

/**
 * Statuses of a HEAD that say nothing of the manifest: some registries answer GET only, and those that hold copies of
 * another's say 404 of what only a GET makes them fetch, though HEAD finds what they have.
 */
const headRefused: readonly number[] = [404, 405, 501]
const accept = manifestTypes.join(', ')

/** Makes the reader and writer of manifests. */
export function createManifests(context: RepositoryContext, options: ManifestsOptions): Manifests {
  const { client, limits } = context
  const recent = createRecentContent()

  const read = async (reference: string, signal: AbortSignal | undefined) => {
    const what = `read manifest ${reference}`
    const request = { method: 'GET', at: `manifests/${reference}`, headers: { Accept: accept } } as const
    const expected = [200]
    const response = await client.send({
      ...request,
      actions: ['pull'],
      expected,
      readsBytes: limits.documentBytes,
      what,
      signal,
    })
    return { headers: response.headers, bytes: await response.bytes(limits.documentBytes) }
  }

  const putOnce = async (target: Descriptor, reference: string, bytes: Uint8Array, signal: AbortSignal | undefined) => {
    const response = await client.send({
      method: 'PUT',
      at: `manifests/${reference}`,
      headers: { 'Content-Type': target.mediaType },
      body: () => bytes,
      actions: ['pull', 'push'],
      expected: [200, 201, 202],
      idempotent: true,
      what: `write manifest ${reference}`,
      signal,
    })
    await response.discard()
    requireDigestHeader(response.headers, target.digest)
    return response.headers
  }

  /** Registries forget for a moment a blob that somebody else pushes or mounts at the same time. */
  const put = async (target: Descriptor, reference: string, bytes: Uint8Array, signal: AbortSignal | undefined) => {
    for (let tried = 1; ; tried++) {
      try {
        return await putOnce(target, reference, bytes, signal)
      } catch (error) {
        const isPassing =
          isOcisignError(error, 'UNAVAILABLE_REGISTRY') && error.details.codes.includes('MANIFEST_BLOB_UNKNOWN')
        if (!isPassing || tried >= limits.tries) throw error
        await sleep(limits.backoffMilliseconds * (tried - 1 + randomFraction()), signal)
      }
    }
  }

  return {
    async resolve(reference, { signal } = {}) {
      const wanted = parseTagOrDigest(reference)
      const digest = 'digest' in wanted ? wanted.digest : undefined
      const head = await client.send({
        method: 'HEAD',
        at: `manifests/${reference}`,
        headers: { Accept: accept },
        actions: ['pull'],
        expected: [200, ...headRefused],
        what: `find manifest ${reference}`,
        signal,
      })
      await head.discard()
      const described = head.status === 200 ? describeHead(head.headers, digest) : undefined
      if (described) return described
      const { headers, bytes } = await read(reference, signal)
      return describeManifest(headers, bytes, digest)
    },

    async fetch(target, { signal } = {}) {
      requireDigest(target.digest)
      if (target.size > limits.documentBytes) throw limitError(target, limits.documentBytes)
      const at = `manifests/${target.digest}`
      const what = `read manifest ${target.digest}`
      return readContent(context, target, { at, headers: { Accept: target.mediaType }, what, signal }, (headers) => {
        const type = parseContentType(headers.get('content-type'))
        if (type !== undefined && isManifestType(type) && type !== target.mediaType)
          throw contentError(target.digest, `is ${type}, not ${printable(target.mediaType)}`)
      })
    },

    async push(expected, content, { signal } = {}) {
      requireDigest(expected.digest)
      signal?.throwIfAborted()
      if (expected.size > limits.documentBytes) throw limitError(expected, limits.documentBytes)
      const bytes = await collectContent(content, expected, { signal })
      const referrer = describeReferrer(expected, bytes)
      const isAgain = recent.find(expected) !== undefined
      const headers = await put(expected, expected.digest, bytes, signal)
      recent.keep(expected, bytes)
      if (!referrer) return
      const { digest } = referrer.subject
      // Only the subject itself says that the registry lists it; anything else is somebody else's business.
      const isSaid = !options.alwaysTags && headers.get('oci-subject') === digest
      // Some say so and list nothing: who pushes the same again has not found it.
      if (!isSaid || (isAgain && (await lacksReferrers(context, digest, { signal }))))
        await options.referrersTag.add(referrer, { signal })
    },

    async tag(target, tag, { signal } = {}) {
      if (!isTag(tag)) {
        const reference = printable(tag)
        throw new OcisignError('INVALID_REFERENCE', `"${reference}" is not a tag`, { reference })
      }
      requireDigest(target.digest)
      // A registry tags what is sent under the tag: the same bytes, and the type that they were stored with.
      const known = recent.find(target)
      if (known) return void (await put(target, tag, known, signal))
      const { headers, bytes } = await read(target.digest, signal)
      const stored = await describeManifest(headers, bytes, target.digest)
      await put(stored, tag, bytes, signal)
    },
  }
}

const limitError = ({ digest, size }: Descriptor, maxBytes: number) =>
  new OcisignError('UNAVAILABLE_LIMIT', `manifest ${digest} has ${size} bytes; at most ${maxBytes} are read`, {
    target: digest,
    refusals: [],
    retryable: false,
  })

/** A digest becomes part of an address: one that is none names nothing. @throws INVALID_CONTENT */
export function requireDigest(digest: string): void {
  if (!isDigest(digest)) throw contentError(digest, 'has no usable digest')
}

/** What the headers of a HEAD tell; undefined where that is not all of it. @throws INVALID_CONTENT */
function describeHead(headers: Headers, wanted: Digest | undefined): Descriptor | undefined {
  const mediaType = parseContentType(headers.get('content-type'))
  const header = headers.get('docker-content-digest')
  const length = headers.get('content-length')
  if (wanted) requireDigestHeader(headers, wanted)
  const digest = wanted ?? header
  if (mediaType === undefined || !isManifestType(mediaType) || digest === null || !isDigest(digest)) return undefined
  if (length === null || !/^[1-9]\d{0,14}$/.test(length)) return undefined
  return { mediaType, digest, size: Number(length) }
}

/** What a manifest is, by its bytes. @throws INVALID_CONTENT | INVALID_MANIFEST | INVALID_JSON | UNSUPPORTED_MEDIA_TYPE */
async function describeManifest(headers: Headers, bytes: Uint8Array, wanted: Digest | undefined): Promise<Descriptor> {
  const header = headers.get('docker-content-digest')
  const named = header !== null && isDigest(header) ? header : undefined
  const algorithm: DigestAlgorithm = digestAlgorithmOf(wanted ?? named ?? 'sha256:')
  const digest = await digestBytes(bytes, algorithm)
  if (wanted && digest !== wanted) throw contentError(wanted, 'does not match it')
  requireDigestHeader(headers, digest)
  const stated = statedType(parseJsonObject(bytes, { what: `manifest ${digest}` }), digest)
  const type = parseContentType(headers.get('content-type'))
  const mediaType = type !== undefined && isManifestType(type) ? type : stated
  if (mediaType === undefined || !isManifestType(mediaType)) {
    const shown = printable(mediaType ?? type ?? '')
    const message = `manifest ${digest} is of the type "${shown}", which is none that is known here`
    throw new OcisignError('UNSUPPORTED_MEDIA_TYPE', message, { mediaType: shown, supported: manifestTypes })
  }
  // A document of two types is read as one by some and as the other by others.
  if (stated !== undefined && stated !== mediaType)
    throw new OcisignError('INVALID_MANIFEST', `manifest ${digest} is ${mediaType} and says ${printable(stated)}`, {
      digest,
    })
  return { mediaType, digest, size: bytes.length }
}

function statedType({ mediaType }: JsonObject, digest: Digest): string | undefined {
  if (mediaType === undefined || typeof mediaType === 'string') return mediaType
  throw new OcisignError('INVALID_MANIFEST', `manifest ${digest} has a media type that is not text`, { digest })
}
