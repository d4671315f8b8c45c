// SPDX-License-Identifier: Apache-2.0
import { countConcurrent, createFakeAuthority, type Misbehaviour } from '@ocisign/conformance/fake'
import { describe, expect, test } from 'vitest'
import { code, serve, text, transportOf } from './support/serve.js'

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('answers', () => {
  test('of any status are given as they are', async () => {
    const server = await serve()
    const { send } = transportOf()
    for (const [path, status] of [
      ['/v2/', 200],
      ['/v2/a/manifests/x', 404],
    ] as const) {
      const response = await send(`${server.origin}${path}`)
      expect(response.status).toBe(status)
      expect(response.url.href).toBe(`${server.origin}${path}`)
      await response.discard()
    }
  })

  test('a body is read once, to its end or to a limit', async () => {
    const server = await serve()
    const blob = server.seed('org/app', { bytes: text('0123456789'), mediaType: 'text/plain' })
    const { send } = transportOf()
    const url = `${server.origin}/v2/org/app/blobs/${blob.digest}`
    const response = await send(url)
    expect(decode(await response.bytes(10))).toBe('0123456789')
    expect(await response.bytes(10)).toHaveLength(0)
    await expect((await send(url)).bytes(9)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    await expect(send(url, { readsBytes: 9 })).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    const read = await send(url, { readsBytes: 10 })
    await read.discard()
    expect(decode(await read.bytes(10))).toBe('0123456789')
    for await (const chunk of read.body!) expect(decode(chunk)).toBe('0123456789')
  })

  test('what was encoded although nobody asked is refused', async () => {
    const server = await serve()
    server.misbehave({ how: { kind: 'gzip' } })
    const { send } = transportOf()
    await expect(send(`${server.origin}/v2/`)).rejects.toMatchObject(
      code('UNAVAILABLE_REGISTRY', { host: server.host, status: 200 }),
    )
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity')
  })

  test('an error that was encoded is an answer', async () => {
    const server = await serve()
    server.misbehave({ how: { kind: 'gzip' } })
    const response = await transportOf().send(`${server.origin}/v2/a/manifests/x`)
    expect(response.status).toBe(404)
    await response.discard()
  })

  test('the name of the program is sent where there is one', async () => {
    const server = await serve()
    await (await transportOf({}, { userAgent: 'test/1' }).send(`${server.origin}/v2/`)).discard()
    expect(server.requests[0]?.headers['user-agent']).toBe('test/1')
  })
})

describe('trying again', () => {
  test.each([408, 429, 500, 502, 503, 504])('after %i, what may be sent twice', async (status) => {
    const server = await serve()
    server.misbehave({ when: { nth: [1, 2] }, how: { kind: 'status', status } })
    const { send, notices } = transportOf()
    const response = await send(`${server.origin}/v2/`)
    await response.discard()
    expect([response.status, server.requests.length]).toEqual([200, 3])
    expect(notices).toHaveLength(2)
    expect(notices[0]).toMatchObject({ kind: 'retry', host: server.host })
  })

  test.each([400, 401, 403, 404, 416, 501, 505])('not after %i', async (status) => {
    const server = await serve()
    server.misbehave({ how: { kind: 'status', status } })
    const response = await transportOf().send(`${server.origin}/v2/`)
    await response.discard()
    expect([response.status, server.requests.length]).toEqual([status, 1])
  })

  test('at most so often; the last answer is given', async () => {
    const server = await serve()
    server.misbehave({ how: { kind: 'status', status: 503 } })
    for (const tries of [1, 3]) {
      server.forget()
      const response = await transportOf({ tries }).send(`${server.origin}/v2/`)
      await response.discard()
      expect([response.status, server.requests.length]).toEqual([503, tries])
    }
  })

  test('what may not be sent twice only where the answer says that nothing was done', async () => {
    const server = await serve()
    const count = async (how: Misbehaviour) => {
      server.forget()
      const end = server.misbehave({ how })
      const response = await transportOf().send(`${server.origin}/v2/`, { method: 'PATCH', body: () => text('x') })
      await response.discard()
      end()
      return server.requests.length
    }
    expect(await count({ kind: 'status', status: 500 })).toBe(1)
    expect(await count({ kind: 'status', status: 503 })).toBe(1)
    expect(await count({ kind: 'status', status: 503, retryAfter: 0 })).toBe(4)
    expect(await count({ kind: 'status', status: 429 })).toBe(4)
  })

  test.each(['request', 'answer', 'headers', 'body'] as const)('after a connection that breaks at: %s', async (at) => {
    const server = await serve()
    server.misbehave({ when: { nth: 1 }, how: { kind: 'reset', at } })
    const blob = server.seed('org/app', { bytes: text('content'), mediaType: 'text/plain' })
    const response = await transportOf().send(`${server.origin}/v2/org/app/blobs/${blob.digest}`, { readsBytes: 7 })
    expect(decode(await response.bytes(7))).toBe('content')
    expect(server.requests).toHaveLength(2)
  })

  test.each(['request', 'answer'] as const)('but not what may have been done, at: %s', async (at) => {
    const server = await serve()
    server.misbehave({ how: { kind: 'reset', at } })
    const post = transportOf().send(`${server.origin}/v2/org/app/blobs/uploads/`, { method: 'POST' })
    await expect(post).rejects.toMatchObject(code('UNAVAILABLE_HOST', { host: server.host, retryable: true }))
    expect(server.requests).toHaveLength(1)
  })

  test('waits as long as the server asks, in seconds or until a time', async () => {
    const server = await serve()
    const { send } = transportOf()
    for (const retryAfter of [1, new Date(Date.now() + 2000).toUTCString()]) {
      const end = server.misbehave({ when: { nth: 1 }, how: { kind: 'status', status: 429, retryAfter } })
      const started = performance.now()
      await (await send(`${server.origin}/v2/`)).discard()
      expect(performance.now() - started).toBeGreaterThan(900)
      end()
    }
  })

  test('does not wait for longer than allowed', async () => {
    const server = await serve()
    server.misbehave({ how: { kind: 'status', status: 429, retryAfter: 31 } })
    const response = await transportOf().send(`${server.origin}/v2/`)
    await response.discard()
    expect([response.status, server.requests.length]).toEqual([429, 1])
  })

  test('whoever gives up does not wait', async () => {
    const server = await serve()
    server.misbehave({ how: { kind: 'status', status: 429, retryAfter: 20 } })
    const reason = new Error('gave up')
    const controller = new AbortController()
    const sent = transportOf().send(`${server.origin}/v2/`, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    await expect(sent).rejects.toBe(reason)
  })
})

describe('silence', () => {
  test.each(['request', 'answer', 'headers', 'body'] as const)('ends a connection at: %s', async (at) => {
    const server = await serve()
    const blob = server.seed('org/app', { bytes: text('content'), mediaType: 'text/plain' })
    server.misbehave({ how: { kind: 'hang', at } })
    const { send } = transportOf({ tries: 2, idleMilliseconds: 60 })
    const sent = send(`${server.origin}/v2/org/app/blobs/${blob.digest}`, { readsBytes: 7 })
    await expect(sent).rejects.toMatchObject(code('UNAVAILABLE_HOST', { host: server.host }))
    expect(server.requests).toHaveLength(2)
  })

  test('bytes that come slowly are no silence; only the caller ends them', async () => {
    const server = await serve()
    const blob = server.seed('org/app', { bytes: new Uint8Array(50), mediaType: 'text/plain' })
    server.misbehave({ how: { kind: 'slow', bytes: 1, milliseconds: 20 } })
    const signal = AbortSignal.timeout(300)
    const { send } = transportOf({ idleMilliseconds: 150 })
    const response = await send(`${server.origin}/v2/org/app/blobs/${blob.digest}`, { signal })
    const error = await response.bytes(100).catch((each: unknown) => each)
    expect(error).toBe(signal.reason)
  })
})

describe('hosts that cannot be spoken to', () => {
  test('a port where nobody listens, a name that is none', async () => {
    const server = await serve()
    await server.close()
    const { send, notices } = transportOf()
    await expect(send(`${server.origin}/v2/`)).rejects.toMatchObject(code('UNAVAILABLE_HOST', { host: server.host }))
    // Nothing was sent: even what may not be sent twice is tried again.
    expect(notices).toHaveLength(3)
    await expect(send(`${server.origin}/v2/`, { method: 'PATCH' })).rejects.toMatchObject(code('UNAVAILABLE_HOST'))
    expect(notices).toHaveLength(6)
    await expect(send('http://nobody.invalid/')).rejects.toMatchObject(
      code('UNAVAILABLE_HOST', { host: 'nobody.invalid' }),
    )
  })

  test('a certificate that nobody trusts, and no TLS at all', async () => {
    const server = await serve({ tls: await createFakeAuthority() })
    const { send, notices } = transportOf()
    const untrusted = await send(`${server.origin}/v2/`).catch((error: unknown) => error)
    expect(untrusted).toMatchObject(code('UNAVAILABLE_TLS', { host: server.host, retryable: false }))
    expect((untrusted as Error).message).toMatch(/--ca-file/)
    const plain = await serve()
    const noTls = await send(plain.origin.replace('http:', 'https:')).catch((error: unknown) => error)
    expect(noTls).toMatchObject(code('UNAVAILABLE_TLS'))
    expect((noTls as Error).message).toMatch(/--insecure-registry/)
    expect(notices).toEqual([])
  })
})

describe('redirects', () => {
  const blobOf = async () => {
    const server = await serve()
    const blob = server.seed('org/app', { bytes: text('content'), mediaType: 'text/plain' })
    return { server, url: `${server.origin}/v2/org/app/blobs/${blob.digest}` }
  }

  test('lead elsewhere, where credentials do not go', async () => {
    const { server, url } = await blobOf()
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere' } })
    const response = await transportOf().send(url, {
      authorization: 'Bearer secret',
      headers: { Accept: 'text/plain' },
    })
    expect(decode(await response.bytes(100))).toBe('content')
    expect(response.url.origin).toBe(server.elsewhere)
    const [here, there] = server.requests
    expect([here?.authorization, there?.authorization]).toEqual(['Bearer secret', undefined])
    expect(there?.headers.accept).toBe('text/plain')
  })

  test('keep credentials at home', async () => {
    const { server, url } = await blobOf()
    server.misbehave({ when: { nth: 1 }, how: { kind: 'redirect', to: new URL('?again', url) } })
    await (await transportOf().send(url, { authorization: 'Bearer secret' })).discard()
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(['Bearer secret', 'Bearer secret'])
  })

  test('that leave and come back have lost them', async () => {
    const { server, url } = await blobOf()
    server.misbehave({ when: { nth: 1 }, how: { kind: 'redirect', to: 'elsewhere' } })
    server.misbehave({ when: { server: 'elsewhere' }, how: { kind: 'redirect', to: new URL('?back', url) } })
    await (await transportOf().send(url, { authorization: 'Bearer secret' })).discard()
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(['Bearer secret', undefined, undefined])
  })

  test('go so far and not in a circle', async () => {
    const { server, url } = await blobOf()
    let end = server.misbehave({ how: { kind: 'redirect', to: 'itself' } })
    await expect(transportOf().send(url)).rejects.toMatchObject(
      code('UNAVAILABLE_REDIRECT', { host: server.host, status: 307 }),
    )
    end()
    for (const [hops, redirects, works] of [
      [5, 5, true],
      [6, 5, false],
      [1, 0, false],
    ] as const) {
      end = server.misbehave({ how: { kind: 'redirect', to: 'itself', hops } })
      const sent = transportOf({ redirects }).send(url)
      if (works) await (await sent).discard()
      else await expect(sent).rejects.toMatchObject(code('UNAVAILABLE_REDIRECT'))
      end()
    }
  })

  test('that platforms hide are followed by what is no secret', async () => {
    const { server, url } = await blobOf()
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere' } })
    // As browsers answer to `redirect: 'manual'`.
    const hiding: typeof fetch = async (address, init) => {
      const response = await fetch(address, init)
      if (response.status !== 307) return response
      await response.body?.cancel()
      return { type: 'opaqueredirect', status: 0, body: null, headers: new Headers(), url: '' } as Response
    }
    const { send } = transportOf({}, { fetch: hiding })
    await expect(send(url, { authorization: 'Bearer secret' })).rejects.toMatchObject(code('UNAVAILABLE_REDIRECT'))
    await expect(send(url, { sameOrigin: true })).rejects.toMatchObject(code('UNAVAILABLE_REDIRECT'))
    await expect(send(url, { method: 'PUT' })).rejects.toMatchObject(code('UNAVAILABLE_REDIRECT'))
    const response = await send(url)
    expect(response.url.origin).toBe(server.elsewhere)
    expect(decode(await response.bytes(100))).toBe('content')
  })
})

describe('turns', () => {
  test('no more than so many at once', async () => {
    const server = await serve({ latency: 20 })
    const { send } = transportOf({ requestsPerHost: 3 })
    const all = Array.from({ length: 12 }, async () => (await send(`${server.origin}/v2/`)).bytes(100))
    await Promise.all(all)
    expect(countConcurrent(server.requests)).toBe(3)
  })

  test('are given back by whoever reads, lets go, breaks off, fails, or forgets', async () => {
    const server = await serve()
    const blob = server.seed('org/app', { bytes: new Uint8Array(1_000_000), mediaType: 'text/plain' })
    const { send } = transportOf({ requestsPerHost: 1, tries: 1 })
    const url = `${server.origin}/v2/org/app/blobs/${blob.digest}`
    await (await send(url)).bytes(1_000_000)
    await (await send(url)).discard()
    for await (const chunk of (await send(url)).body!) if (chunk.length > 0) break
    await expect((await send(url)).bytes(10)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    await (await send(url, { method: 'HEAD' })).discard()
    const end = server.misbehave({ how: { kind: 'reset', at: 'body' } })
    await expect((await send(url)).bytes(1_000_000)).rejects.toMatchObject(code('UNAVAILABLE_CONTENT'))
    end()
    const aborted = new AbortController()
    const read = await send(url, { signal: aborted.signal })
    aborted.abort(new Error('gave up'))
    await expect(read.bytes(1_000_000)).rejects.toThrow('gave up')
    const forgotten = await send(url)
    await (await send(url)).discard()
    // It was only late, and may still be read.
    expect(await forgotten.bytes(1_000_000)).toHaveLength(1_000_000)
    await (await send(url)).discard()
  })

  test('a hundred that are let go leave a hundred places', async () => {
    const server = await serve()
    const { send } = transportOf({ requestsPerHost: 2 })
    const started = performance.now()
    for (let count = 0; count < 100; count++) await (await send(`${server.origin}/v2/none/manifests/x`)).discard()
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('whoever gives up while waiting leaves at once', async () => {
    const server = await serve({ latency: 200 })
    const { send } = transportOf({ requestsPerHost: 1 })
    const first = send(`${server.origin}/v2/`)
    const signal = AbortSignal.timeout(20)
    await expect(send(`${server.origin}/v2/`, { signal })).rejects.toBe(await rejection(signal))
    await (await first).discard()
    expect(server.requests).toHaveLength(1)
  })
})

/** The reason that a signal will be aborted with. */
const rejection = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)))
