// SPDX-License-Identifier: Apache-2.0
// Attacks that others suffered, on a layout; the identifiers are those of the advisories and of our attack matrix.
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Attachment,
  type Descriptor,
  type Digest,
  mediaTypes,
  OcisignError,
  readAll,
  type Verifier,
  verifyArtifact,
} from '@ocisign/core'
import { expect, test } from 'vitest'
import { makePipe } from '../../core/test/pipe.js'
import { openLayout } from '../src/index.js'
import {
  blobPath,
  collect,
  describe as descriptorOf,
  digestOf,
  index,
  manifest,
  putBlob,
  signature,
  tagged,
  temporaryFolder,
  text,
  writeLayout,
} from './support/layout.js'

const code = (value: string) => ({ code: value })
const imageBytes = manifest()
const image = descriptorOf(imageBytes)
const signed = signature(image)

const digests = [
  'sha256:../../../../etc/passwd',
  `sha256:${'a'.repeat(61)}/..`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(65)}`,
  `sha256:${'A'.repeat(64)}`,
  `SHA256:${'a'.repeat(64)}`,
  `md5:${'a'.repeat(32)}`,
  `sha256:${'a'.repeat(64)}?x`,
  `sha256:${'a'.repeat(64)}\n`,
  `../blobs:${'a'.repeat(64)}`,
]

test.each(digests)('CVE-2024-3727, GHSA-6wvf-f2vw-3425: %j never becomes part of a path', async (text) => {
  const digest = text as Digest
  const layout = await openLayout(await temporaryFolder(), { create: true })
  const target = { ...image, digest }
  await expect(layout.resolve(digest)).rejects.toMatchObject(code('INVALID_DIGEST'))
  await expect(layout.fetch(target)).rejects.toMatchObject(code('INVALID_DIGEST'))
  await expect(layout.push(target, imageBytes)).rejects.toMatchObject(code('INVALID_DIGEST'))
  await expect(layout.tag(target, 'v1')).rejects.toMatchObject(code('INVALID_DIGEST'))
  await expect(collect(layout.referrers(target))).rejects.toMatchObject(code('INVALID_DIGEST'))
  expect(await readdir(join(layout.path, 'blobs'))).toEqual([])
  await expect(openLayout(await writeLayout([target]))).rejects.toMatchObject(code('INVALID_INDEX'))
})

test('CVE-2024-3727: a digest in a nested index or in a subject is not used before it was parsed', async () => {
  const nested = index([{ ...image, digest: 'sha256:../../oci-layout' }])
  const lying = manifest({ subject: { ...image, digest: 'sha256:../../oci-layout' } })
  const root = await writeLayout([descriptorOf(lying), descriptorOf(nested, mediaTypes.imageIndex)], [nested, lying])
  const listing = collect((await openLayout(root)).referrers(image))
  await expect(listing).rejects.toMatchObject({ code: 'UNAVAILABLE_STORE', cause: code('INVALID_DESCRIPTOR') })
})

test('R13: a reference is a tag or a digest and no path', async () => {
  const layout = await openLayout(await writeLayout([tagged(image, '../v1'), tagged(image, 'v1\r\nx')], [imageBytes]))
  for (const reference of ['../v1', 'v1\r\nx', '..', '/etc/passwd', 'a/b', '', '%2f..', `${'a'.repeat(129)}`])
    await expect(layout.resolve(reference)).rejects.toMatchObject(code('INVALID_REFERENCE'))
})

/** A layout, and outside of it a folder whose content an attacker wants to be taken for the layout's. */
async function withOutside() {
  const outside = await temporaryFolder()
  const root = await writeLayout([tagged(image, 'v1'), descriptorOf(signed)], [imageBytes, signed])
  return { outside, root }
}

const replaced: readonly (readonly [string, string])[] = [
  ['the blobs folder', 'blobs'],
  ['the folder of an algorithm', join('blobs', 'sha256')],
  ['a blob', join('blobs', 'sha256', image.digest.slice(7))],
  ['index.json', 'index.json'],
  ['oci-layout', 'oci-layout'],
]

test.each(replaced)('CVE-2021-21272, CVE-2026-50162: a link in the place of %s is not followed', async (_, name) => {
  const { outside, root } = await withOutside()
  await rename(join(root, name), join(outside, 'content'))
  await symlink(join(outside, 'content'), join(root, name))
  const open = async () => (await openLayout(root)).resolve('v1')
  await expect(open()).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('CVE-2021-21272: nothing is written through a link', async () => {
  const blob = descriptorOf(text('hello'), 'a/b')
  for (const name of ['blobs', join('blobs', 'sha256'), join('blobs', 'sha256', blob.digest.slice(7))]) {
    const { outside, root } = await withOutside()
    await rm(join(root, name), { recursive: true, force: true })
    await symlink(outside, join(root, name))
    await expect((await openLayout(root)).push(blob, text('hello'))).rejects.toMatchObject(code('INVALID_LAYOUT'))
    expect(await readdir(outside)).toEqual([])
  }
})

test('CVE-2021-21272: a signature behind a link is no reason to say unsigned', async () => {
  const { outside, root } = await withOutside()
  const path = blobPath(root, descriptorOf(signed).digest)
  await rename(path, join(outside, 'content'))
  await symlink(join(outside, 'content'), path)
  await expect(collect((await openLayout(root)).referrers(image))).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
})

test('a pipe in the place of a file does not hold the reader', async () => {
  for (const name of ['index.json', 'oci-layout', join('blobs', 'sha256', image.digest.slice(7))]) {
    const { root } = await withOutside()
    await rm(join(root, name))
    makePipe(join(root, name))
    const open = async () => (await openLayout(root)).resolve('v1')
    await expect(open()).rejects.toMatchObject(code('INVALID_LAYOUT'))
  }
})

test('a folder in the place of a blob is no blob', async () => {
  const root = await writeLayout([tagged(image, 'v1')])
  await mkdir(blobPath(root, image.digest), { recursive: true })
  const layout = await openLayout(root)
  await expect(layout.resolve('v1')).rejects.toMatchObject(code('INVALID_LAYOUT'))
  await expect(layout.push(image, imageBytes)).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('GHSA-f36w-mj3v-6jqv: a size that is stated takes no memory', async () => {
  const huge = { ...image, size: Number.MAX_SAFE_INTEGER }
  const layout = await openLayout(await writeLayout([tagged(huge, 'v1')], [imageBytes]))
  const before = process.memoryUsage().arrayBuffers
  await expect(layout.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  await expect(collect(layout.referrers(descriptorOf(signed)))).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
  await expect(layout.fetch(huge)).rejects.toMatchObject(code('INVALID_CONTENT'))
  await expect(layout.push(huge, imageBytes)).rejects.toMatchObject(code('INVALID_CONTENT'))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
})

test('GHSA-f36w-mj3v-6jqv: a file that grew beyond its descriptor is not read to its end', async () => {
  const root = await writeLayout([tagged(image, 'v1')])
  await putBlob(root, new Uint8Array(5 * 1024 * 1024), image.digest)
  await expect((await openLayout(root)).resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
})

test.each([
  ['layers and manifests', manifest({ manifests: [image] }), mediaTypes.imageManifest],
  ['manifests and layers', index([image], { layers: [] }), mediaTypes.imageIndex],
  ['another media type than its entry', manifest({ mediaType: mediaTypes.imageIndex }), mediaTypes.imageManifest],
  ['the form of an index, listed as a manifest', index([], { mediaType: undefined }), mediaTypes.imageManifest],
])('GHSA-qq97-vm5h-rrhg, CVE-2021-41190: a document with %s is not resolved', async (_, bytes, mediaType) => {
  const descriptor = descriptorOf(bytes, mediaType)
  const layout = await openLayout(await writeLayout([tagged(descriptor, 'v1')], [bytes]))
  for (const reference of ['v1', descriptor.digest])
    await expect(layout.resolve(reference)).rejects.toMatchObject(code('INVALID_MANIFEST'))
})

test('GHSA-qq97-vm5h-rrhg: a document that nothing lists is held to one meaning, too', async () => {
  const both = manifest({ mediaType: undefined, manifests: [] })
  const root = await writeLayout([], [both])
  await expect((await openLayout(root)).resolve(digestOf(both))).rejects.toMatchObject(code('INVALID_MANIFEST'))
})

test('R1: a tag that moves changes nothing about what it was resolved to', async () => {
  const newer = manifest({ annotations: { newer: 'yes' } })
  const root = await writeLayout([tagged(image, 'v1'), descriptorOf(newer)], [imageBytes, newer])
  const layout = await openLayout(root)
  const resolved = await layout.resolve('v1')
  await layout.tag(descriptorOf(newer), 'v1')
  expect(resolved.digest).toBe(image.digest)
  expect(await readAll(layout, resolved)).toEqual(imageBytes)
})

test('R2: a digest is of one algorithm, computed from the content, and never compared in part', async () => {
  const sha512 = digestOf(imageBytes, 'sha512')
  const root = await writeLayout([tagged(image, 'v1')], [imageBytes])
  const layout = await openLayout(root)
  await expect(layout.resolve(sha512)).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  await putBlob(root, imageBytes, sha512)
  expect(await layout.resolve(sha512)).toEqual({ ...image, digest: sha512 })
  await putBlob(root, signed, sha512)
  await expect(layout.resolve(sha512)).rejects.toMatchObject(code('INVALID_CONTENT'))
  const mixed = `sha512:${image.digest.slice(7).padEnd(128, '0')}` as Digest
  await putBlob(root, imageBytes, mixed)
  await expect(layout.resolve(mixed)).rejects.toMatchObject(code('INVALID_CONTENT'))
})

test('R3: what belongs to another subject is not listed, whatever its entry claims', async () => {
  const other = descriptorOf(manifest({ annotations: { other: 'yes' } }))
  const wrongSize = signature({ ...image, size: image.size + 1 })
  const wrongType = signature({ ...image, mediaType: mediaTypes.imageIndex })
  const ofOther = signature(other)
  const claims = { artifactType: 'application/vnd.cncf.notary.signature', subject: image }
  const all = [wrongSize, wrongType, ofOther, signed]
  const root = await writeLayout(
    all.map((bytes) => ({ ...descriptorOf(bytes), ...claims })),
    all,
  )
  const listed = await collect((await openLayout(root)).referrers(image))
  expect(listed.map(({ digest }) => digest)).toEqual([descriptorOf(signed).digest])
})

/** Accepts nothing, and refuses each manifest that is listed. */
function refusing(): Verifier {
  const list = async function* (store: Parameters<Attachment['list']>[0], subject: Parameters<Attachment['list']>[1]) {
    for await (const each of store.referrers(subject))
      yield { manifest: each, error: new OcisignError('INVALID_ENVELOPE', 'no signature', { mediaType: '' }) }
  }
  return {
    attachment: { family: 'test', list, attach: () => Promise.reject(new Error('not used')) },
    exemption: () => undefined,
    digestAlgorithm: () => 'sha256',
    verify: () => Promise.reject(new Error('not used')),
  }
}

test('R6: a listing that is not complete is never "unsigned"', async () => {
  const verify = async (entries: readonly Descriptor[], blobs: readonly Uint8Array[]) =>
    verifyArtifact(
      await openLayout(await writeLayout([tagged(image, 'v1'), ...entries], [imageBytes, ...blobs])),
      'v1',
      refusing(),
    )
  await expect(verify([], [])).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  await expect(verify([descriptorOf(signed)], [signed])).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  await expect(verify([descriptorOf(signed)], [])).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
  const nested = descriptorOf(index([]), mediaTypes.imageIndex)
  await expect(verify([nested, descriptorOf(signed)], [signed])).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
})

test('R9: addresses in descriptors are never followed', async () => {
  const elsewhere = { ...descriptorOf(signed), urls: ['http://127.0.0.1:1/'], data: 'e30=' }
  await expect(collect((await openLayout(await writeLayout([elsewhere]))).referrers(image))).rejects.toMatchObject({
    cause: code('UNAVAILABLE_NOT_FOUND'),
  })
})

test('J1: names that mean something to JavaScript mean nothing here', async () => {
  const root = await writeLayout([])
  const entry = JSON.stringify(tagged(image, 'v1')).replace('{', '{"__proto__":{"digest":"x"},"constructor":1,')
  const document = `{"schemaVersion":2,"__proto__":{"polluted":true},"manifests":[${entry}]}`
  await writeFile(join(root, 'index.json'), document)
  await putBlob(root, imageBytes)
  const layout = await openLayout(root)
  expect(await layout.resolve('v1')).toEqual(image)
  await expect(layout.resolve('__proto__')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  await expect(layout.resolve('constructor')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  expect({}).not.toHaveProperty('polluted')
})

test('J10: text from a layout is escaped in messages', async () => {
  const root = await writeLayout([{ ...image, digest: 'sha256:\u001b[31m\u202e' }])
  const error = (await openLayout(root).catch((each: unknown) => each)) as Error
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
  expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/)
})

test('CVE-2023-33957: ten thousand signatures are listed one by one, as far as anybody asks', async () => {
  const all = Array.from({ length: 10_000 }, (_, position) => ({
    ...descriptorOf(signature(image, String(position))),
  }))
  const root = await writeLayout([descriptorOf(signed), ...all], [signed])
  const listing = (await openLayout(root)).referrers(image)
  for await (const { digest } of listing) {
    expect(digest).toBe(descriptorOf(signed).digest)
    break
  }
})
