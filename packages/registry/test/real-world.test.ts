// SPDX-License-Identifier: Apache-2.0
// What registries, proxies and networks do that no specification speaks of.
import { type Answer, createFakeAuthority } from '@ocisign/conformance/fake'
import { digestBytes, mediaTypes, readAll, signArtifact } from '@ocisign/core'
import { createRegistry } from '@ocisign/registry'
import { createDispatcherFetch } from '@ocisign/registry/node'
import { Agent } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createScene, signer } from './attacks/scene.js'
import { chunksOf, code, serve, serveRepository, text, transportOf } from './support/serve.js'

describe('what is asked for ahead', () => {
  test('is not lost for one because another gave up', async () => {
    const { server, repository, verify, image } = await createScene()
    server.misbehave({ when: { what: 'referrers', nth: 2 }, how: { kind: 'hang', at: 'request' } })
    server.misbehave({ when: { method: 'HEAD', nth: 1 }, how: { kind: 'delay', milliseconds: 300 } })
    const controller = new AbortController()
    const patient = verify(image.digest)
    await expect.poll(() => server.requests.length).toBeGreaterThan(0)
    const hasty = repository.resolve(image.digest, {
      listsNext: 'application/vnd.cncf.notary.signature',
      signal: controller.signal,
    })
    await hasty
    setTimeout(() => controller.abort(new Error('enough')), 500)
    expect((await patient).decision).toBe('verified')
  })
})

describe('a name and a password', () => {
  test('that may not delete are still good for all else', async () => {
    const credentials = async () => ({ username: 'me', password: 'secret' })
    const auth = { kind: 'basic', users: { me: 'secret' } } as const
    const { server, repository } = await createScene({ server: { auth, referrersApi: false }, client: { credentials } })
    const headers = { 'www-authenticate': 'Basic realm="x"' }
    server.misbehave({ when: { method: 'DELETE' }, how: { kind: 'status', status: 401, headers } })
    expect((await signArtifact(repository, 'v1', signer)).listing).toBe('listed')
  })
})

describe('a registry behind a proxy that speaks https, which thinks that it speaks plain http itself', () => {
  async function scene() {
    const authority = await createFakeAuthority()
    const server = await serve({ tls: authority, tagsPerPage: 1 })
    const agent = new Agent({ connect: { ca: server.authorityPem! } })
    onTestFinished(() => agent.destroy())
    const fetch = createDispatcherFetch(agent)
    const repository = createRegistry({ fetch, insecureHosts: 'none' }).repository(`${server.host}/org/app`)
    return { server, repository }
  }

  test('is uploaded to by https', async () => {
    const { server, repository } = await scene()
    const change = (answer: Answer) => ({
      ...answer,
      headers: { ...answer.headers, location: `http://${server.host}${answer.headers?.location}` },
    })
    server.misbehave({ when: { method: 'POST' }, how: { kind: 'change', change } })
    const bytes = text('{}')
    const target = { mediaType: mediaTypes.empty, digest: await digestBytes(bytes), size: 2 }
    await repository.push(target, bytes)
    expect(await readAll(server.repository('org/app'), target)).toEqual(bytes)
    server.misbehave({ when: { method: 'POST' }, how: { kind: 'location', to: 'http://storage.test/x' } })
    const other = { ...target, digest: await digestBytes(text('[]')) }
    await expect(repository.push(other, text('[]'))).rejects.toMatchObject(code('UNAVAILABLE_REGISTRY'))
  })

  test('is listed by https', async () => {
    const { server, repository } = await scene()
    for (const tag of ['v1', 'v2', 'v3']) server.seedImage('org/app', tag)
    const change = (answer: Answer) => {
      const link = answer.headers?.link
      return typeof link === 'string'
        ? { ...answer, headers: { ...answer.headers, link: link.replace('<', `<http://${server.host}`) } }
        : answer
    }
    server.misbehave({ when: { path: '/tags/list' }, how: { kind: 'change', change } })
    const found = []
    for await (const tag of repository.tags()) found.push(tag)
    expect(found).toEqual(['v1', 'v2', 'v3'])
  })
})

describe('the end of a stream', () => {
  const content = new Uint8Array(10_000).map((_, index) => index ^ (index >> 8))
  test.each([
    ['an error after all is done', { kind: 'reset', at: 'answer' }],
    ['an error before', { kind: 'status', status: 502 }],
  ] as const)('%s', async (_, how) => {
    const { repository, server } = await serveRepository({}, { limits: { chunkBytes: 3000 } })
    const target = { mediaType: 'application/octet-stream', digest: await digestBytes(content), size: content.length }
    server.misbehave({ when: { method: 'PUT', nth: 1 }, how })
    await repository.push(target, chunksOf(content, 100))
    expect(await readAll(server.repository('org/app'), target)).toEqual(content)
  })
})

describe('a registry without a Referrers API', () => {
  test('that says of a push that it lists it: what was signed is found all the same', async () => {
    const { server, repository, verify } = await createScene({ signatures: 0 })
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'status', status: 404 } })
    const { subject } = await signArtifact(repository, 'v1', signer, { wait: async () => {} })
    expect((await verify(subject.digest)).decision).toBe('verified')
  })

  test('that sends elsewhere, where there is none either, as GitHub does', async () => {
    const auth = { kind: 'basic', users: { me: 'secret' } } as const
    const credentials = async () => ({ username: 'me', password: 'secret' })
    const scene = await createScene({ server: { auth, referrersApi: false }, client: { credentials } })
    const { server, verify, image } = scene
    server.misbehave({
      when: { what: 'referrers', server: 'registry' },
      how: { kind: 'redirect', to: 'elsewhere', status: 303 },
    })
    const answer = { kind: 'status', status: 404, body: '<html>' } as const
    const end = server.misbehave({ when: { server: 'elsewhere' }, how: answer })
    expect((await verify(image.digest)).decision).toBe('verified')
    const there = server.requests.filter(({ server: name }) => name === 'elsewhere')
    expect(there.map(({ authorization }) => authorization)).toEqual([undefined])
    end()
    server.misbehave({ when: { server: 'elsewhere' }, how: { ...answer, status: 429 } })
    await expect(verify(image.digest)).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
  })
})

describe('a session that the registry knows no more', () => {
  const bytes = text('{}')
  test('is begun anew where all is at hand, and never means that something is not there', async () => {
    const { server, repository } = await serveRepository()
    const target = { mediaType: mediaTypes.empty, digest: await digestBytes(bytes), size: 2 }
    const how = { kind: 'status', status: 404, code: 'BLOB_UPLOAD_UNKNOWN' } as const
    server.misbehave({ when: { method: 'PUT', nth: 1 }, how })
    await repository.push(target, bytes)
    expect(await readAll(server.repository('org/app'), target)).toEqual(bytes)
    server.misbehave({ when: { method: 'PUT' }, how })
    const other = { ...target, digest: await digestBytes(text('[]')) }
    await expect(repository.push(other, text('[]'))).rejects.toMatchObject(code('UNAVAILABLE_REGISTRY'))
  })
})

test('a clock that stands does not stop requests', async () => {
  const server = await serve()
  const { send } = transportOf({ requestsPerSecond: 5 }, { clock: () => new Date(0) })
  for (let count = 0; count < 8; count++) await (await send(`${server.origin}/v2/`)).discard()
  expect(server.requests).toHaveLength(8)
}, 10_000)

test('what nobody wants is not waited for, however it comes', async () => {
  const server = await serve()
  const how = { kind: 'status', status: 404, body: 'x'.repeat(1000) } as const
  server.misbehave({ how })
  server.misbehave({ how: { kind: 'slow', bytes: 1, milliseconds: 50 } })
  const begun = performance.now()
  const response = await transportOf().send(`${server.origin}/v2/`)
  await response.discard()
  expect(performance.now() - begun).toBeLessThan(4_000)
})
