// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, isOcisignError, OcisignError } from '@ocisign/core'
import { type AbortHub, createAbortHub } from './abort-hub.js'
import { iterateOnce } from './chunks.js'
import { createConnection } from './connection.js'
import { failureOf, hostError } from './failure.js'
import { createLimiter, type Limiter } from './limiter.js'
import type { Notice, RegistryLimits } from './options.js'
import { isRedirect, nextAddress, redirectError } from './redirects.js'
import { createResponse } from './response.js'
import { randomFraction, sleep, waitAfterAnswer, waitAfterFailure } from './retry.js'

/** One HTTP request, as often as it takes. */
export interface TransportRequest extends CallOptions {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Goes to exactly this origin: it is left out when a redirect leads elsewhere. */
  readonly authorization?: string | undefined
  /** No redirect to another origin is followed, with or without credentials: the body is a secret, too. */
  readonly sameOrigin?: boolean | undefined
  /** At hand, so that it can be sent again. */
  readonly body?: (() => Uint8Array) | undefined
  /** May be sent again after a lost connection, 408, 429 or 5xx. 429 and 503 with Retry-After are retried in any case. */
  readonly idempotent: boolean
  /**
   * The body of a 200 is read before it is given, at most so many bytes (more is UNAVAILABLE_LIMIT), so that a
   * connection that is lost meanwhile counts as one that was lost before.
   */
  readonly readsBytes?: number | undefined
  /** What it is for, in errors: `read the manifest of ghcr.io/org/app:v1`. */
  readonly what: string
}

/** A response of any status; its body is read by whoever asked, or discarded. */
export interface TransportResponse {
  readonly status: number
  readonly headers: Headers
  /** Where it came from in the end. */
  readonly url: URL
  /** Null where there is none; read once. Where it breaks off, that is UNAVAILABLE_CONTENT. */
  readonly body: AsyncIterable<Uint8Array> | null
  /** Reads at most `maxBytes`; more is UNAVAILABLE_LIMIT. */
  bytes(maxBytes: number): Promise<Uint8Array>
  /** Lets go of the connection. */
  discard(): Promise<void>
}

/**
 * Sends requests: redirects, retries, limits for each host. Knows nothing of registries.
 * @throws UNAVAILABLE_HOST | UNAVAILABLE_CONTENT | UNAVAILABLE_TLS | UNAVAILABLE_REDIRECT | UNAVAILABLE_LIMIT, and the reason of the signal
 */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>
}

/** What {@link createTransport} is made of. */
export interface TransportOptions {
  readonly fetch: typeof globalThis.fetch
  readonly limits: RegistryLimits
  readonly clock: () => Date
  readonly notice: (notice: Notice) => void
  readonly userAgent?: string | undefined
  /** From 0 to below 1; for tests. */
  readonly random?: (() => number) | undefined
}

/** The slowest upload that is not given up, in bytes for each millisecond. */
const slowestUpload = 64

/** Makes a transport; what goes through it shares its limits. */
export function createTransport(options: TransportOptions): Transport {
  const { limits, clock, notice } = options
  const hub = createAbortHub()
  const limiter = createLimiter(limits, () => performance.now(), hub)
  const rules = { limits, clock, random: options.random ?? randomFraction }

  const shared = { ...options, hub, limiter }

  const sendOnce = async (request: TransportRequest): Promise<TransportResponse> => {
    const visited: string[] = []
    for (let asked = request; ; ) {
      const { url } = asked
      visited.push(url.href)
      const response = await exchange(shared, asked)
      if (!isRedirect(response.status)) return response
      await response.discard()
      const redirect = { status: response.status, location: response.headers.get('location'), from: url }
      const next = nextAddress(request, redirect, visited, limits.redirects)
      // Gone for good: a way that leads back here was still made by somebody else.
      const authorization = next.origin === url.origin ? asked.authorization : undefined
      asked = { ...request, url: next, authorization }
    }
  }

  return {
    async send(request) {
      const { idempotent, readsBytes, signal, url } = request
      for (let tried = 1; ; tried++) {
        let wait: number | undefined
        let why: string
        try {
          const response = await sendOnce(request)
          wait = waitAfterAnswer(rules, tried, idempotent, response)
          if (wait === undefined) return await buffered(response, readsBytes)
          why = `${response.url.host} answered ${response.status}`
          await response.discard()
        } catch (error) {
          signal?.throwIfAborted()
          wait = waitAfterFailure(rules, tried, idempotent, error)
          if (wait === undefined) throw error
          why = isOcisignError(error) ? error.message : ''
        }
        notice({ kind: 'retry', host: url.host, message: `${why}; trying again in ${Math.ceil(wait)} ms` })
        await sleep(wait, signal, hub)
      }
    },
  }
}

interface ExchangeOptions extends TransportOptions {
  readonly hub: AbortHub
  readonly limiter: Limiter
}

/** One request and its answer; redirects are answers. */
async function exchange(
  { fetch: request, limits, userAgent, hub, limiter }: ExchangeOptions,
  asked: TransportRequest,
): Promise<TransportResponse> {
  const { url, method, what, authorization, signal } = asked
  const { host } = url
  const release = await limiter.acquire(host, signal)
  const silence = (milliseconds: number) =>
    hostError(host, `could not ${what}: ${host} did not answer for ${Math.round(milliseconds) / 1000} seconds`)
  const connection = createConnection({ signal, hub, release, silence })
  const body = asked.body?.()
  const { idleMilliseconds } = limits
  const send = (redirect: RequestRedirect) => {
    const sent = request(url.href, {
      method,
      headers: {
        // What is hashed and measured is what was stored, not how it travelled.
        'Accept-Encoding': 'identity',
        ...(userAgent !== undefined && { 'User-Agent': userAgent }),
        ...asked.headers,
        ...(authorization !== undefined && { Authorization: authorization }),
      },
      redirect,
      signal: connection.signal,
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      ...(hasCookies && { credentials: 'omit' }),
    })
    return connection.watch(sent, idleMilliseconds + (body?.length ?? 0) / slowestUpload)
  }
  try {
    let response = await send('manual')
    if (response.type === 'opaqueredirect') {
      requireBlindTrust(asked)
      response = await send('follow')
    }
    const from = isAddress(response.url) ? new URL(response.url) : url
    if (url.protocol === 'https:' && from.protocol !== 'https:')
      throw redirectError(what, { status: response.status, from: url }, 'redirects from https')
    const answer = createResponse(response, { url: from, what, connection, idleMilliseconds })
    if (response.status < 300 && isEncoded(response.headers)) {
      await answer.discard()
      throw encodingError(answer, what)
    }
    return answer
  } catch (error) {
    connection.end({ abort: true })
    if (isOcisignError(error)) throw error
    signal?.throwIfAborted()
    throw failureOf(error, host, what)
  }
}

/** Responses that a fetch of someone else made need not say where they are from. */
const isAddress = (text: string) => /^https?:/.test(text) && URL.canParse(text)

/** Runtimes without cookies do not know the option, and some refuse it. */
const hasCookies = typeof Request === 'function' && 'credentials' in Request.prototype

/** Browsers do not tell where a redirect leads: they are let go there with what is no secret. */
function requireBlindTrust({ method, authorization, sameOrigin, what, url }: TransportRequest): void {
  if ((method === 'GET' || method === 'HEAD') && authorization === undefined && !sameOrigin) return
  throw redirectError(what, { status: 0, from: url }, 'redirects, and this platform does not tell where to')
}

/** Browsers ask for what they like, and decode it. */
const choosesEncoding =
  typeof Request !== 'function' ||
  new Request('http://localhost/', { headers: { 'Accept-Encoding': 'identity' } }).headers.has('Accept-Encoding')

function isEncoded(headers: Headers): boolean {
  const encoding = headers.get('content-encoding')
  return encoding !== null && encoding !== '' && encoding.toLowerCase() !== 'identity' && choosesEncoding
}

function encodingError({ url: { host }, status }: TransportResponse, what: string): OcisignError {
  return new OcisignError(
    'UNAVAILABLE_REGISTRY',
    `could not ${what}: ${host} (${status}) sent it in an encoding that nobody asked for`,
    { host, status, codes: [], retryable: false },
  )
}

/** The answer with its body at hand. */
async function buffered(response: TransportResponse, maxBytes: number | undefined): Promise<TransportResponse> {
  if (maxBytes === undefined || response.status !== 200 || response.body === null) return response
  const bytes = await response.bytes(maxBytes)
  const { status, headers, url } = response
  const body = { [Symbol.asyncIterator]: () => iterateOnce(bytes) }
  return { status, headers, url, body, bytes: async () => bytes, discard: async () => undefined }
}
