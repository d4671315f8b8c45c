// SPDX-License-Identifier: Apache-2.0
// Requests by Node's own http modules. Node's fetch takes several times as long for small answers, and closes the
// connection after each HEAD, so that the next request begins with another TLS handshake.
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { OcisignError } from '@ocisign/core'

/** What {@link createNodeFetch} accepts. */
export interface NodeFetchOptions {
  /** Certificates of authorities to trust instead of Node's own list, PEM. */
  readonly authorities?: readonly string[] | undefined
}

/** Registries keep connections longer than this; one that they closed meanwhile is not asked. */
const idleMilliseconds = 4_000

/** Addresses of storage and tokens are long, and Node reads 16 KiB of all headers together unless it is told more. */
const maxHeaderSize = 64 * 1024

/** Answers without a body, whatever their headers say. */
const bodiless: readonly number[] = [204, 205, 304]

/**
 * Makes the `fetch` that `createRegistry` is quickest with on Node. It keeps connections, and does what a registry's
 * client needs: no cookies, no cache, no proxies, no compression; redirects are answers, never followed.
 *
 * It is no `fetch` for anything else: its responses have a status, headers, and a body to be read once.
 *
 * @example
 * ```ts
 * import { createRegistry } from '@ocisign/registry'
 * import { createNodeFetch } from '@ocisign/registry/node'
 *
 * const registry = createRegistry({ fetch: createNodeFetch() })
 * console.log(registry.repository('ghcr.io/acme/app').repository)
 * ```
 */
export function createNodeFetch({ authorities }: NodeFetchOptions = {}): typeof globalThis.fetch {
  const keep = { keepAlive: true, timeout: idleMilliseconds }
  const plain = new Agent(keep)
  const secure = new SecureAgent({ ...keep, ...(authorities && { ca: [...authorities] }) })
  const send = (href: string, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', headers, signal, body, redirect } = init
    if (redirect !== 'manual')
      throw new OcisignError('MISUSE_OPTION', 'this fetch follows no redirects', { option: 'redirect' })
    const { protocol, hostname, port, pathname, search } = new URL(href)
    const options = {
      method,
      hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      port: port === '' ? undefined : port,
      path: `${pathname}${search}`,
      headers: headers as Record<string, string>,
      maxHeaderSize,
    }
    const begun =
      protocol === 'https:' ? secureRequest({ ...options, agent: secure }) : request({ ...options, agent: plain })
    return answerOf(begun, method, (body ?? undefined) as Uint8Array | string | undefined, signal ?? undefined)
  }
  return send as typeof globalThis.fetch
}

function answerOf(
  begun: ClientRequest,
  method: string,
  body: Uint8Array | string | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const abort = () => begun.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
    // Errors after the answer began are those of the answer, too; nobody hears them twice.
    begun.on('error', reject)
    begun.once('close', () => signal?.removeEventListener('abort', abort))
    begun.once('response', (incoming) => resolve(describe(incoming, method)))
    begun.end(body)
  })
}

function describe(incoming: IncomingMessage, method: string): Response {
  const { statusCode: status = 0 } = incoming
  const isEmpty = method === 'HEAD' || bodiless.includes(status)
  if (isEmpty) incoming.resume()
  const response = {
    status,
    ok: status >= 200 && status < 300,
    type: 'basic',
    url: '',
    headers: headersOf(incoming),
    body: isEmpty ? null : { getReader: () => createReader(incoming) },
  }
  return response as unknown as Response
}

/** Many times as quick as the platform's own, and all that is read of them. */
function headersOf({ rawHeaders }: IncomingMessage): Pick<Headers, 'get' | 'has'> {
  const get = (name: string) => {
    const wanted = name.toLowerCase()
    let found: string | null = null
    for (let index = 0; index + 1 < rawHeaders.length; index += 2)
      if (rawHeaders[index]!.toLowerCase() === wanted)
        found = found === null ? rawHeaders[index + 1]! : `${found}, ${rawHeaders[index + 1]}`
    return found
  }
  return { get, has: (name) => get(name) !== null }
}

type Read = { readonly done: boolean; readonly value?: Uint8Array }

/** So much waits to be read before the connection is told to wait, in bytes. */
const waitingBytes = 256 * 1024

/** Reads one chunk after the other. */
function createReader(incoming: IncomingMessage) {
  const chunks: Uint8Array[] = []
  let size = 0
  const closed = () => new Error('the connection was closed before the end')
  // Who comes late does not hear it any more.
  let failure: Error | undefined = incoming.destroyed && !incoming.readableEnded ? closed() : undefined
  let wake = () => {}
  incoming.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk)
    size += chunk.length
    if (size > waitingBytes) incoming.pause()
    wake()
  })
  incoming.once('end', () => wake())
  incoming.once('error', (error) => {
    failure = error
    wake()
  })
  incoming.once('close', () => {
    if (!incoming.readableEnded) failure ??= closed()
    wake()
  })
  return {
    async read(): Promise<Read> {
      for (;;) {
        const value = chunks.shift()
        if (value) {
          size -= value.length
          if (size <= waitingBytes && incoming.isPaused()) incoming.resume()
          return { done: false, value }
        }
        if (incoming.readableEnded) return { done: true }
        if (failure) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async cancel(): Promise<void> {
      incoming.destroy()
    },
  }
}
