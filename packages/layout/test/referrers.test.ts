// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises'
import { type Descriptor, mediaTypes } from '@ocisign/core'
import { expect, test } from 'vitest'
import { openLayout } from '../src/index.js'
import {
  blobPath,
  collect,
  describe as descriptorOf,
  index,
  json,
  manifest,
  putBlob,
  signature,
  signatureType,
  tagged,
  text,
  writeLayout,
} from './support/layout.js'

const imageBytes = manifest()
const image = descriptorOf(imageBytes)
const otherBytes = manifest({ annotations: { other: 'yes' } })
const other = descriptorOf(otherBytes)
const indexOf = (bytes: Uint8Array) => descriptorOf(bytes, mediaTypes.imageIndex)

/** The digests listed, and the code of the error that ended the listing. */
async function list(root: string, subject: Descriptor, options: object = {}, limits = {}) {
  const digests: string[] = []
  try {
    for await (const { digest } of (await openLayout(root, { limits })).referrers(subject, options))
      digests.push(digest)
    return { digests }
  } catch (error) {
    return { digests, code: (error as { code?: string }).code, error: error as Error }
  }
}

test('lists what Notation and oras write: untagged entries of index.json', async () => {
  const config = { mediaType: signatureType, digest: descriptorOf(text('{}')).digest, size: 2 }
  const legacy = manifest({ config, subject: image, annotations: { a: 'b' } })
  const modern = signature(image)
  const artifact = json({
    mediaType: mediaTypes.artifactManifest,
    artifactType: signatureType,
    blobs: [],
    subject: image,
  })
  const ofOther = signature(other)
  const entries = [
    tagged(image, 'v1'),
    descriptorOf(legacy),
    { ...descriptorOf(modern), artifactType: signatureType, annotations: { name: 'a' } },
    descriptorOf(artifact, mediaTypes.artifactManifest),
    descriptorOf(ofOther),
    tagged(other, 'v2'),
  ]
  const root = await writeLayout(entries, [imageBytes, legacy, modern, artifact, ofOther, otherBytes])
  const artifactType = signatureType
  expect(await collect((await openLayout(root)).referrers(image))).toEqual([
    { ...descriptorOf(legacy), artifactType, annotations: { a: 'b' } },
    { ...descriptorOf(modern), artifactType, annotations: { name: 'a' } },
    { ...descriptorOf(artifact, mediaTypes.artifactManifest), artifactType },
  ])
})

test('lists by the type that the manifest states, not the entry', async () => {
  const spdx = manifest({ artifactType: 'application/spdx+json', subject: image })
  const signed = signature(image)
  const entries = [
    { ...descriptorOf(spdx), artifactType: signatureType },
    { ...descriptorOf(signed), artifactType: 'x/y' },
  ]
  const root = await writeLayout(entries, [spdx, signed])
  expect(await list(root, image, { artifactType: signatureType })).toEqual({ digests: [descriptorOf(signed).digest] })
})

test('lists manifests of nested indexes, once each, and indexes with a subject', async () => {
  const signed = [signature(image, 'one'), signature(image, 'two')] as const
  const attached = index([], { subject: image, artifactType: 'x/y' })
  const inner = index([descriptorOf(signed[0]), descriptorOf(signed[1])])
  const outer = index([indexOf(inner), descriptorOf(signed[0])])
  const root = await writeLayout(
    [indexOf(outer), descriptorOf(signed[0]), indexOf(attached)],
    [...signed, attached, inner, outer],
  )
  expect(await list(root, image)).toEqual({
    digests: [descriptorOf(signed[0]), indexOf(attached), descriptorOf(signed[1])].map(({ digest }) => digest),
  })
})

test('a blob that nothing lists is not found', async () => {
  const signed = signature(image)
  const root = await writeLayout([tagged(image, 'v1')], [imageBytes, signed])
  expect(await list(root, image)).toEqual({ digests: [] })
})

test('nothing is attached where nothing is, and to what is not there', async () => {
  const root = await writeLayout([tagged(image, 'v1'), tagged(other, 'v2')], [imageBytes, otherBytes])
  expect(await list(root, image)).toEqual({ digests: [] })
  expect(await list(root, descriptorOf(text('nowhere')))).toEqual({ digests: [] })
})

const damages: readonly (readonly [string, (root: string, damaged: Uint8Array) => Promise<void>])[] = [
  ['is missing', (root, bytes) => rm(blobPath(root, descriptorOf(bytes).digest))],
  ['was changed by one byte', (root, bytes) => putBlob(root, bytes.with(30, 0x41), descriptorOf(bytes).digest)],
  ['was cut short', (root, bytes) => putBlob(root, bytes.subarray(0, -2), descriptorOf(bytes).digest)],
  ['is empty', (root, bytes) => putBlob(root, new Uint8Array(), descriptorOf(bytes).digest)],
]

test.each(damages)('a signature that %s hides no other, and nothing looks unsigned', async (_, damage) => {
  const [damaged, good] = [signature(image, 'damaged'), signature(image, 'good')]
  const root = await writeLayout(
    [descriptorOf(damaged), descriptorOf(good), image, other],
    [damaged, good, imageBytes, otherBytes],
  )
  await damage(root, damaged)
  expect(await list(root, image)).toMatchObject({ digests: [descriptorOf(good).digest], code: 'UNAVAILABLE_STORE' })
  // Whose signature it was, nobody can tell.
  expect(await list(root, other)).toMatchObject({ digests: [], code: 'UNAVAILABLE_STORE' })
})

test('junk that is listed as a manifest is treated as damage', async () => {
  const good = signature(image)
  const junk = [text('junk'), json([]), manifest({ manifests: [] }), text('{"subject":null,"subject":null}')]
  for (const bytes of junk) {
    const root = await writeLayout([descriptorOf(bytes), descriptorOf(good)], [bytes, good])
    expect(await list(root, image)).toMatchObject({ digests: [descriptorOf(good).digest], code: 'UNAVAILABLE_STORE' })
  }
})

test('says which and how many could not be read, and whether to try again', async () => {
  const signed = [signature(image, 'one'), signature(image, 'two')]
  const root = await writeLayout(signed.map((bytes) => descriptorOf(bytes)))
  const { error } = (await list(root, image)) as { error: Error }
  expect(error).toMatchObject({ details: { retryable: false }, cause: { code: 'UNAVAILABLE_NOT_FOUND' } })
  expect(error.message).toContain(descriptorOf(signed[0]!).digest)
  expect(error.message).toContain('1 more')
})

test('an image left out of a copy is no signature, nor is what is listed as something else', async () => {
  const platform = { os: 'linux', architecture: 'amd64' }
  const nested = index([{ ...image, platform }])
  const good = signature(other)
  const spdx = { ...descriptorOf(text('spdx')), artifactType: 'application/spdx+json' }
  const root = await writeLayout([indexOf(nested), descriptorOf(good), spdx], [nested, good])
  expect(await list(root, other, { artifactType: signatureType })).toEqual({ digests: [descriptorOf(good).digest] })
  expect(await list(root, other)).toMatchObject({ code: 'UNAVAILABLE_STORE' })
})

test('a nested index that cannot be read may have held a signature', async () => {
  const nested = index([descriptorOf(signature(image))])
  expect(await list(await writeLayout([indexOf(nested)]), image)).toMatchObject({ code: 'UNAVAILABLE_STORE' })
})

test('a subject of its own listing is not read for it', async () => {
  expect(await list(await writeLayout([image]), image)).toEqual({ digests: [] })
})

test('Docker manifests have no subject; their lists are looked through', async () => {
  const signed = signature(image)
  const docker = manifest({ mediaType: mediaTypes.dockerManifest, subject: image })
  const nested = json({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifestList,
    manifests: [descriptorOf(docker, mediaTypes.dockerManifest), descriptorOf(signed)],
  })
  const root = await writeLayout([descriptorOf(nested, mediaTypes.dockerManifestList)], [nested, signed])
  expect(await list(root, image)).toEqual({ digests: [descriptorOf(signed).digest] })
})

test('stops at its limits, and never says unsigned', async () => {
  const signed = signature(image)
  let nested = index([descriptorOf(signed)])
  const blobs = [signed, nested]
  for (let level = 0; level < 4; level++) {
    nested = index([indexOf(nested)])
    blobs.push(nested)
  }
  const root = await writeLayout([indexOf(nested)], blobs)
  expect(await list(root, image, {}, { depth: 6 })).toEqual({ digests: [descriptorOf(signed).digest] })
  expect(await list(root, image, {}, { depth: 5 })).toMatchObject({ digests: [], code: 'UNAVAILABLE_LIMIT' })
  expect(await list(root, image, {}, { manifests: 5 })).toMatchObject({ digests: [], code: 'UNAVAILABLE_LIMIT' })
})

test('a manifest that is too large to be read is no reason to say unsigned', async () => {
  const large = manifest({ subject: image, annotations: { a: 'a'.repeat(4 * 1024 * 1024) } })
  const root = await writeLayout([descriptorOf(large)], [large])
  expect(await list(root, image)).toMatchObject({ digests: [], code: 'UNAVAILABLE_STORE' })
})

test('stops in the middle when told to', async () => {
  const signed = Array.from({ length: 100 }, (_, position) => signature(image, String(position)))
  const root = await writeLayout(
    signed.map((bytes) => descriptorOf(bytes)),
    signed,
  )
  const controller = new AbortController()
  const listing = (await openLayout(root)).referrers(image, { signal: controller.signal })
  const reading = (async () => {
    for await (const _ of listing) controller.abort(new Error('enough'))
  })()
  await expect(reading).rejects.toThrow('enough')
})
