// SPDX-License-Identifier: Apache-2.0
// Content discovery: end-8 and end-12 of the distribution specification.
import { mediaTypes } from '@ocisign/core'
import { expect, test } from 'vitest'
import { ask, digestOf, manifestText, putManifest, seedManifest, start } from './ask.js'

const [signature, sbom] = ['application/vnd.example.signature', 'application/vnd.example.sbom']
const tags = '/v2/org/app/tags/list'
const nextOf = ({ headers }: { readonly headers: Headers }) =>
  /^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]

test('tags are listed in order, under the name of the repository', async () => {
  const registry = await start()
  for (const tag of ['v2', 'latest', 'V1', 'v10']) seedManifest(registry, 'org/app', {}, tag)
  expect(await ask(registry, 'GET', tags)).toMatchObject({
    status: 200,
    json: { name: 'org/app', tags: ['V1', 'latest', 'v10', 'v2'] },
  })
})

test('a repository without tags has an empty list; one that is not there is NAME_UNKNOWN', async () => {
  const registry = await start()
  seedManifest(registry, 'org/app')
  expect((await ask(registry, 'GET', tags)).json).toEqual({ name: 'org/app', tags: [] })
  expect(await ask(registry, 'GET', '/v2/org/other/tags/list')).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
})

test('n and last choose a part of the tags, and Link leads to the next', async () => {
  const registry = await start()
  for (const tag of ['a', 'b', 'c', 'd']) seedManifest(registry, 'org/app', {}, tag)
  const list = async (query: string) => {
    const reply = await ask(registry, 'GET', `${tags}?${query}`)
    return [reply.json.tags.join(''), nextOf(reply)]
  }
  expect(await list('n=3')).toEqual(['abc', `${tags}?n=3&last=c`])
  expect(await list('n=3&last=c')).toEqual(['d', undefined])
  expect(await list('last=b')).toEqual(['cd', undefined])
  expect(await list('last=bb')).toEqual(['cd', undefined])
  expect(await list('n=4')).toEqual(['abcd', undefined])
  expect(await list('n=0')).toEqual(['', undefined])
  expect((await ask(registry, 'GET', `${tags}?n=x`)).status).toBe(400)
  registry.change({ tagsPerPage: 2, absoluteLocations: true })
  expect(await list('n=3')).toEqual(['ab', `${registry.origin}${tags}?n=3&last=b`])
})

test('referrers are listed with type, digest, size, artifact type and annotations', async () => {
  const registry = await start()
  const subject = seedManifest(registry, 'org/app', {}, 'v1')
  const members = { subject, artifactType: signature, annotations: { 'org.example': 'a' } }
  const digest = seedManifest(registry, 'org/app', members)
  seedManifest(registry, 'org/app', { subject: digest, note: 'of the referrer' })
  const reply = await ask(registry, 'GET', `/v2/org/app/referrers/${subject}`)
  expect(reply.status).toBe(200)
  expect(reply.headers.get('content-type')).toBe(mediaTypes.imageIndex)
  expect(reply.json).toEqual({
    schemaVersion: 2,
    mediaType: mediaTypes.imageIndex,
    manifests: [
      {
        mediaType: mediaTypes.imageManifest,
        digest,
        size: manifestText(members).length,
        artifactType: signature,
        annotations: { note: '', 'org.example': 'a' },
      },
    ],
  })
})

test('the artifact type is that of the config where a manifest has none; an index has none', async () => {
  const registry = await start()
  const subject = seedManifest(registry, 'org/app')
  seedManifest(registry, 'org/app', { subject, configType: sbom })
  seedManifest(registry, 'org/app', { subject, configType: sbom, artifactType: '', note: 'empty' })
  const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [], subject: { digest: subject } }
  const put = await putManifest(registry, '/v2/org/app/manifests/i', JSON.stringify(index), {
    'content-type': mediaTypes.imageIndex,
  })
  expect(put.headers.get('oci-subject')).toBe(subject)
  const { json } = await ask(registry, 'GET', `/v2/org/app/referrers/${subject}`)
  expect(json.manifests.map((each: { artifactType?: string }) => each.artifactType)).toEqual([sbom, sbom, undefined])
})

test('no referrers are an empty list, of any digest; what is no digest is refused', async () => {
  const registry = await start()
  for (const name of ['org/app', 'org/other'])
    expect(await ask(registry, 'GET', `/v2/${name}/referrers/${digestOf('x')}`)).toMatchObject({
      status: 200,
      json: { manifests: [] },
    })
  expect((await ask(registry, 'GET', '/v2/org/app/referrers/v1')).status).toBe(400)
})

test('a filter is applied and said to be, or neither', async () => {
  const registry = await start()
  const subject = seedManifest(registry, 'org/app')
  const digest = seedManifest(registry, 'org/app', { subject, artifactType: signature })
  seedManifest(registry, 'org/app', { subject, artifactType: sbom })
  const list = async (query = '') => {
    const { json, headers } = await ask(registry, 'GET', `/v2/org/app/referrers/${subject}${query}`)
    return [json.manifests.map((each: { digest: string }) => each.digest).length, headers.get('oci-filters-applied')]
  }
  expect(await list()).toEqual([2, null])
  expect(await list(`?artifactType=${signature}`)).toEqual([1, 'artifactType'])
  expect(await list('?artifactType=application/x')).toEqual([0, 'artifactType'])
  registry.change({ filtersReferrers: false })
  expect(await list(`?artifactType=${signature}`)).toEqual([2, null])
  expect(digest).toMatch(/^sha256:/)
})

test('pages of referrers follow each other by Link, each referrer once', async () => {
  const registry = await start({ referrersPerPage: 2 })
  const subject = seedManifest(registry, 'org/app')
  const seeded = ['a', 'b', 'c', 'd', 'e'].map((note) =>
    seedManifest(registry, 'org/app', { subject, artifactType: signature, note }),
  )
  for (const note of ['x', 'y', 'z']) seedManifest(registry, 'org/app', { subject, artifactType: sbom, note })
  const found: string[] = []
  let path: string | undefined = `/v2/org/app/referrers/${subject}?artifactType=${signature}`
  for (let pages = 0; path !== undefined; pages += 1) {
    expect(pages).toBeLessThan(3)
    const reply = await ask(registry, 'GET', path)
    expect(reply.headers.get('oci-filters-applied')).toBe('artifactType')
    found.push(...reply.json.manifests.map((each: { digest: string }) => each.digest))
    path = nextOf(reply)
  }
  expect(found).toEqual(seeded)
})

test('without the Referrers API its address is not found', async () => {
  const registry = await start({ referrersApi: false })
  const subject = seedManifest(registry, 'org/app')
  expect((await ask(registry, 'GET', `/v2/org/app/referrers/${subject}`)).status).toBe(404)
})

test('once it is there, the Referrers API lists what was pushed before', async () => {
  const registry = await start({ referrersApi: false })
  const subject = seedManifest(registry, 'org/app')
  const digest = seedManifest(registry, 'org/app', { subject, artifactType: signature })
  registry.change({ referrersApi: true })
  const { json } = await ask(registry, 'GET', `/v2/org/app/referrers/${subject}`)
  expect(json.manifests).toMatchObject([{ digest }])
})
