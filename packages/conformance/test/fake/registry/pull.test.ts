// SPDX-License-Identifier: Apache-2.0
// Pulling: end-1, end-2 and end-3 of the distribution specification.
import { encodeText, mediaTypes } from '@ocisign/core'
import { expect, test } from 'vitest'
import { ask, digestOf, manifestText, seedManifest, start } from './ask.js'

const nowhere = `sha256:${'0'.repeat(64)}`

test('the base says that this is a registry', async () => {
  const registry = await start()
  expect(await ask(registry, 'GET', '/v2/')).toMatchObject({ status: 200, json: {} })
  expect((await ask(registry, 'GET', '/v1/')).status).toBe(404)
})

test('a manifest is what was pushed, by tag and by digest, with type, digest and length', async () => {
  const registry = await start()
  const digest = seedManifest(registry, 'org/app', {}, 'v1')
  for (const reference of ['v1', digest]) {
    const { status, headers, text } = await ask(registry, 'GET', `/v2/org/app/manifests/${reference}`)
    expect([status, text]).toEqual([200, manifestText()])
    expect(headers.get('content-type')).toBe(mediaTypes.imageManifest)
    expect(headers.get('docker-content-digest')).toBe(digest)
    expect(headers.get('content-length')).toBe(`${text.length}`)
  }
})

test('HEAD of a manifest or blob says what GET says, without the body', async () => {
  const registry = await start()
  seedManifest(registry, 'org/app', {}, 'v1')
  for (const path of ['/v2/org/app/manifests/v1', `/v2/org/app/blobs/${digestOf('{}')}`]) {
    const [head, get] = [await ask(registry, 'HEAD', path), await ask(registry, 'GET', path)]
    expect([head.status, head.text]).toEqual([200, ''])
    for (const name of ['content-length', 'content-type', 'docker-content-digest'])
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)])
    expect(get.headers.get('content-length')).toBe(`${get.text.length}`)
  }
})

test('a manifest that is not there is MANIFEST_UNKNOWN, a repository NAME_UNKNOWN', async () => {
  const registry = await start()
  seedManifest(registry, 'org/app', {}, 'v1')
  for (const [path, code] of [
    ['/v2/org/app/manifests/v2', 'MANIFEST_UNKNOWN'],
    [`/v2/org/app/manifests/${nowhere}`, 'MANIFEST_UNKNOWN'],
    ['/v2/org/other/manifests/v1', 'NAME_UNKNOWN'],
    [`/v2/org/other/blobs/${nowhere}`, 'NAME_UNKNOWN'],
  ] as const) {
    expect([path, await ask(registry, 'GET', path)]).toMatchObject([path, { status: 404, code }])
    expect((await ask(registry, 'HEAD', path)).status).toBe(404)
  }
})

test('a manifest is served to those who accept its type', async () => {
  const registry = await start()
  seedManifest(registry, 'org/app', {}, 'v1')
  const status = async (accept: string) =>
    (await ask(registry, 'GET', '/v2/org/app/manifests/v1', { headers: { accept } })).status
  expect(await status(`application/json, ${mediaTypes.imageManifest};q=0.9`)).toBe(200)
  expect(await status('*/*')).toBe(200)
  expect(await status(mediaTypes.imageIndex)).toBe(404)
  registry.change({ negotiates: false })
  expect(await status(mediaTypes.imageIndex)).toBe(200)
})

test.each([
  ['UPPER', 400, 'NAME_INVALID'],
  ['a//b', 400, 'NAME_INVALID'],
  ['a/-b', 400, 'NAME_INVALID'],
  ['a___b', 400, 'NAME_INVALID'],
  ['a..b', 400, 'NAME_INVALID'],
  [`a/${'b'.repeat(254)}`, 400, 'NAME_INVALID'],
  ['a%2f..%2fb', 400, 'NAME_INVALID'],
  ['a__b/c.d/e---f', 404, 'NAME_UNKNOWN'],
])('a repository called %s is answered with %i', async (name, status, code) => {
  const registry = await start()
  expect(await ask(registry, 'GET', `/v2/${name}/manifests/v1`)).toMatchObject({ status, code })
})

test.each([
  ['-v1', 400],
  ['v'.repeat(129), 400],
  ['v%0a1', 400],
  ['v'.repeat(128), 404],
  ['sha256:abc', 400],
  ['SHA256:'.concat('0'.repeat(64)), 400],
])('a reference %s is answered with %i', async (reference, status) => {
  const registry = await start()
  seedManifest(registry, 'org/app', {}, 'v1')
  expect((await ask(registry, 'GET', `/v2/org/app/manifests/${reference}`)).status).toBe(status)
})

test('a blob is what was pushed; one that is not there is BLOB_UNKNOWN', async () => {
  const registry = await start()
  registry.seed('org/app', { bytes: encodeText('hello'), mediaType: 'text/plain' })
  const digest = digestOf('hello')
  const reply = await ask(registry, 'GET', `/v2/org/app/blobs/${digest}`)
  expect(reply).toMatchObject({ status: 200, text: 'hello' })
  expect(reply.headers.get('docker-content-digest')).toBe(digest)
  expect(await ask(registry, 'GET', `/v2/org/app/blobs/${nowhere}`)).toMatchObject({
    status: 404,
    code: 'BLOB_UNKNOWN',
  })
  expect(await ask(registry, 'GET', '/v2/org/app/blobs/sha256:0')).toMatchObject({
    status: 400,
    code: 'DIGEST_INVALID',
  })
})

test.each([
  ['bytes=1-3', 206, 'ell', 'bytes 1-3/5'],
  ['bytes=3-', 206, 'lo', 'bytes 3-4/5'],
  ['bytes=-2', 206, 'lo', 'bytes 3-4/5'],
  ['bytes=0-99', 206, 'hello', 'bytes 0-4/5'],
  ['bytes=5-', 416, '', 'bytes */5'],
  ['bytes=3-1', 200, 'hello', null],
  ['bytes=0-1,3-4', 200, 'hello', null],
])('of a blob, %s is answered with %i', async (range, status, text, contentRange) => {
  const registry = await start()
  registry.seed('org/app', { bytes: encodeText('hello'), mediaType: 'text/plain' })
  const reply = await ask(registry, 'GET', `/v2/org/app/blobs/${digestOf('hello')}`, { headers: { range } })
  expect(reply).toMatchObject({ status, text })
  expect(reply.headers.get('content-range')).toBe(contentRange)
})

test('errors have the form of the specification', async () => {
  const registry = await start()
  const { json, headers } = await ask(registry, 'GET', '/v2/org/app/manifests/v1')
  expect(headers.get('content-type')).toBe('application/json')
  expect(json).toEqual({ errors: [{ code: 'NAME_UNKNOWN', message: expect.any(String), detail: { name: 'org/app' } }] })
})

test('a warning stands on every answer where there is one', async () => {
  const registry = await start({ warning: 'this image is old' })
  const { headers } = await ask(registry, 'GET', '/v2/')
  expect(headers.get('warning')).toBe('299 - "this image is old"')
})

test('what the specification does not know is refused', async () => {
  const registry = await start()
  for (const [method, path] of [
    ['POST', '/v2/'],
    ['POST', '/v2/org/app/manifests/v1'],
    ['PUT', `/v2/org/app/blobs/${nowhere}`],
    ['GET', '/v2/org/app/blobs/uploads/'],
    ['PUT', '/v2/org/app/tags/list'],
    ['DELETE', `/v2/org/app/referrers/${nowhere}`],
  ] as const)
    expect([method, path, await ask(registry, method, path)]).toMatchObject([
      method,
      path,
      { status: 405, code: 'UNSUPPORTED' },
    ])
})

test('parameters that nobody knows change nothing, and neither does `ns`', async () => {
  const registry = await start()
  seedManifest(registry, 'org/app', {}, 'v1')
  const reply = await ask(registry, 'GET', '/v2/org/app/manifests/v1?ns=docker.io&x=y')
  expect([reply.status, reply.text, reply.headers.get('oci-namespace')]).toEqual([200, manifestText(), null])
})
