// SPDX-License-Identifier: Apache-2.0
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptor, mediaTypes, readAll } from '@ocisign/core'
import { expect, test } from 'vitest'
import { openLayout } from '../src/index.js'
import {
  blobPath,
  collect,
  describe as descriptorOf,
  digestOf,
  index,
  manifest,
  putBlob,
  readIndex,
  refName,
  signature,
  tagged,
  temporaryFolder,
  text,
  writeLayout,
} from './support/layout.js'

const code = (value: string) => ({ code: value })
const imageBytes = manifest()
const image = descriptorOf(imageBytes)

test('what is pushed and tagged is found by tag and by digest, by another opening as well', async () => {
  const root = await temporaryFolder()
  const layout = await openLayout(root, { create: true })
  await layout.push(image, imageBytes)
  await layout.tag(image, 'v1')
  for (const store of [layout, await openLayout(root)]) {
    expect(await store.resolve('v1')).toEqual(image)
    expect(await store.resolve(image.digest)).toEqual(image)
    expect(await readAll(store, image)).toEqual(imageBytes)
  }
})

test('sees what others wrote since', async () => {
  const root = await writeLayout([])
  const layout = await openLayout(root)
  await expect(layout.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  await putBlob(root, imageBytes)
  await writeFile(join(root, 'index.json'), index([tagged(image, 'v1')]))
  expect(await layout.resolve('v1')).toEqual(image)
})

test('gives neither the annotations of the index nor its tag as part of what was resolved', async () => {
  const platform = { os: 'linux', architecture: 'amd64' }
  const root = await writeLayout([{ ...image, platform, annotations: { [refName]: 'v1', a: 'b' } }], [imageBytes])
  expect(await (await openLayout(root)).resolve('v1')).toEqual({ ...image, platform })
})

test('finds a manifest that only a nested index lists, by the type it states', async () => {
  const nested = index([image])
  const root = await writeLayout([tagged(descriptorOf(nested, mediaTypes.imageIndex), 'all')], [nested, imageBytes])
  const layout = await openLayout(root)
  expect(await layout.resolve(image.digest)).toEqual(image)
  expect(await layout.resolve('all')).toMatchObject({ mediaType: mediaTypes.imageIndex })
})

test('a tag in a nested index names nothing', async () => {
  const nested = index([tagged(image, 'v1')])
  const root = await writeLayout([descriptorOf(nested, mediaTypes.imageIndex)], [nested, imageBytes])
  await expect((await openLayout(root)).resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
})

test('resolves what is no manifest as it is listed', async () => {
  const blob = text('hello')
  const root = await writeLayout([tagged(descriptorOf(blob, 'text/plain'), 'note')], [blob])
  const layout = await openLayout(root)
  expect(await layout.resolve('note')).toMatchObject({ mediaType: 'text/plain', size: 5 })
  await rm(blobPath(root, digestOf(blob)))
  await expect(layout.resolve('note')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
})

test.each([
  ['is missing', undefined, 'UNAVAILABLE_NOT_FOUND'],
  ['was cut short', imageBytes.subarray(0, -1), 'INVALID_CONTENT'],
  ['was changed by one byte', imageBytes.with(20, 0x41), 'INVALID_CONTENT'],
  ['is longer', new Uint8Array([...imageBytes, 0x20]), 'INVALID_CONTENT'],
])('says so when a manifest that is listed %s', async (_, bytes, expected) => {
  const root = await writeLayout([tagged(image, 'v1')])
  if (bytes) await putBlob(root, bytes, image.digest)
  const layout = await openLayout(root)
  for (const reference of ['v1', image.digest])
    await expect(layout.resolve(reference)).rejects.toMatchObject(code(expected))
  await expect(readAll(layout, image)).rejects.toMatchObject(code(expected))
  await expect(layout.tag(image, 'v2')).rejects.toMatchObject(code(expected))
})

test.each(['sha256', 'sha384', 'sha512'] as const)('stores content under %s', async (algorithm) => {
  const layout = await openLayout(await temporaryFolder(), { create: true })
  const bytes = new Uint8Array(1_000_000).map((_, position) => position)
  const blob: Descriptor = { mediaType: 'a/b', digest: digestOf(bytes, algorithm), size: bytes.length }
  const stream = async function* () {
    for (let start = 0; start < bytes.length; start += 70_000) yield bytes.subarray(start, start + 70_000)
  }
  await layout.push(blob, stream())
  expect(digestOf(await readAll(layout, blob), algorithm)).toBe(blob.digest)
  expect((await stat(blobPath(layout.path, blob.digest))).size).toBe(bytes.length)
})

test('content that is not what it should be is refused and not kept', async () => {
  const layout = await openLayout(await temporaryFolder(), { create: true })
  const blob = descriptorOf(text('hello'), 'text/plain')
  const failing = async function* () {
    yield text('hel')
    throw new Error('the network is gone')
  }
  for (const wrong of ['hellO', 'hello!', 'hell', ''])
    await expect(layout.push(blob, text(wrong))).rejects.toMatchObject(code('INVALID_CONTENT'))
  await expect(layout.push(blob, failing())).rejects.toThrow('the network is gone')
  const controller = new AbortController()
  const aborting = async function* () {
    yield text('hel')
    controller.abort(new Error('enough'))
    yield text('lo')
  }
  await expect(layout.push(blob, aborting(), { signal: controller.signal })).rejects.toThrow('enough')
  expect(await readdir(join(layout.path, 'blobs', 'sha256'))).toEqual([])
  expect((await readdir(layout.path)).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
})

test('content that is there stays; a copy that was damaged is replaced', async () => {
  const layout = await openLayout(await temporaryFolder(), { create: true })
  const blob = descriptorOf(text('hello'), 'text/plain')
  const path = blobPath(layout.path, blob.digest)
  await layout.push(blob, text('hello'))
  const { ino } = await stat(path)
  await layout.push(blob, text('hello'))
  expect((await stat(path)).ino).toBe(ino)
  for (const damaged of ['hell', 'hellO', '']) {
    await writeFile(path, damaged)
    await layout.push(blob, text('hello'))
    expect(await readFile(path, 'utf8')).toBe('hello')
  }
})

test('pushes of the same content at once all succeed', async () => {
  const layout = await openLayout(await temporaryFolder(), { create: true })
  await Promise.all(Array.from({ length: 10 }, () => layout.push(image, imageBytes)))
  expect((await readIndex(layout.path)).manifests).toEqual([image])
  expect((await readdir(layout.path)).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
})

test('a tag moves, and what it named stays listed with its signatures', async () => {
  const layout = await openLayout(await temporaryFolder(), { create: true })
  const newer = manifest({ annotations: { newer: 'yes' } })
  const signed = signature(image)
  for (const bytes of [imageBytes, newer, signed]) await layout.push(descriptorOf(bytes), bytes)
  await layout.tag(image, 'v1')
  await layout.tag(descriptorOf(newer), 'v1')
  expect((await layout.resolve('v1')).digest).toBe(digestOf(newer))
  expect(await layout.resolve(image.digest)).toEqual(image)
  expect(await collect(layout.referrers(image))).toMatchObject([{ digest: digestOf(signed) }])
})

test('a tag is no digest, and names what is there', async () => {
  const layout = await openLayout(await temporaryFolder(), { create: true })
  await expect(layout.tag(image, 'v1')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  await layout.push(image, imageBytes)
  await expect(layout.tag(image, image.digest)).rejects.toMatchObject(code('INVALID_REFERENCE'))
  await expect(layout.tag(image, '../v1')).rejects.toMatchObject(code('INVALID_REFERENCE'))
  expect((await readIndex(layout.path)).manifests).toEqual([image])
})

test('an index that would grow beyond what is read is not written', async () => {
  const root = await writeLayout([])
  const layout = await openLayout(root, { limits: { indexBytes: 200 } })
  await expect(layout.push(image, imageBytes)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  expect((await readIndex(root)).manifests).toEqual([])
})

test('a rewritten index keeps its permissions', async () => {
  const root = await writeLayout([])
  await chmod(join(root, 'index.json'), 0o640)
  await (await openLayout(root)).push(image, imageBytes)
  expect((await stat(join(root, 'index.json'))).mode & 0o777).toBe(0o640)
})

test('an aborted call changes nothing', async () => {
  const root = await writeLayout([image], [imageBytes])
  const layout = await openLayout(root)
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(layout.resolve(image.digest, { signal })).rejects.toThrow('enough')
  await expect(layout.fetch(image, { signal })).rejects.toThrow('enough')
  await expect(layout.tag(image, 'v1', { signal })).rejects.toThrow('enough')
  await expect(collect(layout.referrers(descriptorOf(text('other')), { signal }))).rejects.toThrow('enough')
  expect((await readIndex(root)).manifests).toEqual([image])
})

test('lists the tags of index.json, each once; names of other kinds and those of nested indexes are none', async () => {
  const nested = index([tagged(image, 'inner')])
  const entries = [
    tagged(image, 'v1'),
    tagged(image, 'latest'),
    tagged(descriptorOf(nested, mediaTypes.imageIndex), 'v1'),
    tagged(image, 'docker.io/library/app:v2'),
    tagged(image, image.digest),
    tagged(image, '../v3'),
    tagged(image, ''),
    image,
  ]
  const layout = await openLayout(await writeLayout(entries, [imageBytes, nested]))
  expect(await collect(layout.tags())).toEqual(['v1', 'latest'])
})

test('a listing of tags sees what was written before, and stops for a caller that gives up', async () => {
  const root = await writeLayout([tagged(image, 'v1'), tagged(image, 'v2')], [imageBytes])
  const layout = await openLayout(root)
  const controller = new AbortController()
  const seen: string[] = []
  const listing = (async () => {
    for await (const tag of layout.tags({ signal: controller.signal })) {
      seen.push(tag)
      controller.abort(new Error('enough'))
    }
  })()
  await expect(listing).rejects.toThrow('enough')
  expect(seen).toEqual(['v1'])
  await writeFile(join(root, 'index.json'), index([tagged(image, 'v3')]))
  expect(await collect(layout.tags())).toEqual(['v3'])
})
