// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLayout } from '../src/index.js'
import { describe as descriptorOf, manifest, readIndex, temporaryFolder, text, writeLayout } from './support/layout.js'

const code = (value: string) => ({ code: value })

test('makes a layout where nothing is, with the folders above it', async () => {
  const path = join(await temporaryFolder(), 'a', 'b')
  const layout = await openLayout(path, { create: true, repository: 'example.com/app' })
  expect(layout).toMatchObject({ repository: 'example.com/app', signatureManifestForm: 'config' })
  expect((await readdir(path)).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
  expect(JSON.parse(await readFile(join(path, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' })
  expect(await readIndex(path)).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
  })
})

test('opens a layout that is there as it is', async () => {
  const root = await writeLayout([descriptorOf(manifest())])
  const before = await readFile(join(root, 'index.json'), 'utf8')
  await openLayout(root, { create: true })
  expect(await readFile(join(root, 'index.json'), 'utf8')).toBe(before)
})

test('many that make the same layout at once lose nothing', async () => {
  const root = await temporaryFolder()
  const images = Array.from({ length: 8 }, (_, position) => manifest({ position }))
  const push = async (image: Uint8Array) => (await openLayout(root, { create: true })).push(descriptorOf(image), image)
  await Promise.all(images.map(push))
  expect((await readIndex(root)).manifests).toHaveLength(8)
})

test('finishes what was not finished', async () => {
  const root = await writeLayout([descriptorOf(manifest())])
  await rm(join(root, 'oci-layout'))
  await openLayout(root, { create: true })
  expect((await readIndex(root)).manifests).toHaveLength(1)
})

test('does not put an empty index in the place of a lost one', async () => {
  const root = await writeLayout([])
  await rm(join(root, 'index.json'))
  await expect(openLayout(root, { create: true })).rejects.toMatchObject(code('INVALID_LAYOUT'))
  expect(await readdir(root)).not.toContain('index.json')
})

test('makes no layout among other files', async () => {
  const root = await temporaryFolder()
  await writeFile(join(root, 'Dockerfile'), '')
  await expect(openLayout(root, { create: true })).rejects.toMatchObject(code('INVALID_LAYOUT'))
  expect(await readdir(root)).toEqual(['Dockerfile'])
})

test('makes nothing unless told to', async () => {
  const path = join(await temporaryFolder(), 'missing')
  await expect(openLayout(path)).rejects.toMatchObject({ code: 'UNAVAILABLE_FILE', details: { retryable: false } })
  await expect(readdir(path)).rejects.toMatchObject(code('ENOENT'))
})

test('makes nothing when it is aborted', async () => {
  const path = join(await temporaryFolder(), 'new')
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(openLayout(path, { create: true, signal })).rejects.toThrow('enough')
  await expect(readdir(path)).resolves.toEqual([])
})

const layoutFiles: readonly (readonly [string, string])[] = [
  ['is empty', ''],
  ['is no object', '"1.0.0"'],
  ['names no version', '{}'],
  ['names another version', '{"imageLayoutVersion":"1.1.0"}'],
  ['names two versions', '{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"2.0.0"}'],
]

test.each(layoutFiles)('refuses a folder whose oci-layout %s', async (_, content) => {
  const root = await writeLayout([])
  await writeFile(join(root, 'oci-layout'), content)
  await expect(openLayout(root)).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('refuses what is no layout', async () => {
  const root = await temporaryFolder()
  await expect(openLayout(root)).rejects.toMatchObject(code('INVALID_LAYOUT'))
  const file = join(root, 'layout.tar')
  await writeFile(file, '')
  for (const create of [true, false])
    await expect(openLayout(file, { create })).rejects.toMatchObject(code('INVALID_LAYOUT'))
  await expect(openLayout(join(file, 'inside'))).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('refuses a layout without index.json, with a broken one, and with one that is too large', async () => {
  const root = await writeLayout([])
  await expect(openLayout(root, { limits: { indexBytes: 10 } })).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  await writeFile(join(root, 'index.json'), text('{"schemaVersion":2,'))
  await expect(openLayout(root)).rejects.toMatchObject(code('INVALID_INDEX'))
  await rm(join(root, 'index.json'))
  await expect(openLayout(root)).rejects.toMatchObject(code('INVALID_LAYOUT'))
  await mkdir(join(root, 'index.json'))
  await expect(openLayout(root)).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('the layout itself may be reached through a link', async () => {
  const root = await writeLayout([])
  const link = join(await temporaryFolder(), 'link')
  await symlink(root, link)
  expect((await openLayout(link)).path).toBe((await openLayout(root)).path)
})
