// SPDX-License-Identifier: Apache-2.0
import { createFakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import {
  createRegistry,
  type Notice,
  type RegistryLimits,
  type RegistryOptions,
  registryLimits,
} from '@ocisign/registry'
import { onTestFinished } from 'vitest'
import { createTransport, type TransportOptions, type TransportRequest } from '../../src/transport.js'

/** A fake registry for one test. */
export async function serve(options: FakeRegistryOptions = {}) {
  const server = await createFakeRegistry(options)
  onTestFinished(() => server.close())
  return server
}

/** Waits that a test can afford. */
const quick: Partial<RegistryLimits> = { backoffMilliseconds: 1, idleMilliseconds: 300 }

/** A fake registry, and a repository of it as a client sees it. */
export async function serveRepository(server: FakeRegistryOptions = {}, client: RegistryOptions = {}) {
  const fake = await serve(server)
  const notices: Notice[] = []
  const registry = createRegistry({
    onNotice: (notice) => notices.push(notice),
    ...client,
    limits: { ...quick, ...client.limits },
  })
  return { server: fake, registry, notices, repository: registry.repository(`${fake.host}/org/app`) }
}

/** A transport, and a shorter way to send. */
export function transportOf(limits: Partial<RegistryLimits> = {}, more: Partial<TransportOptions> = {}) {
  const notices: Notice[] = []
  const transport = createTransport({
    fetch: globalThis.fetch,
    limits: { ...registryLimits, ...quick, ...limits },
    clock: () => new Date(),
    notice: (notice) => notices.push(notice),
    ...more,
  })
  const send = (url: string, request: Partial<TransportRequest> = {}) => {
    const method = request.method ?? 'GET'
    return transport.send({ method, url: new URL(url), idempotent: method === 'GET', what: 'try it', ...request })
  }
  return { send, notices }
}

export const code = (value: string, details?: object) => Object.assign({ code: value }, details && { details })

export const text = (value: string) => new TextEncoder().encode(value)

/** The bytes in chunks of that length, as a stream. */
export async function* chunksOf(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let offset = 0; offset < bytes.length; offset += length) yield bytes.slice(offset, offset + length)
}
