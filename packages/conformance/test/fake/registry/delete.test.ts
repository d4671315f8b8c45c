// SPDX-License-Identifier: Apache-2.0
// Content management: end-9 and end-10 of the distribution specification.
import { expect, test } from 'vitest'
import { ask, digestOf, seedManifest, start } from './ask.js'

test('a tag is deleted, and the manifest stays', async () => {
  const registry = await start()
  const digest = seedManifest(registry, 'org/app', {}, 'v1')
  expect((await ask(registry, 'DELETE', '/v2/org/app/manifests/v1')).status).toBe(202)
  expect((await ask(registry, 'GET', '/v2/org/app/manifests/v1')).status).toBe(404)
  expect((await ask(registry, 'GET', `/v2/org/app/manifests/${digest}`)).status).toBe(200)
  expect((await ask(registry, 'DELETE', '/v2/org/app/manifests/v1')).status).toBe(404)
})

test('a manifest is deleted, with its tags and its place among the referrers', async () => {
  const registry = await start()
  const subject = seedManifest(registry, 'org/app')
  const digest = seedManifest(registry, 'org/app', { subject }, 'v1')
  expect((await ask(registry, 'DELETE', `/v2/org/app/manifests/${digest}`)).status).toBe(202)
  for (const reference of [digest, 'v1'])
    expect((await ask(registry, 'GET', `/v2/org/app/manifests/${reference}`)).status).toBe(404)
  expect((await ask(registry, 'GET', `/v2/org/app/referrers/${subject}`)).json.manifests).toEqual([])
  expect((await ask(registry, 'GET', '/v2/org/app/tags/list')).json.tags).toEqual([])
})

test('a blob is deleted', async () => {
  const registry = await start()
  seedManifest(registry, 'org/app')
  const path = `/v2/org/app/blobs/${digestOf('{}')}`
  expect((await ask(registry, 'DELETE', path)).status).toBe(202)
  expect((await ask(registry, 'GET', path)).status).toBe(404)
  expect(await ask(registry, 'DELETE', path)).toMatchObject({ status: 404, code: 'BLOB_UNKNOWN' })
})

test('in a repository that is not there nothing is deleted', async () => {
  const registry = await start()
  for (const path of ['manifests/v1', `manifests/${digestOf('a')}`, `blobs/${digestOf('a')}`])
    expect(await ask(registry, 'DELETE', `/v2/org/app/${path}`)).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
})

test('where deleting is disabled it is refused with 405', async () => {
  const registry = await start({ deletes: { tags: false, manifests: false, blobs: false } })
  const digest = seedManifest(registry, 'org/app', {}, 'v1')
  for (const path of ['manifests/v1', `manifests/${digest}`, `blobs/${digestOf('{}')}`]) {
    expect(await ask(registry, 'DELETE', `/v2/org/app/${path}`)).toMatchObject({ status: 405, code: 'UNSUPPORTED' })
    expect((await ask(registry, 'GET', `/v2/org/app/${path}`)).status).toBe(200)
  }
})
