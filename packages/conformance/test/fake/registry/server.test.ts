// SPDX-License-Identifier: Apache-2.0
// The fake as a server: records, steps, TLS, browsers, and the store behind it.
import { get as secureGet } from 'node:https'
import { storeCases } from '@ocisign/conformance'
import { countConcurrent, countSteps, createFakeAuthority, createFakeRegistry } from '@ocisign/conformance/fake'
import { mediaTypes } from '@ocisign/core'
import { expect, test } from 'vitest'
import { ask, digestOf, manifestText, start } from './ask.js'

test('what came is recorded in its order, with what became of it', async () => {
  const registry = await start()
  registry.seedImage('org/app', 'v1')
  await ask(registry, 'GET', '/v2/org/app/manifests/v1?a=b%20c', { headers: { authorization: 'Basic c2VjcmV0' } })
  await ask(registry, 'POST', '/v2/org/app/blobs/uploads/', { body: 'hello' })
  expect(registry.requests).toMatchObject([
    { method: 'GET', path: '/v2/org/app/manifests/v1', query: 'a=b%20c', status: 200, authorization: 'Basic c2VjcmV0' },
    { method: 'POST', path: '/v2/org/app/blobs/uploads/', query: '', status: 202, bodyBytes: 5 },
  ])
  expect(registry.requests[0]!.sentBytes).toBeGreaterThan(100)
  expect(registry.requests[1]!.authorization).toBeUndefined()
  registry.forget()
  expect(registry.requests).toEqual([])
})

test('a long run keeps no records', async () => {
  const registry = await start({ records: false })
  expect((await ask(registry, 'GET', '/v2/')).status).toBe(200)
  expect(registry.requests).toEqual([])
})

test('what is asked at once is one step, what waits for an answer is another', async () => {
  const registry = await start({ settle: 25 })
  const base = () => ask(registry, 'GET', '/v2/')
  await base()
  await Promise.all([base(), base(), base().then(base)])
  expect(registry.requests).toHaveLength(5)
  expect([countSteps(registry.requests), countConcurrent(registry.requests)]).toEqual([3, 3])
  expect([countSteps([]), countConcurrent([])]).toEqual([0, 0])
})

test('each answer is late where that is wanted', async () => {
  const registry = await start({ latency: 40 })
  const begin = performance.now()
  await ask(registry, 'GET', '/v2/')
  expect(performance.now() - begin).toBeGreaterThanOrEqual(39)
})

test('the same content is on another port, which asks nobody who is there', async () => {
  const registry = await start({ auth: { kind: 'basic' } })
  registry.seedImage('org/app', 'v1')
  expect((await ask(registry, 'GET', '/v2/org/app/manifests/v1')).status).toBe(401)
  expect((await ask({ origin: registry.elsewhere }, 'GET', '/v2/org/app/manifests/v1')).status).toBe(200)
  expect(registry.requests.map(({ server }) => server)).toEqual(['registry', 'elsewhere'])
})

test('TLS has a certificate for the address, of the authority that was given', async () => {
  const registry = await start({ tls: await createFakeAuthority() })
  const status = (ca: string | undefined) =>
    new Promise((resolve) => {
      secureGet(`${registry.origin}/v2/`, { ca }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
  expect(await status(registry.authorityPem)).toBe(200)
  expect(await status(undefined)).toBe('SELF_SIGNED_CERT_IN_CHAIN')
  expect(new URL(registry.elsewhere).protocol).toBe('http:')
})

test('IPv6 is an address, too', async () => {
  const registry = await start({ address: '::1' })
  expect(registry.host).toMatch(/^\[::1\]:[0-9]+$/)
  expect((await ask(registry, 'GET', '/v2/')).status).toBe(200)
})

test('pages of other origins may read what they need, where that is wanted', async () => {
  const registry = await start({ cors: 'https://page.test' })
  registry.seedImage('org/app', 'v1')
  const headers = { origin: 'https://page.test', 'access-control-request-method': 'GET' }
  const preflight = await ask(registry, 'OPTIONS', '/v2/org/app/manifests/v1', { headers })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
  const reply = await ask(registry, 'GET', '/v2/org/app/manifests/v1')
  expect(reply.headers.get('access-control-allow-origin')).toBe('https://page.test')
  expect(reply.headers.get('access-control-expose-headers')).toContain('docker-content-digest')
  const closed = await ask(await start(), 'OPTIONS', '/v2/', { headers })
  expect([closed.status, closed.headers.get('access-control-allow-origin')]).toEqual([405, null])
})

test('an image that is seeded can be pulled whole', async () => {
  const registry = await start()
  const image = registry.seedImage('org/app', 'v1')
  const manifest = await ask(registry, 'GET', '/v2/org/app/manifests/v1')
  expect(manifest.headers.get('docker-content-digest')).toBe(image.digest)
  for (const { digest } of [manifest.json.config, ...manifest.json.layers])
    expect(digestOf((await ask(registry, 'GET', `/v2/org/app/blobs/${digest}`)).text)).toBe(digest)
  expect(registry.seedImage('org/app', undefined, 'a')).toEqual(registry.seedImage('org/b', undefined, 'a'))
  expect(registry.seedImage('org/app').digest).not.toBe(image.digest)
})

test('without the Referrers API, what is pushed to the store stands in the tag schema, once', async () => {
  const registry = await start({ referrersApi: false })
  const store = registry.repository('org/app')
  const subject = registry.seedImage('org/app', 'v1')
  const bytes = new TextEncoder().encode(manifestText({ subject: subject.digest, artifactType: 'a/b' }))
  const descriptor = {
    mediaType: mediaTypes.imageManifest,
    digest: digestOf(bytes) as `sha256:${string}`,
    size: bytes.length,
  }
  for (let times = 0; times < 2; times += 1) await store.push(descriptor, bytes)
  const { json } = await ask(registry, 'GET', `/v2/org/app/manifests/${subject.digest.replace(':', '-')}`)
  expect(json.manifests).toEqual([{ ...descriptor, artifactType: 'a/b', annotations: { note: '' } }])
})

// Blobs have no media type of their own in a registry, so the store of one cannot be all that other stores are.
const cases = storeCases({
  create: async () => {
    const registry = await createFakeRegistry()
    const store = registry.repository('org/app')
    await registry.close()
    return store
  },
}).filter(({ name }) => /referrer|subject|artifact type/.test(name))

test.each(cases)('its store $name', ({ run }) => run())

test('there are cases for the store', () => {
  expect(cases.length).toBeGreaterThan(5)
})
