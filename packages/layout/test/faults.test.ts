// SPDX-License-Identifier: Apache-2.0
// Every operation on the file system fails once, in every way that matters.
import { readdir } from 'node:fs/promises'
import { isOcisignError, readAll } from '@ocisign/core'
import { expect, test } from 'vitest'
import { type FileSystem, nodeFileSystem } from '../src/file-system.js'
import { openLayout } from '../src/index.js'
import { openLayoutOn } from '../src/layout.js'
import { faultyFileSystem, type Operation } from './support/faults.js'
import {
  describe as descriptorOf,
  digestOf,
  manifest,
  putBlob,
  readIndex,
  signature,
  tagged,
  temporaryFolder,
  text,
  writeLayout,
} from './support/layout.js'

const imageBytes = manifest()
const image = descriptorOf(imageBytes)
const signed = signature(image)
const names = ['blobs', 'index.json', 'oci-layout']

/** What signing does to a layout. */
async function sign(files: FileSystem, root: string, options = {}) {
  const layout = await openLayoutOn(files, root, options)
  await layout.push(descriptorOf(text('{}'), 'text/plain'), text('{}'))
  await layout.push(descriptorOf(signed), signed)
  await layout.tag(descriptorOf(signed), 'signature')
}

async function countOperations(run: (files: FileSystem) => Promise<void>): Promise<Operation[]> {
  const operations: Operation[] = []
  await run(
    faultyFileSystem((operation) => {
      operations.push(operation)
      return undefined
    }),
  )
  return operations
}

const failAt = (position: number, code: string) => {
  let count = 0
  return faultyFileSystem(() => (count++ === position ? code : undefined))
}

test.each([
  ['EIO', /^(UNAVAILABLE_FILE|UNAVAILABLE_STORE)$/],
  ['ENOSPC', /^UNAVAILABLE_FILE$/],
  ['EACCES', /^DENIED_FILE$/],
])('a write that fails with %s at any step leaves the layout as it was or as it should be', async (code, expected) => {
  const prepare = () => writeLayout([tagged(image, 'v1')], [imageBytes])
  const operations = await countOperations(async (files) => sign(files, await prepare()))
  expect(operations.length).toBeGreaterThan(50)
  let failed = 0
  for (const [position, operation] of operations.entries()) {
    // Whoever cannot remove a file cannot clean up; the next writer will.
    if (operation === 'unlink') continue
    const root = await prepare()
    const error = await sign(failAt(position, code), root).catch((each: unknown) => each)
    if (error !== undefined) {
      failed++
      if (!isOcisignError(error)) throw error
      expect(error.code).toMatch(expected)
    }
    const after = await openLayout(root)
    expect((await after.resolve('v1')).digest).toBe(image.digest)
    for (const descriptor of (await readIndex(root)).manifests) await readAll(after, descriptor)
    if (error === undefined) expect((await after.resolve('signature')).digest).toBe(digestOf(signed))
    expect((await readdir(root)).sort()).toEqual(names)
    // Nothing stands in the way of trying again.
    await sign(nodeFileSystem, root)
    expect((await readdir(root)).sort()).toEqual(names)
  }
  expect(failed).toBeGreaterThan(operations.length / 2)
})

test('a layout whose making fails at any step can be made again', async () => {
  const make = (files: FileSystem, root: string) => sign(files, root, { create: true })
  const root = await temporaryFolder()
  const operations = await countOperations((files) => make(files, root))
  for (const [position, operation] of operations.entries()) {
    if (operation === 'unlink') continue
    const folder = await temporaryFolder()
    await make(failAt(position, 'EIO'), folder).catch((error: unknown) => {
      if (!isOcisignError(error)) throw error
    })
    await make(nodeFileSystem, folder)
    expect((await readIndex(folder)).manifests).toHaveLength(1)
    expect((await readdir(folder)).sort()).toEqual(names)
  }
})

test.each(['EIO', 'EACCES', 'EMFILE'])('a listing that meets %s on one manifest fails at its end', async (code) => {
  const good = signature(image, 'good')
  const root = await writeLayout([descriptorOf(signed), descriptorOf(good)], [signed, good])
  const path = descriptorOf(signed).digest.slice(7)
  const files = faultyFileSystem((operation, name) => (operation === 'read' && name.endsWith(path) ? code : undefined))
  const digests: string[] = []
  const listing = (async () => {
    for await (const { digest } of (await openLayoutOn(files, root, {})).referrers(image)) digests.push(digest)
  })()
  await expect(listing).rejects.toMatchObject({
    code: 'UNAVAILABLE_STORE',
    details: { retryable: code === 'EMFILE' },
  })
  expect(digests).toEqual([descriptorOf(good).digest])
})

test('a blob that cannot be opened is no blob that is missing', async () => {
  const blob = text('hello')
  const root = await writeLayout([], [])
  await putBlob(root, blob)
  const files = faultyFileSystem((operation, name) =>
    operation === 'open' && name.includes('blobs') ? 'EACCES' : undefined,
  )
  const layout = await openLayoutOn(files, root, {})
  await expect(readAll(layout, descriptorOf(blob, 'a/b'))).rejects.toMatchObject({ code: 'DENIED_FILE' })
})

test('a read-only layout can be read, and says no to a writer', async () => {
  const root = await writeLayout([tagged(image, 'v1'), descriptorOf(signed)], [imageBytes, signed])
  const writing: readonly Operation[] = ['link', 'mkdir', 'rename', 'unlink', 'write']
  const files = faultyFileSystem((operation, name) =>
    writing.includes(operation) || (operation === 'open' && name.endsWith('.tmp')) ? 'EROFS' : undefined,
  )
  const layout = await openLayoutOn(files, root, {})
  expect(await layout.resolve('v1')).toEqual(image)
  expect(await readAll(layout, descriptorOf(signed))).toEqual(signed)
  // What is listed already needs no turn to write.
  await expect(layout.tag(image, 'v2')).rejects.toMatchObject({ code: 'DENIED_FILE' })
  const blob = text('new')
  await expect(layout.push(descriptorOf(blob, 'a/b'), blob)).rejects.toMatchObject({ code: 'DENIED_FILE' })
})
