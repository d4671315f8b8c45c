// SPDX-License-Identifier: Apache-2.0
import { readAll } from '@ocisign/core'
import { createRegistry, type RegistryLimits, registryLimits } from '@ocisign/registry'
import { describe, expect, test } from 'vitest'
import { code, serveRepository, text } from './support/serve.js'

const signature = 'application/vnd.cncf.notary.signature'

test('a repository has one store, whatever it is called', () => {
  const registry = createRegistry()
  const repository = registry.repository('alpine')
  expect(repository.repository).toBe('docker.io/library/alpine')
  expect(registry.repository('docker.io/library/alpine')).toBe(repository)
  expect(registry.repository('index.docker.io/alpine')).toBe(repository)
  expect(registry.repository('quay.io/library/alpine')).not.toBe(repository)
})

describe('limits', () => {
  test.each(Object.keys(registryLimits) as (keyof RegistryLimits)[])('%s is a whole number', (name) => {
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1'])
      expect(() => createRegistry({ limits: { [name]: value } })).toThrow(
        expect.objectContaining(code('MISUSE_OPTION', { option: `limits.${name}` })),
      )
    expect(() => createRegistry({ limits: { [name]: 1 } })).not.toThrow()
    expect(() => createRegistry({ limits: { [name]: undefined } })).not.toThrow()
  })

  test('a client may wait for no server, and follow no redirect', async () => {
    const { server, repository } = await serveRepository({}, { limits: { redirects: 0, retryAfterSeconds: 0 } })
    server.seedImage('org/app', 'v1')
    expect((await repository.resolve('v1')).size).toBeGreaterThan(0)
  })
})

describe('what is listed next', () => {
  async function signed() {
    const scene = await serveRepository()
    const image = scene.server.seedImage('org/app', 'v1')
    const asked = () => scene.server.requests.filter(({ path }) => path.includes('/referrers/'))
    const list = async (artifactType = signature) => {
      const all: string[] = []
      for await (const { digest } of scene.repository.referrers(image, { artifactType })) all.push(digest)
      return all
    }
    return { ...scene, image, asked, list }
  }

  test('is asked for at once, and once', async () => {
    const { repository, image, asked, list } = await signed()
    await repository.resolve(image.digest, { listsNext: signature })
    expect(await list()).toEqual([])
    expect(asked()).toHaveLength(1)
    expect(asked()[0]?.query).toBe(`artifactType=${encodeURIComponent(signature)}`)
    await list()
    expect(asked()).toHaveLength(2)
  })

  test('is not asked for by a tag, which may name anything', async () => {
    const { repository, asked, list } = await signed()
    await repository.resolve('v1', { listsNext: signature })
    expect(asked()).toHaveLength(0)
    await list()
    expect(asked()).toHaveLength(1)
  })

  test('is of its type, and no other listing uses it', async () => {
    const { repository, image, asked, list } = await signed()
    await repository.resolve(image.digest, { listsNext: '' })
    await list()
    expect(asked().map(({ query }) => query !== '')).toEqual([false, true])
  })

  test('fails where it is listed, and nowhere else', async () => {
    const { server, repository, image, list } = await signed()
    const end = server.misbehave({ when: { what: 'referrers' }, how: { kind: 'status', status: 500 } })
    expect((await repository.resolve(image.digest, { listsNext: signature })).digest).toBe(image.digest)
    await expect(list()).rejects.toMatchObject(code('UNAVAILABLE_LISTING'))
    end()
    expect(await list()).toEqual([])
  })

  test('is put away where there is nothing to list', async () => {
    const { repository, image, asked, list } = await signed()
    const none = `sha256:${'0'.repeat(64)}` as const
    await expect(repository.resolve(none, { listsNext: signature })).rejects.toMatchObject(
      code('UNAVAILABLE_NOT_FOUND'),
    )
    await expect.poll(() => asked().length).toBe(1)
    expect(asked()[0]?.path).not.toContain(image.digest)
    await list()
    expect(asked()).toHaveLength(2)
  })
})

test('what is worth knowing is told, and holds no secret', async () => {
  const { server, repository, notices } = await serveRepository(
    { auth: { kind: 'basic', users: { me: 'hunter2-secret' } } },
    { credentials: async () => ({ username: 'me', password: 'hunter2-secret' }) },
  )
  const blob = server.seed('org/app', { bytes: text('content'), mediaType: 'text/plain' })
  server.misbehave({ when: { nth: 2 }, how: { kind: 'echo', status: 503 } })
  await readAll(repository, blob)
  expect(notices).toHaveLength(1)
  expect(notices[0]).toMatchObject({ kind: 'retry', host: server.host })
  expect(JSON.stringify(notices)).not.toMatch(/hunter2|Basic|\p{Cc}/u)
})

test('many reads of which one in ten goes wrong: each is right or an error, and nobody waits for ever', async () => {
  const { server, repository } = await serveRepository(
    { records: false },
    { limits: { requestsPerHost: 4, idleMilliseconds: 200, requestsPerSecond: 100_000 } },
  )
  const blob = server.seed('org/app', { bytes: text('content'.repeat(100)), mediaType: 'text/plain' })
  const image = server.seedImage('org/app', 'v1')
  server.misbehave({ how: { kind: 'random', faults: { rate: 0.1, seed: 7 } } })
  const outcomes = new Map<string, number>()
  const note = (name: string) => outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
  const next = Array.from({ length: 300 }, (_, index) => index).values()
  const work = async () => {
    for (const index of next) {
      try {
        if (index % 2) expect((await readAll(repository, blob)).length).toBe(blob.size)
        else expect(await repository.resolve('v1')).toEqual(image)
        note('right')
      } catch (error) {
        note((error as { code: string }).code)
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(300)
  expect(outcomes.get('right')).toBeGreaterThan(250)
  const known = /^right$|^INVALID_CONTENT$|^DENIED_(?:CREDENTIALS|REPOSITORY)$|^UNAVAILABLE_(?!NOT_FOUND|REPOSITORY)/
  expect([...outcomes.keys()].filter((name) => !known.test(name))).toEqual([])
})
