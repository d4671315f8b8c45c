// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ArtifactStore, type Descriptor, decodeText, encodePem } from '@ocisign/core'
import { type Answer, answer, type FakeRequest, type FakeServer } from './answer.js'
import { changeAnswer, deliveryFor, hiddenListingsFor, pathFor, refusalFor, statesMore } from './apply.js'
import { answerRequest } from './endpoints.js'
import { faultFor } from './faults.js'
import { type FakeToken, type GateContext, passGate } from './gate.js'
import { type ActiveRule, type Misbehaviour, type MisbehaviourRule, misbehavioursFor } from './misbehaviour.js'
import {
  type EndpointContext,
  type FakeRegistryFeatures,
  type FakeRegistryOptions,
  fakeRegistryFeatures,
} from './options.js'
import type { RecordedRequest } from './record.js'
import { routeOf } from './routes.js'
import { sendAnswer } from './send.js'
import { listen, readBody } from './server.js'
import { createSettler } from './settle.js'
import { putContent, putImage, type SeedOptions, storeOf } from './store.js'
import { answerToken } from './tokens.js'

/** A registry in memory that listens on this machine, and does wrong what it is told to. */
export interface FakeRegistry {
  /** `host:port`, as in references. */
  readonly host: string
  /** Scheme, host and port. */
  readonly origin: string
  /** Scheme, host and port of the other server, which has the same content and asks nobody who is there. */
  readonly elsewhere: string
  /** The certificate to trust, PEM; undefined without TLS. */
  readonly authorityPem: string | undefined
  /** What came, in the order of arrival, to all servers of this fake. */
  readonly requests: readonly RecordedRequest[]
  /** Tokens that were given out. */
  readonly tokens: readonly FakeToken[]
  /** Forgets the requests that came. */
  forget(): void
  /** Makes all tokens worthless. */
  revokeTokens(): void
  /** What the registry is able to do from now on. */
  change(features: Partial<FakeRegistryFeatures>): void
  /** The repository as a store that asks nobody: to fill it, and to look at what it has. */
  repository(name: string): ArtifactStore
  /** Puts an image there; the note, random by default, makes it different from others. */
  seedImage(name: string, tag?: string, note?: string): Descriptor
  /** Puts any content there, unchecked: manifests by their type, everything else as a blob. */
  seed(name: string, options: SeedOptions): Descriptor
  /** Misbehaves from now on; what is returned ends it. */
  misbehave(rule: MisbehaviourRule): () => void
  close(): Promise<void>
}

/**
 * Starts a registry that does what the distribution specification 1.1 says, strictly, with all it keeps in memory; and
 * wrong what {@link FakeRegistry.misbehave} tells it. The same requests in the same order have the same answers, but
 * for the names of uploads.
 *
 * @example
 * ```ts
 * import { createFakeRegistry } from '@ocisign/conformance/fake'
 *
 * const registry = await createFakeRegistry({ referrersApi: false })
 * const image = registry.seedImage('org/app', 'v1')
 * registry.misbehave({ when: { what: 'manifests', nth: 2 }, how: { kind: 'status', status: 429, retryAfter: 1 } })
 * const response = await fetch(`${registry.origin}/v2/org/app/manifests/v1`)
 * console.log(response.headers.get('docker-content-digest') === image.digest, registry.requests.length)
 * await registry.close()
 * ```
 */
export async function createFakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const { auth = { kind: 'none' }, address = '127.0.0.1', clock = () => new Date(), records = true } = options
  const context: EndpointContext = {
    content: new Map(),
    uploads: new Map(),
    features: { ...fakeRegistryFeatures, ...options },
  }
  const requests: RecordedRequest[] = []
  const rules: ActiveRule[] = []
  const counts = new Map<string, number>()
  const closing = new AbortController()
  // Each slow answer listens for the end: many at once are no leak.
  setMaxListeners(0, closing.signal)
  const settle = createSettler(options.settle ?? 0)
  let ticks = 0

  const realm = () => {
    const origin = auth.kind === 'bearer' && auth.tokenServer === 'elsewhere' ? elsewhere.origin : registry.origin
    return (auth.kind === 'bearer' ? auth.realm : undefined) ?? `${origin}/token`
  }
  const gate: GateContext = { auth, tokens: new Map(), realm, clock }

  /** What goes wrong with a request; faults of chance are counted by address. */
  const misbehavioursOf = (request: FakeRequest, record: RecordedRequest): readonly Misbehaviour[] =>
    misbehavioursFor(rules, request, routeOf(request.path)).flatMap((how) => {
      if (how.kind !== 'random') return [how]
      const key = `${request.method} ${request.path}?${request.query}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
      const fault = faultFor(how.faults, request, counts.get(key)!)
      record.fault = fault?.kind
      return fault?.hows ?? []
    })

  const answerRightly = (request: FakeRequest, hiddenListings: number): Answer => {
    const route = routeOf(request.path)
    const isAlwaysMissing = route.what === 'unknown' || (route.what === 'referrers' && !context.features.referrersApi)
    if (request.server === 'token') return answerToken(gate, request)
    const open = { auth: { kind: 'none' } } as const
    const passage = passGate(
      request.server === 'elsewhere' || isAlwaysMissing ? { ...gate, ...open } : gate,
      request,
      route,
    )
    if (!passage.passed) return passage.answer
    return answerRequest(context, request, route, { mayPull: passage.mayPull, hiddenListings })
  }

  const handle = async (kind: 'registry' | 'elsewhere', incoming: IncomingMessage, response: ServerResponse) => {
    const url = incoming.url ?? '/'
    const [path, query] = url.includes('?')
      ? [url.slice(0, url.indexOf('?')), url.slice(url.indexOf('?') + 1)]
      : [url, '']
    const server: FakeServer = path === '/token' ? 'token' : kind
    const headers = incoming.headers as Readonly<Record<string, string | undefined>>
    const { method = 'GET' } = incoming
    const { authorization } = headers
    const started = ticks++
    const record: RecordedRequest = {
      server,
      method,
      path,
      query,
      headers,
      authorization,
      bodyBytes: 0,
      sentBytes: 0,
      started,
    }
    if (records) requests.push(record)
    response.once('close', () => {
      record.finished ??= ticks++
    })
    response.on('error', () => {})
    const origin = kind === 'registry' ? registry.origin : elsewhere.origin
    const asked = { server, method, path, query: new URLSearchParams(query), headers, origin }
    const hows = misbehavioursOf({ ...asked, body: new Uint8Array() }, record)
    const delivery = deliveryFor(hows, options.latency ?? 0)
    const body = await readBody(incoming)
    if (!body) return
    record.bodyBytes = body.length
    if (server === 'token') record.form = new URLSearchParams(decodeText(body))
    await settle(delivery.delay)
    if (closing.signal.aborted || delivery.hang === 'request') return
    if (delivery.reset === 'request') {
      response.socket?.resetAndDestroy()
      return
    }
    const request: FakeRequest = { ...asked, path: pathFor(hows, path), body }
    const applying = { elsewhere: elsewhere.origin }
    const route = routeOf(request.path)
    const right =
      preflight(options.cors, request) ??
      refusalFor(hows, request, applying) ??
      changeAnswer(hows, answerRightly(request, hiddenListingsFor(hows)), request, route, applying)
    const { warning } = context.features
    const more = {
      ...(options.cors !== undefined && corsHeaders(options.cors)),
      ...(warning !== undefined && { warning: `299 - "${warning}"` }),
    }
    await sendAnswer(
      response,
      method,
      { ...right, headers: { ...more, ...right.headers } },
      delivery,
      statesMore(hows),
      {
        finished: (status) => {
          record.status = status
          record.finished ??= ticks++
        },
        sent: (bytes) => {
          record.sentBytes += bytes
        },
        signal: closing.signal,
      },
    )
  }

  const listener = (kind: 'registry' | 'elsewhere') => (incoming: IncomingMessage, response: ServerResponse) => {
    // Only closing ends what is awaited here; anything else is a bug, and has to be seen.
    handle(kind, incoming, response).catch((error: unknown) => {
      if (!closing.signal.aborted) response.destroy(error as Error)
    })
  }
  const registry = await listen(address, options.tls, listener('registry'))
  const elsewhere = await listen(address, undefined, listener('elsewhere'))
  const { host } = new URL(registry.origin)

  return {
    host,
    origin: registry.origin,
    elsewhere: elsewhere.origin,
    authorityPem: options.tls && encodePem('CERTIFICATE', options.tls.chain.at(-1)!),
    requests,
    get tokens() {
      return [...gate.tokens.values()]
    },
    forget: () => {
      requests.length = 0
    },
    // Their names are not given out again.
    revokeTokens: () => {
      for (const [name, token] of gate.tokens) gate.tokens.set(name, { ...token, expires: Number.NEGATIVE_INFINITY })
    },
    change: (features) => {
      context.features = { ...context.features, ...features }
    },
    repository: (name) => storeOf(context, name, () => host),
    seedImage: (name, tag, note = randomUUID()) => putImage(context.content, name, tag, note),
    seed: (name, seed) => putContent(context.content, name, seed),
    misbehave: (rule) => {
      const active = { ...rule, count: 0 }
      rules.push(active)
      return () => {
        if (rules.includes(active)) rules.splice(rules.indexOf(active), 1)
      }
    },
    async close() {
      closing.abort()
      await Promise.all([registry.close(), elsewhere.close()])
    },
  }
}

/** What browsers ask before they ask. */
function preflight(cors: string | undefined, { method, headers }: FakeRequest): Answer | undefined {
  const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
  return cors !== undefined && isPreflight ? answer(204) : undefined
}

const corsHeaders = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'accept, authorization, content-type, content-range, range',
  'access-control-expose-headers':
    'content-length, docker-content-digest, link, location, oci-filters-applied, oci-subject, range, retry-after, www-authenticate',
})
