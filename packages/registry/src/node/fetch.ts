// SPDX-License-Identifier: Apache-2.0
// Requests straight through a dispatcher of undici, the client that Node's fetch is made of. Around that, fetch builds
// requests, headers and streams as browsers have them, which takes several times as long as the request itself.
import { OcisignError } from '@ocisign/core'

/** What sends requests: an `Agent`, `ProxyAgent` or `EnvHttpProxyAgent` of undici, version 7. */
export interface Dispatcher {
  /** Begins a request, and tells the handler what becomes of it. */
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean
}

/** One request, as undici wants it. */
export interface DispatchOptions {
  readonly origin: string
  readonly path: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers: Record<string, string>
  readonly body: Uint8Array | string | null
  /** Whether the connection is closed after the answer; undici does so after each HEAD unless it is told. */
  readonly reset: false
}

/** Holds up an answer, or ends it. */
export interface DispatchController {
  abort(reason: Error): void
  pause(): void
  resume(): void
}

/** What hears of an answer. */
export interface DispatchHandler {
  onRequestStart(controller: DispatchController): void
  onResponseStart(
    controller: DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void
  onResponseData(controller: DispatchController, chunk: Uint8Array): void
  onResponseEnd(): void
  onResponseError(controller: unknown, error: Error): void
}

/** Answers without a body, whatever their headers say. */
const bodiless: readonly number[] = [204, 205, 304]

/**
 * Makes the `fetch` that `createRegistry` is quickest with on Node, of what undici sends requests with. Proxies, private
 * certificate authorities, client certificates and time-outs are the dispatcher's, and it is the caller's to close.
 *
 * It is no `fetch` for anything else: redirects are answers, never followed; there is no cache, no cookie and no
 * compression; its responses have a status, headers, and a body to be read once.
 *
 * @example
 * ```ts
 * import { createRegistry } from '@ocisign/registry'
 * import { createDispatcherFetch } from '@ocisign/registry/node'
 * import { Agent } from 'undici'
 *
 * const registry = createRegistry({ fetch: createDispatcherFetch(new Agent({ connections: 16 })) })
 * console.log(registry.repository('ghcr.io/acme/app').repository)
 * ```
 */
export function createDispatcherFetch(dispatcher: Dispatcher): typeof globalThis.fetch {
  const send = (href: string, init: RequestInit = {}): Promise<Response> => {
    if (init.redirect !== 'manual')
      throw new OcisignError('MISUSE_OPTION', 'this fetch follows no redirects', { option: 'redirect' })
    return new Promise((resolve, reject) => dispatch(dispatcher, new URL(href), init, resolve, reject))
  }
  return send as typeof globalThis.fetch
}

function dispatch(
  dispatcher: Dispatcher,
  { origin, pathname, search }: URL,
  init: RequestInit,
  resolve: (response: Response) => void,
  reject: (error: Error) => void,
): void {
  const method = (init.method ?? 'GET') as DispatchOptions['method']
  const { signal } = init
  const chunks = createChunks()
  let controller: DispatchController | undefined
  let empty: Response | undefined
  const settle = (error?: Error) => {
    signal?.removeEventListener('abort', abort)
    if (empty) resolve(empty)
    else if (error) reject(error)
    chunks.end(error)
  }
  const abort = () => {
    const reason = signal?.reason instanceof Error ? signal.reason : new Error('aborted')
    // One that still waits for a connection cannot be ended; it is when it has one.
    if (controller) controller.abort(reason)
    else settle(reason)
  }
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) {
    abort()
    return
  }
  const options = {
    origin,
    path: `${pathname}${search}`,
    method,
    headers: init.headers as Record<string, string>,
    body: (init.body ?? null) as DispatchOptions['body'],
    reset: false,
  } as const
  dispatcher.dispatch(options, {
    onRequestStart(begun) {
      controller = begun
      if (signal?.aborted) abort()
    },
    onResponseStart(begun, status, headers) {
      if (status < 200) return
      // Without a body it is told at its end, however that comes, when the connection is free for what is asked next.
      if (method === 'HEAD' || bodiless.includes(status)) empty = describe(status, headers, null)
      else resolve(describe(status, headers, { getReader: () => chunks.open(begun) }))
    },
    onResponseData: (begun, chunk) => chunks.push(begun, chunk),
    // undici gives a connection out again one turn of the event loop after the end; who asks sooner gets a new one.
    onResponseEnd: () => queueMicrotask(() => setImmediate(settle)),
    onResponseError: (_, error) => settle(error),
  })
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

function describe(status: number, headers: Headers, body: { getReader(): Reader } | null): Response {
  const get = (name: string) => {
    const key = name.toLowerCase()
    const value = Object.hasOwn(headers, key) ? headers[key] : undefined
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }
  const has = (name: string) => get(name) !== null
  const ok = status >= 200 && status < 300
  return { status, ok, type: 'basic', url: '', headers: { get, has }, body } as unknown as Response
}

type Read = { readonly done: boolean; readonly value?: Uint8Array }

interface Reader {
  read(): Promise<Read>
  cancel(): Promise<void>
}

/** So much waits to be read before the connection is told to wait, in bytes. */
const waitingBytes = 256 * 1024

/** What came and was not read yet. */
function createChunks() {
  const waiting: Uint8Array[] = []
  let size = 0
  let isEnded = false
  let failure: Error | undefined
  let wake = () => {}
  return {
    push(controller: DispatchController, chunk: Uint8Array): void {
      waiting.push(chunk)
      size += chunk.length
      if (size > waitingBytes) controller.pause()
      wake()
    },
    end(error?: Error): void {
      isEnded = true
      failure ??= error
      wake()
    },
    open: (controller: DispatchController): Reader => ({
      async read() {
        for (;;) {
          const value = waiting.shift()
          if (value) {
            size -= value.length
            if (size <= waitingBytes) controller.resume()
            return { done: false, value }
          }
          if (failure) throw failure
          if (isEnded) return { done: true }
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      },
      async cancel() {
        if (!isEnded) controller.abort(new Error('nobody reads it any more'))
      },
    }),
  }
}
