// SPDX-License-Identifier: Apache-2.0
import { type Answer, answer, errorAnswer, type FakeRequest, jsonAnswer } from './answer.js'
import { deleteBlob, readBlob } from './blobs.js'
import { listReferrers, listTags } from './lists.js'
import { deleteManifest, readManifest, writeManifest } from './manifests.js'
import type { EndpointContext } from './options.js'
import { isName, type Route } from './routes.js'
import { beginUpload, continueUpload } from './uploads.js'

/** What an end-point has to know of whoever asks, and of how it is to misbehave. */
export interface Circumstances {
  readonly mayPull: (repository: string) => boolean
  /** How many listings do not have what is pushed now. */
  readonly hiddenListings: number
}

/** Answers as the specification says (distribution-spec 1.1). */
export function answerRequest(
  context: EndpointContext,
  request: FakeRequest,
  route: Route,
  { mayPull, hiddenListings }: Circumstances,
): Answer {
  const { method } = request
  const reads = method === 'GET' || method === 'HEAD'
  if (route.what === 'unknown') return answer(404, { 'content-type': 'text/plain' })
  if (route.what === 'base')
    return reads ? jsonAnswer(200, {}, { 'docker-distribution-api-version': 'registry/2.0' }) : unsupported()
  const { what, name } = route
  if (!isName(name)) return errorAnswer('NAME_INVALID', 'invalid repository name')
  switch (what) {
    case 'manifests':
      if (reads) return readManifest(context, request, name, route.reference)
      if (method === 'PUT') return writeManifest(context, request, name, route.reference, hiddenListings)
      return method === 'DELETE' ? deleteManifest(context, name, route.reference) : unsupported()
    case 'blobs':
      if (reads) return readBlob(context, request, name, route.reference)
      return method === 'DELETE' ? deleteBlob(context, name, route.reference) : unsupported()
    case 'uploads':
      if (route.reference !== '') return continueUpload(context, request, name, route.reference)
      return method === 'POST' ? beginUpload(context, request, name, mayPull) : unsupported()
    case 'tags':
      return reads ? listTags(context, request, name) : unsupported()
    case 'referrers':
      return reads ? listReferrers(context, request, name, route.reference) : unsupported()
  }
}

const unsupported = () => errorAnswer('UNSUPPORTED', 'the operation is unsupported')
