// SPDX-License-Identifier: Apache-2.0
// The store in memory, beyond the cases that every store passes (packages/conformance/test/store.test.ts).
import { createMemoryStore, type Descriptor, encodeText, mediaTypes, readAll } from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { code, json, put } from './families.js'

const { imageManifest, imageIndex, artifactManifest, empty } = mediaTypes
const signatureType = 'test/signature'

async function scene() {
  const store = createMemoryStore()
  const subject = await put(store, imageManifest, json({ schemaVersion: 2 }))
  const { mediaType, digest, size } = subject
  const attach = (document: object, type: string = imageManifest, extra: Partial<Descriptor> = {}) =>
    put(store, type, json({ subject: { mediaType, digest, size }, ...document }), extra)
  const list = async (artifactType?: string) => {
    const listed: Descriptor[] = []
    for await (const each of store.referrers(subject, artifactType === undefined ? {} : { artifactType }))
      listed.push(each)
    return listed
  }
  return { store, subject, attach, list }
}

const digests = (listed: readonly Descriptor[]) => listed.map(({ digest }) => digest)

test('is for a repository, and asks for a form of signature manifest, only where it was told', () => {
  expect(createMemoryStore().repository).toBeUndefined()
  expect(createMemoryStore()).not.toHaveProperty('signatureManifestForm')
  const store = createMemoryStore({ repository: 'a/b', signatureManifestForm: 'config' })
  expect(store).toMatchObject({ repository: 'a/b', signatureManifestForm: 'config' })
})

test('what is listed has the type and the annotations of the manifest itself', async () => {
  const { attach, list } = await scene()
  const annotations = { made: 'today' }
  const { digest, size } = await attach({ artifactType: signatureType, annotations }, imageManifest, {
    artifactType: 'what somebody claims',
  })
  expect(await list()).toEqual([{ mediaType: imageManifest, digest, size, artifactType: signatureType, annotations }])
})

test('an empty artifactType is none: that of the config stands in for it', async () => {
  const { attach, list } = await scene()
  const referrer = await attach({ artifactType: '', config: { mediaType: signatureType } })
  expect(await list(signatureType)).toMatchObject([{ digest: referrer.digest, artifactType: signatureType }])
  expect(await list('')).toEqual([])
})

test('images, indexes and artifact manifests refer; nothing else is read for it', async () => {
  const { attach, list } = await scene()
  const all = [
    await attach({}),
    await attach({ manifests: [] }, imageIndex),
    await attach({ blobs: [] }, artifactManifest),
  ]
  await attach({ note: 'a blob' }, 'application/json')
  expect(digests(await list())).toEqual(digests(all))
})

describe('a subject', () => {
  test.each<[string, object]>([
    ['another digest', { digest: `sha256:${'0'.repeat(64)}` }],
    ['another size', { size: 1 }],
    ['another media type', { mediaType: imageIndex }],
    ['no media type', { mediaType: undefined }],
  ])('R3: with %s is another', async (_, change) => {
    const { subject, attach, list } = await scene()
    const { mediaType, digest, size } = subject
    await attach({ subject: { mediaType, digest, size, ...change } })
    expect(await list()).toEqual([])
  })

  test('that is no descriptor is nobody’s', async () => {
    const { attach, list } = await scene()
    for (const subject of ['x', null, [], { digest: 'sha256:../x' }]) await attach({ subject })
    expect(await list()).toEqual([])
  })

  test('is asked for by whatever is known of it', async () => {
    const { store, subject, attach } = await scene()
    const referrer = await attach({})
    const { mediaType, ...unknown } = subject
    for await (const { digest } of store.referrers(unknown)) expect(digest).toBe(referrer.digest)
    expect.assertions(1)
    void mediaType
  })

  test('does not refer to itself, and is not read for it', async () => {
    const store = createMemoryStore()
    const junk = await put(store, imageManifest, encodeText('not JSON'))
    for await (const _ of store.referrers(junk)) expect.fail('listed')
    expect(await readAll(store, junk)).toEqual(encodeText('not JSON'))
  })
})

describe('a manifest that cannot be read', () => {
  const junk: readonly (readonly [string, Uint8Array])[] = [
    ['no JSON', encodeText('{')],
    ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['a list', json([])],
    ['a member twice', encodeText('{"subject":{},"subject":{}}')],
    ['a member in another case', json({ Subject: {} })],
    ['GHSA-qq97-vm5h-rrhg: an index as well', json({ layers: [], manifests: [] })],
    ['another media type', json({ mediaType: imageIndex })],
    ['deep nesting', encodeText(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`)],
  ]

  test.each(junk)('%s: hides nothing, and nothing looks unsigned', async (_, bytes) => {
    const { store, subject, attach } = await scene()
    await put(store, imageManifest, bytes)
    const referrer = await attach({ artifactType: signatureType })
    const seen: string[] = []
    const list = async () => {
      for await (const { digest } of store.referrers(subject, { artifactType: signatureType })) seen.push(digest)
    }
    await expect(list()).rejects.toMatchObject(code('UNAVAILABLE_STORE', { details: { retryable: false } }))
    expect(seen).toEqual([referrer.digest])
  })

  test.each(['', empty, undefined, signatureType])('pushed as %j may be what was asked for', async (artifactType) => {
    const { store, list } = await scene()
    await put(store, imageManifest, encodeText('junk'), artifactType === undefined ? {} : { artifactType })
    await expect(list(signatureType)).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
  })

  test('pushed as something else is not what was asked for', async () => {
    const { store, list } = await scene()
    await put(store, imageManifest, encodeText('junk'), { artifactType: 'test/sbom' })
    expect(await list(signatureType)).toEqual([])
    await expect(list()).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
  })

  test('that is larger than manifests are read', async () => {
    const { store, list } = await scene()
    await put(store, imageManifest, json({ padding: 'x'.repeat(4 * 1024 * 1024) }))
    await expect(list()).rejects.toMatchObject(code('UNAVAILABLE_STORE', { cause: code('INVALID_MANIFEST') }))
  })
})

test('what is pushed during a listing does not disturb it', async () => {
  const { store, subject, attach } = await scene()
  for (const note of ['1', '2', '3']) await attach({ note })
  let count = 0
  for await (const _ of store.referrers(subject)) {
    count++
    await attach({ note: `during ${count}` })
  }
  expect(count).toBe(3)
})

test('content is described as it was first', async () => {
  const { store, subject } = await scene()
  await put(store, imageIndex, json({ schemaVersion: 2 }))
  expect(await store.resolve(subject.digest)).toEqual(subject)
})
