// SPDX-License-Identifier: Apache-2.0
// Pushing manifests: end-7 of the distribution specification.
import { mediaTypes } from '@ocisign/core'
import { expect, test } from 'vitest'
import { ask, digestOf, manifestText, putBlob, putManifest, seedManifest, start } from './ask.js'

const tagged = '/v2/org/app/manifests/v1'
const type = { 'content-type': mediaTypes.imageManifest }

test('a manifest is kept byte by byte, and the answer says where', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  const text = `${manifestText()}\n`
  const put = await putManifest(registry, tagged, text)
  expect(put.status).toBe(201)
  expect(put.headers.get('docker-content-digest')).toBe(digestOf(text))
  expect(put.headers.get('oci-subject')).toBeNull()
  const get = await ask(registry, 'GET', put.headers.get('location')!)
  expect([get.text, get.headers.get('content-type')]).toEqual([text, mediaTypes.imageManifest])
  expect((await ask(registry, 'GET', tagged)).text).toBe(text)
})

test('a tag points at what was pushed last', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  for (const note of ['one', 'two'])
    expect((await putManifest(registry, tagged, manifestText({ note }))).status).toBe(201)
  expect((await ask(registry, 'GET', tagged)).text).toBe(manifestText({ note: 'two' }))
  const first = digestOf(manifestText({ note: 'one' }))
  expect((await ask(registry, 'GET', `/v2/org/app/manifests/${first}`)).status).toBe(200)
})

test('a manifest under a digest has that digest', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  const text = manifestText()
  for (const digest of [digestOf(text), digestOf(text, 'sha512')]) {
    const path = `/v2/org/app/manifests/${digest}`
    expect((await putManifest(registry, path, text)).status).toBe(201)
    expect((await ask(registry, 'GET', path)).headers.get('docker-content-digest')).toBe(digest)
  }
  expect(await putManifest(registry, `/v2/org/app/manifests/${digestOf('other')}`, text)).toMatchObject({
    status: 400,
    code: 'DIGEST_INVALID',
  })
})

test('a manifest that names what is not there is MANIFEST_BLOB_UNKNOWN', async () => {
  const registry = await start()
  const refused = await putManifest(registry, tagged, manifestText())
  expect(refused).toMatchObject({ status: 400, code: 'MANIFEST_BLOB_UNKNOWN' })
  expect(refused.json.errors.map((each: { detail: string }) => each.detail)).toContain(digestOf('{}'))
  registry.change({ checksReferences: false })
  expect((await putManifest(registry, tagged, manifestText())).status).toBe(201)
})

test('layers that may not be distributed need not be there', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  const document = JSON.parse(manifestText())
  const put = (mediaType: string) => {
    const layers = [{ mediaType, digest: digestOf('elsewhere'), size: 9 }]
    return putManifest(registry, tagged, JSON.stringify({ ...document, layers }))
  }
  expect((await put('application/vnd.oci.image.layer.nondistributable.v1.tar')).status).toBe(201)
  expect((await put('application/vnd.oci.image.layer.v1.tar')).code).toBe('MANIFEST_BLOB_UNKNOWN')
})

test('an index names manifests that are there', async () => {
  const registry = await start()
  const digest = seedManifest(registry, 'org/app')
  const indexOf = (of: string) =>
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: mediaTypes.imageManifest, digest: of, size: 9 }] })
  const put = (of: string) => putManifest(registry, tagged, indexOf(of), { 'content-type': mediaTypes.imageIndex })
  expect((await put(digest)).status).toBe(201)
  // A blob is no manifest.
  expect((await put(digestOf('{}'))).code).toBe('MANIFEST_BLOB_UNKNOWN')
})

test.each([
  ['text', 'hello', type],
  ['nothing', '', type],
  ['an index as a manifest', JSON.stringify({ schemaVersion: 2, manifests: [] }), type],
  ['another type than it says', manifestText(), { 'content-type': mediaTypes.imageIndex }],
  ['no type', manifestText(), { 'content-type': '' }],
  ['a subject without a digest', manifestText({ subject: 'v1' }), type],
])('%s is MANIFEST_INVALID', async (_, text, headers) => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  expect(await putManifest(registry, tagged, text, headers)).toMatchObject({ status: 400, code: 'MANIFEST_INVALID' })
})

test('parameters of the type are left aside', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  const headers = { 'content-type': `${mediaTypes.imageManifest}; charset=utf-8` }
  expect((await putManifest(registry, tagged, manifestText(), headers)).status).toBe(201)
  expect((await ask(registry, 'GET', tagged)).headers.get('content-type')).toBe(mediaTypes.imageManifest)
})

test('a manifest that is too long is refused with 413, four megabytes are not', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  const fill = (length: number) => manifestText({ note: 'x'.repeat(length - manifestText().length) })
  expect((await putManifest(registry, tagged, fill(4 * 1024 * 1024))).status).toBe(201)
  expect((await putManifest(registry, tagged, fill(4 * 1024 * 1024 + 1))).status).toBe(413)
})

test('a manifest with a subject is pushed before it, and the answer says that it was heard', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  const subject = digestOf('not there')
  const text = manifestText({ subject })
  const put = await putManifest(registry, `/v2/org/app/manifests/${digestOf(text)}`, text)
  expect([put.status, put.headers.get('oci-subject')]).toEqual([201, subject])
})

test('without the Referrers API nobody hears of a subject', async () => {
  const registry = await start({ referrersApi: false })
  await putBlob(registry, 'org/app', '{}')
  const text = manifestText({ subject: digestOf('not there') })
  const put = await putManifest(registry, `/v2/org/app/manifests/${digestOf(text)}`, text)
  expect([put.status, put.headers.get('oci-subject')]).toEqual([201, null])
})

test('tags in the query of a digest are set, at least ten', async () => {
  const registry = await start()
  await putBlob(registry, 'org/app', '{}')
  const text = manifestText()
  const path = (count: number) =>
    `/v2/org/app/manifests/${digestOf(text)}?${Array.from({ length: count }, (_, index) => `tag=v${index}`).join('&')}`
  const put = await putManifest(registry, path(10), text)
  expect(put.headers.get('oci-tag')?.split(', ')).toHaveLength(10)
  expect((await ask(registry, 'GET', '/v2/org/app/manifests/v9')).text).toBe(text)
  expect((await putManifest(registry, path(11), text)).status).toBe(414)
  registry.change({ tagParameters: false })
  expect((await putManifest(registry, path(10), text)).headers.get('oci-tag')).toBeNull()
})

test('conditions on a tag hold where the registry knows them', async () => {
  const registry = await start({ etags: true })
  await putBlob(registry, 'org/app', '{}')
  const put = (note: string, headers: Record<string, string>) =>
    putManifest(registry, tagged, manifestText({ note }), { ...type, ...headers })
  const first = await put('one', { 'if-none-match': '*' })
  expect(first.status).toBe(201)
  expect((await put('two', { 'if-none-match': '*' })).status).toBe(412)
  expect((await put('two', { 'if-match': '"sha256:other"' })).status).toBe(412)
  const { headers } = await ask(registry, 'GET', tagged)
  expect(headers.get('etag')).toBe(first.headers.get('etag'))
  expect((await put('two', { 'if-match': headers.get('etag')! })).status).toBe(201)
  expect((await ask(registry, 'GET', tagged)).text).toBe(manifestText({ note: 'two' }))
})
