// SPDX-License-Identifier: Apache-2.0
// What refers to an artifact, and to that.
import {
  type ArtifactStore,
  attachArtifact,
  type Descriptor,
  discoverReferrers,
  mediaTypes,
  type ReferrerTree,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { code, json, put, setup } from './families.js'

async function scene() {
  const { store, subject } = await setup()
  const attach = async (to: Descriptor, artifactType: string) =>
    (await attachArtifact(store, to.digest, { artifactType, blobs: [], annotations: { to: to.digest } })).manifest
  const sbom = await attach(subject, 'test/sbom')
  const signature = await attach(subject, 'test/signature')
  const signatureOfSbom = await attach(sbom, 'test/signature')
  return { store, subject, attach, sbom, signature, signatureOfSbom }
}

/** Types only, in the order they are listed. */
const shape = ({ descriptor, referrers }: ReferrerTree): unknown => [
  descriptor.artifactType ?? 'image',
  ...referrers.map(shape),
]

test('finds signatures, SBOMs, and their signatures', async () => {
  const { store, sbom, subject } = await scene()
  const tree = await discoverReferrers(store, 'v1')
  expect(shape(tree)).toEqual(['image', ['test/sbom', ['test/signature']], ['test/signature']])
  expect(tree.descriptor).toEqual(subject)
  expect(tree.referrers[0]?.descriptor).toMatchObject({ digest: sbom.digest, annotations: { to: subject.digest } })
})

test('of one type, with whatever refers to that', async () => {
  const { store } = await scene()
  const find = async (artifactType: string) => shape(await discoverReferrers(store, 'v1', { artifactType }))
  expect(await find('test/sbom')).toEqual(['image', ['test/sbom', ['test/signature']]])
  expect(await find('test/signature')).toEqual(['image', ['test/signature']])
  expect(await find('test/other')).toEqual(['image'])
})

describe('limits', () => {
  test('of levels: what lies deeper is not left out', async () => {
    const { store, attach, signatureOfSbom } = await scene()
    expect(shape(await discoverReferrers(store, 'v1', { maxDepth: 2 }))).toHaveLength(3)
    const ask = discoverReferrers(store, 'v1', { maxDepth: 1 })
    await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    let last = signatureOfSbom
    for (let level = 3; level <= 4; level++) last = await attach(last, 'test/note')
    expect(shape(await discoverReferrers(store, 'v1'))).toHaveLength(3)
    await attach(last, 'test/note')
    await expect(discoverReferrers(store, 'v1')).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('of manifests', async () => {
    const { store } = await scene()
    expect(shape(await discoverReferrers(store, 'v1', { maxManifests: 3 }))).toHaveLength(3)
    const ask = discoverReferrers(store, 'v1', { maxManifests: 2 })
    await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('of a listing without end, even one that says nothing new', async () => {
    const { store, subject } = await scene()
    const endless: ArtifactStore = {
      ...store,
      async *referrers() {
        for (;;) yield subject
      },
    }
    await expect(discoverReferrers(endless, 'v1')).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test.each(['maxDepth', 'maxManifests'])('%s is a number above 0', async (option) => {
    const { store } = await scene()
    for (const value of [0, -1, 1.5, Number.NaN])
      await expect(discoverReferrers(store, 'v1', { [option]: value })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })
})

test('a store that lists in circles is not followed', async () => {
  const { store, subject } = await scene()
  const other = await put(store, mediaTypes.imageManifest, json({ other: true }))
  const circling: ArtifactStore = {
    ...store,
    async *referrers(of) {
      yield of.digest === other.digest ? subject : other
      yield of as Descriptor
    },
  }
  expect(shape(await discoverReferrers(circling, 'v1'))).toEqual(['image', ['image']])
})

test('a listing that fails throws, however deep', async () => {
  const { store, sbom } = await scene()
  const failing: ArtifactStore = {
    ...store,
    async *referrers(of, options) {
      if (of.digest === sbom.digest) throw new Error('status 500')
      yield* store.referrers(of, options)
    },
  }
  await expect(discoverReferrers(failing, 'v1')).rejects.toThrow('status 500')
})

test('lists several at a time, and no more than that', async () => {
  const { store, subject, attach } = await scene()
  for (let number = 0; number < 30; number++) await attach(subject, `test/note${number}`)
  let [running, most] = [0, 0]
  const slow: ArtifactStore = {
    ...store,
    async *referrers(of, options) {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
      yield* store.referrers(of, options)
    },
  }
  const { referrers } = await discoverReferrers(slow, 'v1')
  expect(referrers).toHaveLength(32)
  expect(most).toBe(10)
})

test('giving up ends it', async () => {
  const { store } = await scene()
  const reason = new Error('enough')
  const ask = discoverReferrers(store, 'v1', { signal: AbortSignal.abort(reason) })
  await expect(ask).rejects.toBe(reason)
  await expect(discoverReferrers(store, 'v9')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
})
