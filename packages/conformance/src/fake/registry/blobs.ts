// SPDX-License-Identifier: Apache-2.0
// Blobs: end-2 and end-10 of the distribution specification.
import { isDigest } from '@ocisign/core'
import { type Answer, answer, errorAnswer, type FakeRequest } from './answer.js'
import type { EndpointContext } from './options.js'

export function readBlob({ content }: EndpointContext, request: FakeRequest, name: string, digest: string): Answer {
  if (!isDigest(digest)) return errorAnswer('DIGEST_INVALID', 'not a digest')
  const repository = content.get(name)
  if (!repository) return errorAnswer('NAME_UNKNOWN', 'repository name not known to registry')
  const bytes = repository.blobs.get(digest)
  if (!bytes) return errorAnswer('BLOB_UNKNOWN', 'blob unknown to registry', { detail: { digest } })
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  }
  const range = request.method === 'GET' ? rangeOf(request.headers.range, bytes.length) : undefined
  if (!range) return answer(200, headers, bytes)
  if (range === 'none') return answer(416, { 'content-range': `bytes */${bytes.length}` })
  const [first, last] = range
  return answer(
    206,
    { ...headers, 'content-range': `bytes ${first}-${last}/${bytes.length}` },
    bytes.subarray(first, last + 1),
  )
}

/** The one range that is asked for (RFC 9110, section 14.2); undefined for none, several, or what is not understood. */
function rangeOf(header: string | undefined, length: number): readonly [number, number] | 'none' | undefined {
  const found = /^bytes=([0-9]*)-([0-9]*)$/.exec(header ?? '')
  if (!found || (found[1] === '' && found[2] === '')) return undefined
  const [, from = '', to = ''] = found
  const first = from === '' ? Math.max(0, length - Number(to)) : Number(from)
  const last = from === '' || to === '' ? length - 1 : Math.min(Number(to), length - 1)
  if (from !== '' && to !== '' && Number(to) < first) return undefined
  return first > last ? 'none' : [first, last]
}

export function deleteBlob({ content, features }: EndpointContext, name: string, digest: string): Answer {
  if (!isDigest(digest)) return errorAnswer('DIGEST_INVALID', 'not a digest')
  if (!features.deletes.blobs) return errorAnswer('UNSUPPORTED', 'nothing is deleted here')
  const repository = content.get(name)
  if (!repository) return errorAnswer('NAME_UNKNOWN', 'repository name not known to registry')
  if (!repository.blobs.delete(digest)) return errorAnswer('BLOB_UNKNOWN', 'blob unknown to registry')
  return answer(202)
}
