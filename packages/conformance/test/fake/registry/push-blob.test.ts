// SPDX-License-Identifier: Apache-2.0
// Pushing blobs: end-4, end-5, end-6, end-11, end-13 and end-14 of the distribution specification.
import { expect, test } from 'vitest'
import { ask, digestOf, putBlob, start, withDigest } from './ask.js'

const uploads = '/v2/org/app/blobs/uploads/'
const octets = { 'content-type': 'application/octet-stream' }

test('POST begins an upload and PUT ends it', async () => {
  const registry = await start()
  const post = await ask(registry, 'POST', uploads)
  expect(post.status).toBe(202)
  expect(post.headers.get('location')).toMatch(/^\/v2\/org\/app\/blobs\/uploads\/[0-9a-f-]{36}\?_state=[0-9a-f]{32}$/)
  const put = await ask(registry, 'PUT', withDigest(post, digestOf('hello')), { headers: octets, body: 'hello' })
  expect(put.status).toBe(201)
  expect(put.headers.get('location')).toBe(`/v2/org/app/blobs/${digestOf('hello')}`)
  expect((await ask(registry, 'GET', put.headers.get('location')!)).text).toBe('hello')
  expect(await ask(registry, 'GET', post.headers.get('location')!)).toMatchObject({
    status: 404,
    code: 'BLOB_UPLOAD_UNKNOWN',
  })
})

test('addresses are whole where the registry says them so', async () => {
  const registry = await start({ absoluteLocations: true })
  const post = await ask(registry, 'POST', uploads)
  expect(post.headers.get('location')).toMatch(new RegExp(`^${registry.origin}/v2/org/app/blobs/uploads/`))
  const put = await ask(registry, 'PUT', withDigest(post, digestOf('a')), { body: 'a' })
  expect(put.headers.get('location')).toBe(`${registry.origin}/v2/org/app/blobs/${digestOf('a')}`)
})

test('what was in the address of an upload has to come back', async () => {
  const registry = await start()
  const location = (await ask(registry, 'POST', uploads)).headers.get('location')!
  const bare = location.slice(0, location.indexOf('?'))
  expect(await ask(registry, 'PUT', `${bare}?digest=${digestOf('a')}`, { body: 'a' })).toMatchObject({
    status: 400,
    code: 'BLOB_UPLOAD_INVALID',
  })
  expect((await ask(registry, 'PUT', location.replace('org/app', 'org/b'), { body: 'a' })).code).toBe(
    'BLOB_UPLOAD_UNKNOWN',
  )
})

test.each([
  ['of another content', digestOf('other')],
  ['that is too short', 'sha256:abc'],
  ['by an algorithm that nobody knows', `md5:${'0'.repeat(32)}`],
  ['that is missing', ''],
])('a digest %s is DIGEST_INVALID', async (_, digest) => {
  const registry = await start()
  const post = await ask(registry, 'POST', uploads)
  expect(await ask(registry, 'PUT', withDigest(post, digest), { body: 'hello' })).toMatchObject({
    status: 400,
    code: 'DIGEST_INVALID',
  })
  expect((await ask(registry, 'HEAD', `/v2/org/app/blobs/${digestOf('hello')}`)).status).toBe(404)
})

test('SHA-512 is a digest, too', async () => {
  const registry = await start()
  const post = await ask(registry, 'POST', `${uploads}?digest-algorithm=sha512`)
  expect(post.status).toBe(202)
  const digest = digestOf('hello', 'sha512')
  expect((await ask(registry, 'PUT', withDigest(post, digest), { body: 'hello' })).status).toBe(201)
  expect((await ask(registry, 'GET', `/v2/org/app/blobs/${digest}`)).text).toBe('hello')
  expect((await ask(registry, 'POST', `${uploads}?digest-algorithm=md5`)).code).toBe('DIGEST_INVALID')
})

test('one POST is enough where the registry knows it', async () => {
  const registry = await start()
  const post = await ask(registry, 'POST', `${uploads}?digest=${digestOf('hello')}`, { headers: octets, body: 'hello' })
  expect(post.status).toBe(201)
  expect((await ask(registry, 'GET', post.headers.get('location')!)).text).toBe('hello')
  expect(await ask(registry, 'POST', `${uploads}?digest=${digestOf('other')}`, { body: 'hello' })).toMatchObject({
    status: 400,
    code: 'DIGEST_INVALID',
  })
})

test('one POST begins an upload where the registry does not know it', async () => {
  const registry = await start({ singlePost: false })
  const post = await ask(registry, 'POST', `${uploads}?digest=${digestOf('hello')}`, { body: 'hello' })
  expect(post.status).toBe(202)
  expect((await ask(registry, 'PUT', withDigest(post, digestOf('hello')), { body: 'hello' })).status).toBe(201)
})

const chunk = (from: number, body: string) => ({
  headers: { ...octets, 'content-range': `${from}-${from + body.length - 1}` },
  body,
})

test('chunks are put together in order, the last by PATCH or by PUT', async () => {
  for (const last of [{}, chunk(6, 'world')]) {
    const registry = await start()
    const post = await ask(registry, 'POST', uploads)
    const first = await ask(registry, 'PATCH', post.headers.get('location')!, chunk(0, 'hello '))
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-5'])
    let latest = first
    if (!('body' in last)) latest = await ask(registry, 'PATCH', first.headers.get('location')!, chunk(6, 'world'))
    const put = await ask(registry, 'PUT', withDigest(latest, digestOf('hello world')), last)
    expect(put.status).toBe(201)
    expect((await ask(registry, 'GET', put.headers.get('location')!)).text).toBe('hello world')
  }
})

test('a chunk out of order is refused with 416, and the upload says how far it is', async () => {
  const registry = await start()
  const post = await ask(registry, 'POST', uploads)
  const location = post.headers.get('location')!
  expect((await ask(registry, 'PATCH', location, chunk(1, 'ello'))).status).toBe(416)
  await ask(registry, 'PATCH', location, chunk(0, 'hello '))
  expect((await ask(registry, 'PATCH', location, chunk(0, 'hello '))).status).toBe(416)
  expect((await ask(registry, 'PATCH', location, chunk(7, 'orld'))).status).toBe(416)
  expect((await ask(registry, 'PUT', withDigest(post, digestOf('hello world')), chunk(5, ' world'))).status).toBe(416)
  const status = await ask(registry, 'GET', location)
  expect([status.status, status.headers.get('range'), status.headers.get('location')]).toEqual([204, '0-5', location])
  expect((await ask(registry, 'PUT', withDigest(status, digestOf('hello world')), chunk(6, 'world'))).status).toBe(201)
})

test('a chunk is as long as the registry wants it, but for the last', async () => {
  const registry = await start({ chunkMinLength: 4 })
  const post = await ask(registry, 'POST', uploads)
  expect(post.headers.get('oci-chunk-min-length')).toBe('4')
  const location = post.headers.get('location')!
  expect((await ask(registry, 'PATCH', location, chunk(0, 'hell'))).status).toBe(202)
  expect((await ask(registry, 'PATCH', location, chunk(4, 'o'))).status).toBe(202)
  expect(await ask(registry, 'PATCH', location, chunk(5, 'worl'))).toMatchObject({ status: 400, code: 'SIZE_INVALID' })
  expect((await ask(registry, 'PUT', withDigest(post, digestOf('hello')))).status).toBe(201)
})

test('an upload that is cancelled is gone', async () => {
  const registry = await start()
  const post = await ask(registry, 'POST', uploads)
  const location = post.headers.get('location')!
  expect((await ask(registry, 'DELETE', location)).status).toBe(204)
  for (const method of ['GET', 'PATCH', 'DELETE'])
    expect(await ask(registry, method, location)).toMatchObject({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
  expect((await ask(registry, 'PUT', withDigest(post, digestOf('a')), { body: 'a' })).status).toBe(404)
})

test('a blob is mounted from the repository that is named', async () => {
  const registry = await start()
  const digest = await putBlob(registry, 'org/base', 'layer')
  const post = await ask(registry, 'POST', `${uploads}?mount=${digest}&from=org/base`)
  expect(post.status).toBe(201)
  expect(post.headers.get('location')).toBe(`/v2/org/app/blobs/${digest}`)
  expect((await ask(registry, 'GET', `/v2/org/app/blobs/${digest}`)).text).toBe('layer')
})

test('a blob is mounted from its own repository, which says that it is there', async () => {
  const registry = await start()
  const digest = await putBlob(registry, 'org/app', 'layer')
  expect((await ask(registry, 'POST', `${uploads}?mount=${digest}&from=org/app`)).status).toBe(201)
})

test('a blob that cannot be mounted begins an upload', async () => {
  const registry = await start()
  const digest = await putBlob(registry, 'org/base', 'layer')
  for (const query of [`mount=${digest}`, `mount=${digest}&from=org/nobody`, `mount=${digestOf('b')}&from=org/base`])
    expect((await ask(registry, 'POST', `${uploads}?${query}`)).status).toBe(202)
  expect((await ask(registry, 'POST', `${uploads}?mount=layer&from=org/base`)).code).toBe('DIGEST_INVALID')
  registry.change({ mounts: 'anywhere' })
  expect((await ask(registry, 'POST', `${uploads}?mount=${digest}`)).status).toBe(201)
  registry.change({ mounts: 'never' })
  const post = await ask(registry, 'POST', `${uploads}?mount=${digest}&from=org/base`)
  expect(post.status).toBe(202)
  expect((await ask(registry, 'PUT', withDigest(post, digest), { body: 'layer' })).status).toBe(201)
})

test('a push does not make a repository where that is not wanted', async () => {
  const registry = await start({ createsRepositories: false })
  expect(await ask(registry, 'POST', uploads)).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
  registry.seedImage('org/app')
  expect((await ask(registry, 'POST', uploads)).status).toBe(202)
})
