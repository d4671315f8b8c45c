// SPDX-License-Identifier: Apache-2.0
// What the fakes of key services have in common: a real server that remembers what it was asked, and fails on command.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FakeAuthority } from './ca.js'
import { listen } from './registry/server.js'

/** A request, whole. */
export interface ServiceRequest {
  readonly method: string
  /** As it came, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: IncomingMessage['headers']
  readonly body: Uint8Array
  /** Scheme, host and port that it came to. */
  readonly origin: string
}

/** What goes back: a value goes as JSON, bytes as they are. */
export interface ServiceAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: unknown
}

/** What the service does instead of answering. */
export type ServiceFault =
  | ServiceAnswer
  /** Never answers. */
  | { readonly kind: 'stall' }
  /** Hangs up. */
  | { readonly kind: 'reset' }

/** A running fake. */
export interface FakeService {
  /** Scheme, host and port. */
  readonly origin: string
  readonly requests: readonly ServiceRequest[]
  /** The most requests that were under way at once. */
  readonly peak: number
  /** The next `times` requests that match get the fault instead of an answer; all of them where left out. */
  fail(fault: ServiceFault, options?: { readonly times?: number; readonly path?: RegExp }): void
  /** No more faults. */
  recover(): void
  close(): Promise<void>
}

/** How a fake is started. */
export interface FakeServiceOptions {
  /** Serves https with a certificate of this authority. */
  readonly tls?: FakeAuthority | undefined
  /** Milliseconds before each answer. */
  readonly latency?: number | undefined
}

const maxBytes = 64 * 1024 * 1024

/** Starts a service on 127.0.0.1, on any free port. */
export async function startService(
  handle: (request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>,
  { tls, latency = 0 }: FakeServiceOptions = {},
): Promise<FakeService> {
  const requests: ServiceRequest[] = []
  const faults: { readonly fault: ServiceFault; left: number; readonly path: RegExp }[] = []
  let running = 0
  let peak = 0

  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await readRequest(incoming, origin)
    requests.push(request)
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency))
    const found = faults.find(({ left, path }) => left > 0 && path.test(request.path))
    if (found) found.left--
    if (found && 'kind' in found.fault) {
      if (found.fault.kind === 'reset') incoming.socket.destroy()
      return
    }
    send(response, found ? (found.fault as ServiceAnswer) : await handle(request))
  }
  const listener: RequestListener = (incoming, response) => {
    peak = Math.max(peak, ++running)
    response.once('close', () => running--)
    answer(incoming, response).catch((error: unknown) =>
      send(response, { status: 500, body: { error: String(error) } }),
    )
  }
  const { origin, close } = await listen('127.0.0.1', tls, listener)
  return {
    origin,
    requests,
    get peak() {
      return peak
    },
    fail: (fault, { times = Number.POSITIVE_INFINITY, path = /^/ } = {}) =>
      void faults.push({ fault, left: times, path }),
    recover: () => void faults.splice(0),
    close,
  }
}

async function readRequest(incoming: IncomingMessage, origin: string): Promise<ServiceRequest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length
    if (size > maxBytes) throw new Error('the request is too large')
    chunks.push(chunk as Buffer)
  }
  const url = new URL(incoming.url ?? '/', origin)
  const { method = 'GET', headers } = incoming
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: new Uint8Array(Buffer.concat(chunks)),
    // By the name that it was asked by, which a proxy may have led here.
    origin: headers.host === undefined ? origin : `${url.protocol}//${headers.host}`,
  }
}

function send(response: ServerResponse, { status, headers, body }: ServiceAnswer): void {
  if (response.headersSent) return
  const bytes = body instanceof Uint8Array ? body : body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(bytes)
}
