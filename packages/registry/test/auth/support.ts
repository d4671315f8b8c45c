// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isOcisignError } from '@ocisign/core'
import { afterEach } from 'vitest'
import { createAuthorizer } from '../../src/auth/authorizer.js'
import type { Action, AuthorizationTarget, Authorizer, CredentialSource } from '../../src/auth/types.js'
import { registryLimits } from '../../src/options.js'
import { createTransport } from '../../src/transport.js'

/** A request that came. */
export interface Seen {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What is answered. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Nothing is answered. */
  readonly silent?: boolean
}

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A server on this machine that answers as it is told, and remembers what came. */
export async function serve(reply: (request: Seen) => Reply | Promise<Reply>) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url ?? '/', 'http://localhost')
    const now = { method: request.method ?? '', url, headers: request.headers, body: Buffer.concat(chunks).toString() }
    seen.push(now)
    const { status = 200, headers = {}, body = {}, silent } = await reply(now)
    if (silent) return
    response.writeHead(status, headers)
    response.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, origin: `http://${host}`, seen }
}

/** A clock that stands until it is moved. */
export function createTestClock(start = Date.UTC(2026, 10, 21)) {
  let now = start
  return { clock: () => new Date(now), advance: (seconds: number) => (now += seconds * 1000) }
}

/** A real transport that tries once. */
export const transport = createTransport({
  fetch: globalThis.fetch,
  limits: { ...registryLimits, tries: 1 },
  clock: () => new Date(),
  notice: () => {},
})

/** An authorizer with a real transport. */
export const createTestAuthorizer = (credentials?: CredentialSource, clock = () => new Date()): Authorizer =>
  createAuthorizer({ transport, credentials, clock })

/** A target of a registry. */
export function targetOf(origin: string, path = 'org/app', actions: readonly Action[] = ['pull']): AuthorizationTarget {
  return { origin, host: new URL(origin).host, path, actions }
}

/** The error of ours that a call ends with. */
export async function caught(run: () => unknown) {
  try {
    await run()
  } catch (error) {
    if (isOcisignError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Everything that an error says, at any depth. */
export function textOf(error: unknown, depth = 0): string {
  if (depth > 8 || typeof error !== 'object' || error === null) return String(error)
  const own = Object.getOwnPropertyNames(error).map((name) => textOf(Reflect.get(error, name), depth + 1))
  return `${String(error)} ${own.join(' ')}`
}

/** The user and the password of a Basic header. */
export const basicOf = (header: string | undefined) =>
  header?.startsWith('Basic ') ? Buffer.from(header.slice(6), 'base64').toString() : undefined
