// SPDX-License-Identifier: Apache-2.0
// Lists: tags (end-8) and referrers (end-12) of the distribution specification.
import { encodeText, isDigest, mediaTypes } from '@ocisign/core'
import { type Answer, answer, errorAnswer, type FakeRequest, jsonAnswer } from './answer.js'
import { locationOf } from './location.js'
import type { EndpointContext } from './options.js'

export function listTags(context: EndpointContext, request: FakeRequest, name: string): Answer {
  const repository = context.content.get(name)
  if (!repository) return errorAnswer('NAME_UNKNOWN', 'repository name not known to registry')
  const { query } = request
  const asked = query.get('n')
  if (asked !== null && !/^[0-9]{1,9}$/.test(asked)) return errorAnswer('UNSUPPORTED', 'not a number', { status: 400 })
  const last = query.get('last')
  const rest = [...repository.tags.keys()].sort().filter((tag) => last === null || tag > last)
  const count = Math.min(asked === null ? Number.POSITIVE_INFINITY : Number(asked), context.features.tagsPerPage)
  const tags = rest.slice(0, count)
  const next = new URLSearchParams({ ...(asked !== null && { n: asked }), last: tags.at(-1) ?? '' })
  const hasMore = tags.length > 0 && tags.length < rest.length
  return jsonAnswer(200, { name, tags }, hasMore ? linkTo(context, request, next) : {})
}

export function listReferrers(context: EndpointContext, request: FakeRequest, name: string, digest: string): Answer {
  const { features, content } = context
  if (!features.referrersApi) return answer(404, { 'content-type': 'text/plain' }, encodeText('404 page not found\n'))
  if (!isDigest(digest)) return errorAnswer('DIGEST_INVALID', 'not a digest')
  const repository = content.get(name)
  const artifactType = request.query.get('artifactType')
  const filters = artifactType !== null && features.filtersReferrers
  const all = [...(repository?.referrers.get(digest) ?? [])]
    .map((each) => repository!.manifests.get(each)!)
    // Each listing brings those nearer that are not listed yet.
    .filter((each) => each.hiddenListings <= 0 || each.hiddenListings-- <= 0)
    .filter((each) => !filters || each.artifactType === artifactType)
  const last = request.query.get('last')
  const rest = last === null ? all : all.slice(all.findIndex((each) => each.digest === last) + 1)
  const page = rest.slice(0, features.referrersPerPage)
  const manifests = page.map(({ mediaType, digest: of, bytes, artifactType: type, annotations }) => ({
    mediaType,
    digest: of,
    size: bytes.length,
    ...(type !== undefined && { artifactType: type }),
    ...(annotations && { annotations }),
  }))
  const next = new URLSearchParams({ ...(artifactType !== null && { artifactType }), last: page.at(-1)?.digest ?? '' })
  return jsonAnswer(
    200,
    { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests },
    {
      'content-type': mediaTypes.imageIndex,
      ...(filters && { 'oci-filters-applied': 'artifactType' }),
      ...(page.length < rest.length && linkTo(context, request, next)),
    },
  )
}

function linkTo(context: EndpointContext, request: FakeRequest, query: URLSearchParams) {
  return { link: `<${locationOf(context, request, `${request.path}?${query}`)}>; rel="next"` }
}
