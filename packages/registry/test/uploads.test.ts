// SPDX-License-Identifier: Apache-2.0
import type { Answer, FakeRegistryOptions } from '@ocisign/conformance/fake'
import { digestBytes, readAll } from '@ocisign/core'
import type { RegistryOptions } from '@ocisign/registry'
import { describe, expect, test } from 'vitest'
import { chunksOf, code, serveRepository, text } from './support/serve.js'

const content = new Uint8Array(10_000).map((_, index) => index ^ (index >> 8))
const target = { mediaType: 'application/octet-stream', digest: await digestBytes(content), size: content.length }
/** So that the content above takes four parts. */
const chunked = { limits: { chunkBytes: 3000 } } satisfies RegistryOptions

async function scene(server: FakeRegistryOptions = {}, client: RegistryOptions = {}) {
  const opened = await serveRepository(server, client)
  const steps = () => opened.server.requests.map(({ method, status }) => `${method} ${status}`)
  const stored = () => readAll(opened.server.repository('org/app'), target)
  return { ...opened, steps, stored }
}

describe('in one piece', () => {
  test('a request to begin, and one with all of it', async () => {
    const { repository, steps, stored, server } = await scene()
    await repository.push(target, content)
    expect(steps()).toEqual(['POST 202', 'PUT 201'])
    expect(server.requests[1]?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': `${content.length}`,
    })
    expect(await stored()).toEqual(content)
  })

  test('what is there is not sent', async () => {
    const { repository, steps, server } = await scene()
    server.seed('org/app', { bytes: content, mediaType: target.mediaType })
    await repository.push(target, content)
    expect(steps()).toEqual(['POST 201'])
    expect(server.requests[0]?.query).toBe(`mount=${encodeURIComponent(target.digest)}&from=org%2Fapp`)
  })

  test('nothing at all is a blob, too', async () => {
    const { repository, steps } = await scene()
    const nothing = { ...target, digest: await digestBytes(new Uint8Array()), size: 0 }
    await repository.push(nothing, new Uint8Array())
    expect(steps()).toEqual(['POST 202', 'PUT 201'])
    expect(await readAll(repository, nothing)).toHaveLength(0)
  })

  test('what several push at once is sent once', async () => {
    const { repository, steps, registry, server } = await scene({ latency: 10 })
    const other = registry.repository(`${server.host}/org/app`)
    await Promise.all([1, 2, 3, 4].map((each) => (each % 2 ? repository : other).push(target, content)))
    expect(steps()).toEqual(['POST 202', 'PUT 201'])
  })

  test('wrong content reaches nobody', async () => {
    const { repository, server } = await scene()
    const wrong = content.map((byte) => byte ^ 1)
    for (const each of [wrong, wrong.subarray(1), new Uint8Array(20_000)])
      await expect(repository.push(target, each)).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(server.requests).toEqual([])
    await expect(repository.push(target, chunksOf(wrong, 100))).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(server.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'HEAD 404',
      'POST 202',
      'DELETE 204',
    ])
  })

  test.each(['named', 'never'] as const)('a stream is read only where it is needed; mounts: %s', async (mounts) => {
    const { repository, steps, stored, server } = await scene({ mounts })
    let reads = 0
    const stream = async function* () {
      reads++
      yield content
    }
    await repository.push(target, stream())
    expect(steps()).toEqual(['HEAD 404', 'POST 202', 'PUT 201'])
    expect(await stored()).toEqual(content)
    server.forget()
    await repository.push(target, stream())
    expect(steps()).toEqual(['HEAD 200'])
    expect(reads).toBe(1)
    server.forget()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 403 } })
    await repository.push(target, stream())
    expect(steps().slice(0, 2)).toEqual(['HEAD 403', mounts === 'named' ? 'POST 201' : 'POST 202'])
  })

  test('a registry that takes offence at the mount is asked without', async () => {
    for (const status of [400, 404, 405]) {
      const { repository, steps, stored, server } = await scene()
      server.misbehave({ when: { path: 'mount=' }, how: { kind: 'status', status } })
      await repository.push(target, content)
      expect(steps()).toEqual([`POST ${status}`, 'POST 202', 'PUT 201'])
      expect(await stored()).toEqual(content)
    }
  })

  test('whoever may not push is told so, and not asked for more', async () => {
    const { repository, server } = await scene()
    server.misbehave({ how: { kind: 'status', status: 403 } })
    await expect(repository.push(target, content)).rejects.toMatchObject(code('DENIED_REPOSITORY'))
    expect(server.requests).toHaveLength(1)
  })

  test.each([
    ['before anything is done', { kind: 'reset', at: 'request' }],
    ['after all is done', { kind: 'reset', at: 'answer' }],
    ['with an error', { kind: 'status', status: 500 }],
  ] as const)('an upload that breaks %s is begun anew', async (_, how) => {
    const { repository, stored, server } = await scene()
    server.misbehave({ when: { method: 'PUT', nth: 1 }, how })
    await repository.push(target, content)
    expect(await stored()).toEqual(content)
  })

  test('and not for ever', async () => {
    const { repository, server } = await scene({}, { limits: { tries: 3 } })
    server.misbehave({ when: { method: 'PUT' }, how: { kind: 'status', status: 500 } })
    await expect(repository.push(target, content)).rejects.toMatchObject(code('UNAVAILABLE_REGISTRY', { status: 500 }))
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(3)
  })

  test('a refusal is final', async () => {
    const { repository, server } = await scene()
    server.misbehave({ when: { method: 'PUT' }, how: { kind: 'status', status: 400, code: 'DIGEST_INVALID' } })
    await expect(repository.push(target, content)).rejects.toMatchObject(
      code('UNAVAILABLE_REGISTRY', { codes: ['DIGEST_INVALID'] }),
    )
    expect(server.requests).toHaveLength(2)
  })
})

describe('where it goes next', () => {
  test.each([true, false])('is an address or a path: absolute %s', async (absoluteLocations) => {
    const { repository, stored } = await scene({ absoluteLocations }, chunked)
    await repository.push(target, chunksOf(content, 100))
    expect(await stored()).toEqual(content)
  })

  test('keeps the query that the registry made', async () => {
    const { repository, server } = await scene()
    let location = ''
    const change = (answer: Answer) => {
      // What a reader would write otherwise.
      location = `${answer.headers?.location}&x=a%2Fb%3D%3D&y=%20+~&z`
      return { ...answer, headers: { ...answer.headers, location: `${location}#part` } }
    }
    server.misbehave({ when: { method: 'POST' }, how: { kind: 'change', change } })
    await repository.push(target, content)
    const [path, query] = location.split('?')
    expect(server.requests[1]).toMatchObject({ path, query: `${query}&digest=${encodeURIComponent(target.digest)}` })
  })

  test('may be elsewhere, without credentials', async () => {
    const { repository, server, stored } = await scene(
      { auth: { kind: 'basic', users: { me: 'secret' } } },
      { ...chunked, credentials: async () => ({ username: 'me', password: 'secret' }) },
    )
    server.misbehave({ when: { method: 'POST' }, how: { kind: 'location', to: 'elsewhere' } })
    await repository.push(target, chunksOf(content, 1000))
    const there = server.requests.filter(({ server: name }) => name === 'elsewhere')
    expect(there.length).toBeGreaterThan(1)
    expect(there.every(({ authorization }) => authorization === undefined)).toBe(true)
    expect(await stored()).toEqual(content)
  })

  test.each([undefined, '', 'ftp://storage/x', 'http://', 'http://me:secret@127.0.0.1/x', `/${'x'.repeat(9000)}`])(
    'is not %s',
    async (to) => {
      const { repository, server } = await scene()
      server.misbehave({ when: { method: 'POST' }, how: { kind: 'location', to } })
      const pushed = repository.push(target, content)
      await expect(pushed).rejects.toMatchObject(code('UNAVAILABLE_REGISTRY', { retryable: false }))
      expect(server.requests.every(({ method }) => method === 'POST')).toBe(true)
    },
  )
})

describe('in parts', () => {
  test.each([
    ['a stream', () => chunksOf(content, 777)],
    ['a stream of large pieces', () => chunksOf(content, 9999)],
    ['content at hand', () => content],
  ])('%s that is larger than one part', async (_, make) => {
    const { repository, steps, stored, server } = await scene({}, chunked)
    await repository.push(target, make())
    expect(steps().filter((step) => step !== 'HEAD 404')).toEqual([
      'POST 202',
      ...Array<string>(4).fill('PATCH 202'),
      'PUT 201',
    ])
    const ranges = server.requests.flatMap(({ headers }) => headers['content-range'] ?? [])
    expect(ranges).toEqual(['0-2999', '3000-5999', '6000-8999', '9000-9999'])
    expect(await stored()).toEqual(content)
  })

  test('parts are as large as the registry needs them', async () => {
    const { repository, steps, stored } = await scene({ chunkMinLength: 6000 }, chunked)
    await repository.push(target, chunksOf(content, 777))
    expect(steps()).toEqual(['HEAD 404', 'POST 202', 'PATCH 202', 'PATCH 202', 'PUT 201'])
    expect(await stored()).toEqual(content)
  })

  test('a stream that is there is not read', async () => {
    const { repository, server } = await scene({}, chunked)
    server.seed('org/app', { bytes: content, mediaType: target.mediaType })
    let chunks = 0
    const counted = async function* () {
      for await (const chunk of chunksOf(content, 100)) {
        chunks++
        yield chunk
      }
    }
    await repository.push(target, counted())
    expect(chunks).toBe(0)
  })

  test.each([
    ['before it arrives', { kind: 'reset', at: 'request' }],
    ['after it arrived', { kind: 'reset', at: 'answer' }],
    ['with an error', { kind: 'status', status: 503 }],
    ['out of order', { kind: 'status', status: 416 }],
  ] as const)('a part that breaks %s is taken up where the registry says', async (_, how) => {
    const { repository, stored, server } = await scene({}, chunked)
    server.misbehave({ when: { method: 'PATCH', nth: 2 }, how })
    await repository.push(target, chunksOf(content, 777))
    expect(await stored()).toEqual(content)
    expect(server.requests.some(({ method, status }) => method === 'GET' && status === 204)).toBe(true)
  })

  test('the first part, too, of which the registry may have nothing', async () => {
    const { repository, stored, server } = await scene({}, chunked)
    server.misbehave({ when: { method: 'PATCH', nth: 1 }, how: { kind: 'reset', at: 'request' } })
    await repository.push(target, chunksOf(content, 777))
    expect(await stored()).toEqual(content)
  })

  test('where the registry cannot tell, a stream is lost, and content at hand begun anew', async () => {
    const { repository, stored, server } = await scene({}, chunked)
    server.misbehave({ when: { method: 'GET' }, how: { kind: 'status', status: 404 } })
    const end = server.misbehave({ when: { method: 'PATCH', nth: 2 }, how: { kind: 'reset', at: 'request' } })
    await expect(repository.push(target, chunksOf(content, 777))).rejects.toMatchObject(code('UNAVAILABLE_HOST'))
    end()
    server.misbehave({ when: { method: 'PATCH', nth: 2 }, how: { kind: 'reset', at: 'request' } })
    await repository.push(target, content)
    expect(await stored()).toEqual(content)
  })

  test('a registry that takes no parts gets content at hand in one piece', async () => {
    const { repository, stored, server } = await scene({}, chunked)
    server.misbehave({ when: { method: 'PATCH' }, how: { kind: 'status', status: 405 } })
    await repository.push(target, content)
    expect(await stored()).toEqual(content)
    server.forget()
    const other = { ...target, digest: await digestBytes(content.subarray(1)), size: content.length - 1 }
    const pushed = repository.push(other, chunksOf(content.subarray(1), 777))
    await expect(pushed).rejects.toMatchObject(code('UNAVAILABLE_REGISTRY', { status: 405 }))
  })

  test.each([
    ['another', content.map((byte, index) => (index === 9_500 ? byte ^ 1 : byte))],
    ['less', content.subarray(0, 9_500)],
    ['more', new Uint8Array([...content, 0])],
  ])('a stream of %s than was said is never committed, and cancelled', async (_, wrong) => {
    const { repository, stored, server, steps } = await scene({}, chunked)
    const pushed = repository.push(target, chunksOf(wrong, 777))
    await expect(pushed).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(steps().some((step) => step.startsWith('PUT'))).toBe(false)
    expect(steps().at(-1)).toBe('DELETE 204')
    await expect(stored()).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    await expect(fetch(`${server.origin}${server.requests.at(-1)?.path}`)).resolves.toMatchObject({ status: 404 })
  })

  test('a stream that breaks is cancelled, and its error passed on', async () => {
    const { repository, steps } = await scene({}, chunked)
    const broken = new Error('the disk is gone')
    const breaking = async function* () {
      yield content.subarray(0, 5000)
      throw broken
    }
    await expect(repository.push(target, breaking())).rejects.toBe(broken)
    expect(steps()).toEqual(['HEAD 404', 'POST 202', 'PATCH 202', 'DELETE 204'])
  })

  test('whoever gives up waits for nothing; the upload is cancelled all the same', async () => {
    const { repository, server } = await scene({}, chunked)
    const controller = new AbortController()
    const reason = new Error('gave up')
    const endless = async function* () {
      yield content.subarray(0, 5000)
      server.misbehave({ when: { method: 'DELETE' }, how: { kind: 'delay', milliseconds: 300 } })
      controller.abort(reason)
      yield content.subarray(5000)
    }
    const started = performance.now()
    await expect(repository.push(target, endless(), { signal: controller.signal })).rejects.toBe(reason)
    expect(performance.now() - started).toBeLessThan(250)
    await expect.poll(() => server.requests.at(-1)).toMatchObject({ method: 'DELETE', status: 204 })
  })
})

describe('mounting', () => {
  test('takes a blob over from another repository', async () => {
    const { repository, server, steps, stored } = await scene()
    server.seed('org/base', { bytes: content, mediaType: target.mediaType })
    expect(await repository.mount(target, `${server.host}/org/base`)).toBe(true)
    expect(steps()).toEqual(['POST 201'])
    expect(await stored()).toEqual(content)
  })

  test('says where it has to be uploaded, and leaves no upload behind', async () => {
    const { repository, server, steps } = await scene({ mounts: 'never' })
    server.seed('org/base', { bytes: content, mediaType: target.mediaType })
    expect(await repository.mount(target, `${server.host}/org/base`)).toBe(false)
    expect(steps()).toEqual(['POST 202', 'DELETE 204'])
  })

  test('what cannot be mounted has to be uploaded', async () => {
    const { repository, server } = await scene()
    server.seed('org/base', { bytes: content, mediaType: target.mediaType })
    for (const status of [400, 401, 403, 404, 405] as const) {
      const headers = { 'www-authenticate': 'Basic realm="x"' }
      const end = server.misbehave({ how: { kind: 'status', status, headers } })
      expect(await repository.mount(target, `${server.host}/org/base`)).toBe(false)
      end()
    }
    server.forget()
    expect(await repository.mount(target, 'ghcr.io/org/base')).toBe(false)
    expect(
      await repository.mount(
        { ...target, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
        `${server.host}/org/base`,
      ),
    ).toBe(false)
    expect(server.requests).toEqual([])
  })

  test('a registry that is not there is no answer', async () => {
    const { repository, server } = await scene()
    server.misbehave({ how: { kind: 'status', status: 503 } })
    await expect(repository.mount(target, `${server.host}/org/base`)).rejects.toMatchObject(
      code('UNAVAILABLE_REGISTRY'),
    )
    await server.close()
    await expect(repository.mount(target, `${server.host}/org/base`)).rejects.toMatchObject(code('UNAVAILABLE_HOST'))
    await expect(repository.mount(target, 'no reference')).rejects.toMatchObject(code('INVALID_REFERENCE'))
    const broken = { ...target, digest: 'sha256:x' as typeof target.digest }
    await expect(repository.mount(broken, `${server.host}/org/base`)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('both repositories are named to the token service', async () => {
    const { repository, server } = await scene(
      { auth: { kind: 'bearer', users: { me: 'secret' } } },
      { credentials: async () => ({ username: 'me', password: 'secret' }) },
    )
    server.seed('org/base', { bytes: content, mediaType: target.mediaType })
    expect(await repository.mount(target, `${server.host}/org/base`)).toBe(true)
  })
})

test('memory stays at one part, however large the blob', async () => {
  const part = text('x'.repeat(1000))
  let open = 0
  let most = 0
  const stream = async function* () {
    for (let count = 0; count < 50; count++) {
      open += part.length
      most = Math.max(most, open)
      yield part
    }
  }
  const all = new Uint8Array(50_000).fill(120)
  const large = { ...target, digest: await digestBytes(all), size: all.length }
  const { repository, server } = await scene({}, chunked)
  server.misbehave({
    when: { method: 'PATCH' },
    how: {
      kind: 'change',
      change: (answer) => {
        open = 0
        return answer
      },
    },
  })
  await repository.push(large, stream())
  expect(most).toBeLessThanOrEqual(4000)
})
