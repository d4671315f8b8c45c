// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { encodeText, mediaTypes } from '@ocisign/core'
import { type Answer, answer, errorAnswer, type FakeRequest, jsonAnswer } from './answer.js'
import type { Misbehaviour, Stage } from './misbehaviour.js'
import type { Route } from './routes.js'

/** How an answer goes over the wire. */
export interface Delivery {
  readonly delay: number
  readonly slow?: { readonly bytes: number; readonly milliseconds: number } | undefined
  readonly hang?: Stage | undefined
  readonly reset?: Stage | undefined
  /** Of the body, in bytes. */
  readonly end?: number | undefined
  /** Zeros after the body. */
  readonly more: number
  readonly chunked: boolean
}

/** What applying needs to know of the fake. */
export interface ApplyContext {
  /** Scheme, host and port of the other server. */
  readonly elsewhere: string
}

/** What is answered instead of doing what is asked; undefined where it is done. */
export function refusalFor(hows: readonly Misbehaviour[], request: FakeRequest, context: ApplyContext) {
  for (const how of hows) {
    if (how.kind === 'status') return refusal(how)
    if (how.kind === 'echo') return echo(how.status, request)
    const redirected = how.kind === 'redirect' ? redirect(how, request, context) : undefined
    if (redirected) return redirected
  }
  return undefined
}

function refusal({ status, code, message, retryAfter, headers, body }: Misbehaviour & { readonly kind: 'status' }) {
  const all = { ...(retryAfter !== undefined && { 'retry-after': `${retryAfter}` }), ...headers }
  if (body !== undefined) return answer(status, all, typeof body === 'string' ? encodeText(body) : body)
  const known = code ?? (status === 429 ? 'TOOMANYREQUESTS' : status === 401 ? 'UNAUTHORIZED' : 'UNSUPPORTED')
  return errorAnswer(known, message ?? 'on command', { status, headers: all })
}

/** Everything that a message may not show. */
function echo(status: number, { headers, method, path }: FakeRequest): Answer {
  const said = `you sent ${method} ${path} with ${headers.authorization}\r\n\u001b[31mERROR\u001b[0m\u0007\u0000\u202e`
  return jsonAnswer(status, { errors: [{ code: 'DENIED', message: said, detail: said }] })
}

function redirect(
  { to, status = 307, hops = Number.POSITIVE_INFINITY }: Misbehaviour & { readonly kind: 'redirect' },
  { path, query }: FakeRequest,
  { elsewhere }: ApplyContext,
): Answer | undefined {
  if (to instanceof URL) return answer(status, { location: to.href })
  const done = Number(query.get('hops') ?? 0)
  if (to === 'itself' && done >= hops) return undefined
  const next = new URLSearchParams(query)
  if (to === 'itself' && Number.isFinite(hops)) next.set('hops', `${done + 1}`)
  const target = `${path}${next.size > 0 ? `?${next}` : ''}`
  return answer(status, { location: to === 'itself' ? target : `${elsewhere}${target}` })
}

/** The answer as it is after everything that goes wrong with it. */
export function changeAnswer(
  hows: readonly Misbehaviour[],
  right: Answer,
  request: FakeRequest,
  route: Route,
  context: ApplyContext,
): Answer {
  let changed = right
  for (const how of hows) changed = change(how, changed, request, route, context)
  return changed
}

function change(
  how: Misbehaviour,
  given: Answer,
  request: FakeRequest,
  route: Route,
  { elsewhere }: ApplyContext,
): Answer {
  const { path, query, origin } = request
  const here = `${path}${query.size > 0 ? `?${query}` : ''}`
  switch (how.kind) {
    case 'headers': {
      const headers = Object.entries({ ...given.headers, ...how.headers }).filter(([, value]) => value !== undefined)
      return { ...given, headers: Object.fromEntries(headers) as Record<string, string> }
    }
    case 'body': {
      const { body } = how
      const bytes = typeof body === 'function' ? body(given.body) : typeof body === 'string' ? encodeText(body) : body
      return { ...given, body: bytes }
    }
    case 'change':
      return how.change(given, request)
    case 'gzip': {
      const body = new Uint8Array(gzipSync(how.zeros === undefined ? given.body : new Uint8Array(how.zeros)))
      return { ...given, headers: { ...given.headers, 'content-encoding': 'gzip' }, body }
    }
    case 'link': {
      const to = how.to === 'itself' ? here : how.to === 'elsewhere' ? `${elsewhere}${here}` : `${how.to}`
      return { ...given, headers: { ...given.headers, link: `<${to}>; rel="next"` } }
    }
    case 'endless':
      return isList(route) && given.status === 200 ? endlessPage(how.perPage ?? 1, request, route) : given
    case 'location': {
      const { location, ...headers } = given.headers
      if (location === undefined || how.to === undefined) return { ...given, headers }
      const { pathname, search } = new URL(location, origin)
      return {
        ...given,
        headers: { ...headers, location: how.to === 'elsewhere' ? `${elsewhere}${pathname}${search}` : `${how.to}` },
      }
    }
    default:
      return given
  }
}

const isList = ({ what }: Route) => what === 'tags' || what === 'referrers'

/** A page of a list that never ends; what it names is nowhere. */
function endlessPage(perPage: number, { path, query }: FakeRequest, route: Route): Answer {
  const page = Number(query.get('page') ?? 0)
  const digests = Array.from({ length: perPage }, (_, index) =>
    createHash('sha256').update(`${page} ${index}`).digest('hex'),
  )
  const artifactType = query.get('artifactType')
  const next = new URLSearchParams(query)
  next.set('page', `${page + 1}`)
  const link = { link: `<${path}?${next}>; rel="next"` }
  if (route.what === 'tags')
    return jsonAnswer(200, { name: route.name, tags: digests.map((hex) => hex.slice(0, 40)) }, link)
  const manifests = digests.map((hex) => ({
    mediaType: mediaTypes.imageManifest,
    digest: `sha256:${hex}`,
    size: 700,
    ...(artifactType !== null && { artifactType }),
  }))
  const headers = { ...link, 'content-type': mediaTypes.imageIndex }
  return jsonAnswer(200, { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests }, headers)
}

/** How the answer goes over the wire. */
export function deliveryFor(hows: readonly Misbehaviour[], latency: number): Delivery {
  let delivery: Delivery = { delay: latency, more: 0, chunked: false }
  for (const how of hows) {
    if (how.kind === 'delay') delivery = { ...delivery, delay: delivery.delay + how.milliseconds }
    if (how.kind === 'slow') delivery = { ...delivery, slow: how }
    if (how.kind === 'hang') delivery = { ...delivery, hang: how.at }
    if (how.kind === 'reset') delivery = { ...delivery, reset: how.at }
    if (how.kind === 'truncate') delivery = { ...delivery, end: how.bytes }
    if (how.kind === 'chunked') delivery = { ...delivery, chunked: true }
    if (how.kind === 'longer') delivery = { ...delivery, more: how.bytes }
  }
  return delivery
}

/** Whether `Content-Length` counts what is sent after the body. */
export const statesMore = (hows: readonly Misbehaviour[]): boolean =>
  hows.some((how) => how.kind === 'longer' && how.stated)

/** The path that is answered, which need not be the one asked for. */
export function pathFor(hows: readonly Misbehaviour[], path: string): string {
  return hows.find((how) => how.kind === 'instead')?.path ?? path
}

/** How many listings do not have what is pushed now. */
export function hiddenListingsFor(hows: readonly Misbehaviour[]): number {
  const how = hows.find((each) => each.kind === 'unlisted')
  return how ? (how.listings ?? Number.POSITIVE_INFINITY) : 0
}
