// SPDX-License-Identifier: Apache-2.0
// Manifests: end-3, end-7 and end-9 of the distribution specification.
import { isDigest } from '@ocisign/core'
import { type Answer, answer, errorAnswer, type FakeRequest } from './answer.js'
import {
  digestLike,
  dropManifest,
  keepManifest,
  type ManifestFacts,
  type RepositoryContent,
  readFacts,
  repositoryOf,
  type StoredManifest,
  sha256Of,
} from './content.js'
import { locationOf } from './location.js'
import type { EndpointContext } from './options.js'
import { isTagName } from './routes.js'

const unknownName = (name: string) =>
  errorAnswer('NAME_UNKNOWN', 'repository name not known to registry', { detail: { name } })

export function readManifest(context: EndpointContext, request: FakeRequest, name: string, reference: string): Answer {
  if (!isDigest(reference) && !isTagName(reference))
    return reference.includes(':')
      ? errorAnswer('DIGEST_INVALID', 'not a digest')
      : errorAnswer('MANIFEST_INVALID', 'neither tag nor digest')
  const repository = context.content.get(name)
  if (!repository) return unknownName(name)
  const manifest = findManifest(repository, reference)
  if (!manifest || (context.features.negotiates && !accepts(request.headers.accept, manifest.mediaType)))
    return errorAnswer('MANIFEST_UNKNOWN', 'manifest unknown to registry', { detail: { reference } })
  const headers = {
    'content-type': manifest.mediaType,
    'docker-content-digest': manifest.digest,
    ...(context.features.etags && { etag: `"${manifest.digest}"` }),
  }
  return answer(200, headers, manifest.bytes)
}

/** By tag or digest. */
export function findManifest(repository: RepositoryContent, reference: string): StoredManifest | undefined {
  return repository.manifests.get(repository.tags.get(reference) ?? reference)
}

/** Whether a client that says this takes the type; one that says nothing takes any. */
function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined) return true
  const types = header.split(',').map((each) => each.split(';')[0]!.trim())
  return types.some((type) => type === mediaType || type === '*/*' || type === 'application/*')
}

export function writeManifest(
  context: EndpointContext,
  request: FakeRequest,
  name: string,
  reference: string,
  hiddenListings: number,
): Answer {
  const { content, features } = context
  if (!features.createsRepositories && !content.has(name)) return unknownName(name)
  const { body, query } = request
  if (body.length > features.manifestBytes) return errorAnswer('SIZE_INVALID', 'manifest too large', { status: 413 })
  const isByDigest = isDigest(reference)
  if (!isByDigest && (reference.includes(':') || !isTagName(reference)))
    return reference.includes(':')
      ? errorAnswer('DIGEST_INVALID', 'not a digest')
      : errorAnswer('MANIFEST_INVALID', 'neither tag nor digest')
  const digest = isByDigest ? reference : sha256Of(body)
  if (isByDigest && digestLike(reference, body) !== reference)
    return errorAnswer('DIGEST_INVALID', 'provided digest did not match uploaded content')
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]!.trim()
  const facts = readFacts(body, mediaType)
  if (!facts || mediaType === '') return errorAnswer('MANIFEST_INVALID', 'not a manifest of this type')
  if (facts.mediaType !== undefined && facts.mediaType !== mediaType)
    return errorAnswer('MANIFEST_INVALID', 'media type and Content-Type differ')
  const repository = repositoryOf(content, name)
  const missing = features.checksReferences ? missingOf(repository, facts) : []
  if (missing.length > 0) {
    const errors = missing.map((each) => ({ code: 'MANIFEST_BLOB_UNKNOWN', message: 'unknown', detail: each }))
    return { ...errorAnswer('MANIFEST_BLOB_UNKNOWN', ''), body: new TextEncoder().encode(JSON.stringify({ errors })) }
  }
  const tags = isByDigest ? (features.tagParameters ? query.getAll('tag') : []) : [reference]
  if (!tags.every(isTagName)) return errorAnswer('MANIFEST_INVALID', 'not a tag')
  if (tags.length > 10) return errorAnswer('UNSUPPORTED', 'too many tags', { status: 414 })
  if (features.etags && !isByDigest && !meets(request, repository.tags.get(reference)))
    return errorAnswer('DENIED', 'the tag points at something else', { status: 412 })

  const stored = keepManifest(repository, digest, mediaType, body, hiddenListings)
  for (const tag of tags) repository.tags.set(tag, digest)
  return answer(201, {
    location: locationOf(context, request, `/v2/${name}/manifests/${digest}`),
    'docker-content-digest': digest,
    ...(features.etags && { etag: `"${digest}"` }),
    ...(isByDigest && tags.length > 0 && { 'oci-tag': tags.join(', ') }),
    ...(features.referrersApi && stored.subject !== undefined && { 'oci-subject': stored.subject }),
  })
}

/** What a manifest names that is not there; subjects need not be. */
const missingOf = ({ blobs, manifests }: RepositoryContent, facts: ManifestFacts): readonly string[] => [
  ...facts.blobs.filter((digest) => !blobs.has(digest)),
  ...facts.manifests.filter((digest) => !manifests.has(digest)),
]

/** Whether the conditions of a request hold (RFC 9110, section 13.1). */
function meets({ headers }: FakeRequest, current: string | undefined): boolean {
  const [match, noneMatch] = [headers['if-match'], headers['if-none-match']]
  if (match !== undefined && match !== `"${current}"` && !(match === '*' && current !== undefined)) return false
  return !(noneMatch !== undefined && current !== undefined && (noneMatch === '*' || noneMatch === `"${current}"`))
}

export function deleteManifest({ content, features }: EndpointContext, name: string, reference: string): Answer {
  const repository = content.get(name)
  if (!repository) return unknownName(name)
  const isByDigest = isDigest(reference)
  if (!(isByDigest ? features.deletes.manifests : features.deletes.tags))
    return errorAnswer('UNSUPPORTED', 'nothing is deleted here')
  const manifest = findManifest(repository, reference)
  if (!manifest) return errorAnswer('MANIFEST_UNKNOWN', 'manifest unknown to registry')
  if (isByDigest) dropManifest(repository, manifest)
  else repository.tags.delete(reference)
  return answer(202)
}
