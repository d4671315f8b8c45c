// SPDX-License-Identifier: Apache-2.0
// Uploads: end-4, end-5, end-6, end-11, end-13 and end-14 of the distribution specification.
import { randomUUID } from 'node:crypto'
import { concatBytes, isDigest } from '@ocisign/core'
import { type Answer, answer, errorAnswer, type FakeRequest } from './answer.js'
import { digestLike, type RepositoryContent, repositoryOf } from './content.js'
import { locationOf } from './location.js'
import type { EndpointContext, Upload } from './options.js'

/** Begins an upload, or makes one needless: `mayPull` says whether content of another repository may be taken. */
export function beginUpload(
  context: EndpointContext,
  request: FakeRequest,
  name: string,
  mayPull: (repository: string) => boolean,
): Answer {
  const { content, uploads, features } = context
  if (!features.createsRepositories && !content.has(name))
    return errorAnswer('NAME_UNKNOWN', 'repository name not known to registry')
  const { query, body } = request
  const [mount, digest, algorithm] = [query.get('mount'), query.get('digest'), query.get('digest-algorithm')]
  if (algorithm !== null && !isDigest(`${algorithm}:${'0'.repeat(algorithm === 'sha512' ? 128 : 64)}`))
    return errorAnswer('DIGEST_INVALID', 'unsupported algorithm')
  if (mount !== null) {
    if (!isDigest(mount)) return errorAnswer('DIGEST_INVALID', 'not a digest')
    const bytes = findMounted(context, mount, query.get('from'), mayPull)
    if (bytes) return created(context, request, name, mount, bytes)
  }
  if (digest !== null && features.singlePost) {
    if (digestLike(digest, body) !== digest) return errorAnswer('DIGEST_INVALID', 'provided digest did not match')
    return created(context, request, name, digest, body)
  }
  const id = randomUUID()
  repositoryOf(content, name)
  uploads.set(id, { repository: name, bytes: new Uint8Array(), short: false })
  const headers = features.chunkMinLength > 0 ? { 'oci-chunk-min-length': `${features.chunkMinLength}` } : {}
  return answer(202, { ...sessionHeaders(context, request, id, uploads.get(id)!), ...headers })
}

function findMounted(
  { content, features: { mounts } }: EndpointContext,
  digest: string,
  from: string | null,
  mayPull: (repository: string) => boolean,
): Uint8Array | undefined {
  if (mounts === 'never') return undefined
  const isUsable = ([name, { blobs }]: [string, RepositoryContent]) => blobs.has(digest) && mayPull(name)
  const named = [...content].filter(([name]) => name === from)
  return (mounts === 'anywhere' ? [...named, ...content] : named).find(isUsable)?.[1].blobs.get(digest)
}

function created(
  context: EndpointContext,
  request: FakeRequest,
  name: string,
  digest: string,
  bytes: Uint8Array,
): Answer {
  repositoryOf(context.content, name).blobs.set(digest, bytes)
  const location = locationOf(context, request, `/v2/${name}/blobs/${digest}`)
  return answer(201, { location, 'docker-content-digest': digest })
}

/** Where an upload goes on and how far it is. The state in the query has to come back. */
function sessionHeaders(context: EndpointContext, request: FakeRequest, id: string, { repository, bytes }: Upload) {
  const location = locationOf(context, request, `/v2/${repository}/blobs/uploads/${id}?_state=${stateOf(id)}`)
  return { location, range: `0-${Math.max(0, bytes.length - 1)}`, 'docker-upload-uuid': id }
}

const stateOf = (id: string) => id.replaceAll('-', '').split('').reverse().join('')

/** Goes on with an upload: PATCH, PUT, GET and DELETE. */
export function continueUpload(context: EndpointContext, request: FakeRequest, name: string, id: string): Answer {
  const upload = context.uploads.get(id)
  if (!upload || upload.repository !== name)
    return errorAnswer('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
  if (request.query.get('_state') !== stateOf(id))
    return errorAnswer('BLOB_UPLOAD_INVALID', 'the address is not the one that was given')
  switch (request.method) {
    case 'GET':
      return answer(204, sessionHeaders(context, request, id, upload))
    case 'DELETE':
      context.uploads.delete(id)
      return answer(204)
    case 'PATCH':
      return append(context, request, upload) ?? answer(202, sessionHeaders(context, request, id, upload))
    case 'PUT':
      return finish(context, request, name, id, upload)
    default:
      return errorAnswer('UNSUPPORTED', 'the operation is unsupported')
  }
}

function finish(context: EndpointContext, request: FakeRequest, name: string, id: string, upload: Upload): Answer {
  const digest = request.query.get('digest') ?? ''
  if (!isDigest(digest)) return errorAnswer('DIGEST_INVALID', 'not a digest')
  const problem = request.body.length > 0 ? append(context, request, upload, true) : undefined
  if (problem) return problem
  context.uploads.delete(id)
  if (digestLike(digest, upload.bytes) !== digest)
    return errorAnswer('DIGEST_INVALID', 'provided digest did not match uploaded content')
  return created(context, request, name, digest, upload.bytes)
}

/** Takes a chunk; what is wrong with it where it is not taken. */
function append(
  context: EndpointContext,
  { headers, body }: FakeRequest,
  upload: Upload,
  isLast = false,
): Answer | undefined {
  const range = headers['content-range']
  const at = upload.bytes.length
  if (range !== undefined && range !== `${at}-${at + body.length - 1}`)
    return errorAnswer('BLOB_UPLOAD_INVALID', 'chunk out of order', { status: 416, headers: { range: `0-${at - 1}` } })
  if (upload.short) return errorAnswer('SIZE_INVALID', 'the chunk before was too short')
  upload.short = !isLast && body.length < context.features.chunkMinLength
  upload.bytes = concatBytes(upload.bytes, body)
  return undefined
}
