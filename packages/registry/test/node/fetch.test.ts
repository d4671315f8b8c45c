// SPDX-License-Identifier: Apache-2.0
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFakeAuthority, createFakeRegistry } from '@ocisign/conformance/fake'
import { readAll } from '@ocisign/core'
import { createRegistry } from '@ocisign/registry'
import { createDispatcherFetch } from '@ocisign/registry/node'
import { Agent } from 'undici'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function serve(listener: RequestListener) {
  let connections = 0
  const server: Server = createServer(listener).on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, connections: () => connections }
}

const agent = new Agent()
afterAll(() => agent.destroy())
const fetch = createDispatcherFetch(agent)
const get = (url: string, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init })

async function readText(response: Response): Promise<string> {
  const reader = response.body!.getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text
    text += Buffer.from(value).toString('utf8')
  }
}

describe('answers', () => {
  test('status, headers and body as they came; a redirect is one of them', async () => {
    const { url } = await serve(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.writeHead(307, { location: '/elsewhere', link: ['<a>', '<b>'], 'x-method': request.method ?? '' })
      response.end(`${request.headers.accept} ${body}`)
    })
    const answer = await get(url, { method: 'PUT', headers: { Accept: 'text/plain' }, body: 'hello' })
    expect([answer.status, answer.headers.get('Location'), answer.headers.get('link'), answer.type]).toEqual([
      307,
      '/elsewhere',
      '<a>, <b>',
      'basic',
    ])
    expect(answer.headers.get('x-method')).toBe('PUT')
    expect(await readText(answer)).toBe('text/plain hello')
  })

  test('a large body comes in parts, and only as fast as it is read', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024, 'x')
    let sent = 0
    const { url } = await serve((_, response) => {
      const more = () => {
        while (sent < large.length) {
          sent += 65536
          if (!response.write(large.subarray(0, 65536))) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const answer = await get(url)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(sent).toBeLessThan(large.length)
    expect(await readText(answer)).toHaveLength(large.length)
  })

  test('HEAD and 204 have no body, and the connection is used again', async () => {
    const { url, connections } = await serve((request, response) => {
      response.writeHead(request.method === 'DELETE' ? 204 : 200, { 'content-length': '5' })
      response.end(request.method === 'GET' ? 'hello' : undefined)
    })
    for (const method of ['HEAD', 'HEAD']) expect((await get(url, { method })).body).toBeNull()
    expect(await readText(await get(url))).toBe('hello')
    expect(connections()).toBe(1)
    expect(await get(url, { method: 'DELETE' })).toMatchObject({ status: 204, body: null })
  })
})

describe('failures', () => {
  test.each([
    ['before an answer', () => {}, /UND_ERR_SOCKET|ECONNRESET/],
    ['in the body', undefined, /UND_ERR_SOCKET|ECONNRESET/],
  ])('a connection that is lost %s', async (_, before, code) => {
    const { url } = await serve((request, response) => {
      if (before) return void request.socket.destroy()
      response.writeHead(200, { 'content-length': '10' })
      response.write('hello', () => setTimeout(() => response.destroy(), 20))
    })
    const whole = async () => readText(await get(url))
    await expect(whole()).rejects.toMatchObject({ code: expect.stringMatching(code) })
  })

  test('a signal ends it, before and after the answer began', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/begun') response.writeHead(200).write('hello')
    })
    const reason = new Error('enough')
    await expect(get(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    for (const path of ['', 'begun']) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(reason), 30)
      const whole = async () => readText(await get(`${url}${path}`, { signal: controller.signal }))
      await expect(whole()).rejects.toBeInstanceOf(Error)
    }
  })

  test('whoever reads late still hears that a connection was lost', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100000' }).flushHeaders()
      setTimeout(() => response.destroy(), 20)
    })
    const answer = await get(url)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await expect(answer.body!.getReader().read()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
  })

  test('one that waits for a connection is let go by its signal, and never sent', async () => {
    let requests = 0
    const { url } = await serve((_, response) => {
      requests += 1
      setTimeout(() => response.end('late'), 50)
    })
    const narrow = new Agent({ connections: 1 })
    ends.push(() => narrow.destroy())
    const controller = new AbortController()
    const send = createDispatcherFetch(narrow)
    const first = send(url, { redirect: 'manual' })
    const second = send(url, { redirect: 'manual', signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    expect(await readText(await first)).toBe('late')
    expect(await readText(await send(url, { redirect: 'manual' }))).toBe('late')
    expect(requests).toBe(2)
  })

  test('a body that nobody wants any more closes the connection', async () => {
    let closed = false
    const { url } = await serve((_, response) => {
      response.writeHead(200).write('hello')
      response.once('close', () => {
        closed = true
      })
    })
    const answer = await get(url)
    await answer.body!.getReader().cancel()
    await expect.poll(() => closed).toBe(true)
  })

  test('redirects are not followed, and nobody may ask for it', () => {
    expect(() => fetch('http://127.0.0.1:1/')).toThrow(expect.objectContaining({ code: 'MISUSE_OPTION' }))
  })
})

describe('with a registry', () => {
  test('by TLS: who is not trusted is not asked, and who is named is trusted', async () => {
    const authority = await createFakeAuthority()
    const fake = await createFakeRegistry({ tls: authority })
    ends.push(fake.close)
    const image = fake.seedImage('org/app', 'v1')
    const name = `${fake.host}/org/app`
    const strange = createRegistry({ fetch, insecureHosts: 'none', limits: { tries: 1 } }).repository(name)
    await expect(strange.resolve('v1')).rejects.toMatchObject({ code: 'UNAVAILABLE_TLS' })
    const trusting = new Agent({ connect: { ca: fake.authorityPem! } })
    ends.push(() => trusting.destroy())
    const repository = createRegistry({ fetch: createDispatcherFetch(trusting), insecureHosts: 'none' }).repository(
      name,
    )
    const found = await repository.resolve('v1')
    expect(found.digest).toBe(image.digest)
    expect(await readAll(repository, found)).toHaveLength(image.size)
  })
})
