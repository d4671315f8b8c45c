// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { type Descriptor, type Digest, isOcisignError, readAll } from '@ocisign/core'
import { createTarLayout, openTarLayout } from '@ocisign/layout'
import { expect, test } from 'vitest'
import { type FileSystem, nodeFileSystem } from '../../src/file-system.js'
import { encodeIdentity, ownIdentity } from '../../src/identity.js'
import { createTarLayoutOn } from '../../src/tar/create.js'
import { faultyFileSystem, type Operation } from '../support/faults.js'
import { collect, describe as descriptorOf, digestOf, manifest, signature, temporaryFolder } from '../support/layout.js'
import { stream } from '../support/tar.js'

const code = (value: string) => ({ code: value })
const imageBytes = manifest()
const image = descriptorOf(imageBytes)
const signed = signature(image)
const layer = new Uint8Array(300_000).map((_, at) => at % 251)
const blob = descriptorOf(layer, 'application/octet-stream')
const long: Descriptor = { mediaType: 'a/b', digest: digestOf(layer, 'sha512'), size: layer.length }

async function fill(layout: Awaited<ReturnType<typeof createTarLayout>>) {
  await layout.push(blob, layer)
  await layout.push(long, layer)
  await layout.push(image, imageBytes)
  await layout.push(descriptorOf(signed), signed)
  await layout.tag(image, 'v1')
}

async function make(path: string, files = nodeFileSystem, options = {}) {
  const layout = await createTarLayoutOn(files, path, options)
  try {
    await fill(layout)
    await layout.finish()
  } finally {
    await layout.close()
  }
}

async function expectWhole(path: string) {
  const layout = await openTarLayout(path)
  expect(await layout.resolve('v1')).toEqual(image)
  expect(await collect(layout.referrers(image))).toHaveLength(1)
  for (const each of [blob, long]) expect(Buffer.compare(await readAll(layout, each), layer)).toBe(0)
  await layout.close()
}

test('what is made is read, by this package and by tar', async () => {
  const folder = await temporaryFolder()
  await make(join(folder, 'app.tar'))
  await expectWhole(join(folder, 'app.tar'))
  expect(await readdir(folder)).toEqual(['app.tar'])
  const list = execFileSync('tar', ['-tf', 'app.tar'], { cwd: folder, encoding: 'utf8' }).trim().split('\n')
  const names = [blob, image, descriptorOf(signed), long]
    .map(({ digest }) => `blobs/${digest.replace(':', '/')}`)
    .sort()
  const folders = ['blobs/', 'blobs/sha256/', 'blobs/sha512/']
  expect(list.slice(0, 2)).toEqual(['oci-layout', 'index.json'])
  expect(list.slice(2)).toEqual([...names, ...folders].sort())
  execFileSync('tar', ['-xf', 'app.tar'], { cwd: folder })
  for (const each of [blob, long])
    expect(Buffer.compare(await readFile(join(folder, 'blobs', ...each.digest.split(':'))), layer)).toBe(0)
})

test('the same content makes the same bytes, in whichever order it came, in a file and in a stream', async () => {
  const folder = await temporaryFolder()
  await make(join(folder, 'one.tar'))
  const two = await createTarLayout(join(folder, 'two.tar'))
  await two.push(descriptorOf(signed), signed)
  await two.push(image, stream(imageBytes.subarray(0, 10), imageBytes.subarray(10)))
  await two.tag(descriptorOf(signed), 'v1')
  await two.tag(image, 'v1')
  await Promise.all([two.push(long, layer), two.push(blob, layer), two.push(blob, layer)])
  await two.finish()
  const sink = new PassThrough()
  const three = await createTarLayout(sink, { temporaryFolder: folder })
  await fill(three)
  const [written] = await Promise.all([collect(sink), three.finish().then(() => sink.end())])
  const one = await readFile(join(folder, 'one.tar'))
  expect(one.equals(await readFile(join(folder, 'two.tar')))).toBe(true)
  expect(one.equals(Buffer.concat(written))).toBe(true)
  expect((await readdir(folder)).sort()).toEqual(['one.tar', 'two.tar'])
})

test('a tag that moves leaves what it named listed; a tag may name what is no manifest', async () => {
  const path = join(await temporaryFolder(), 'app.tar')
  const layout = await createTarLayout(path)
  const other = manifest({ annotations: { other: 'yes' } })
  for (const bytes of [imageBytes, other]) {
    await layout.push(descriptorOf(bytes), bytes)
    await layout.tag(descriptorOf(bytes), 'v1')
  }
  await layout.push(blob, layer)
  await layout.tag(blob, 'data')
  await layout.tag(descriptorOf(other), 'v2')
  await layout.finish()
  const read = await openTarLayout(path)
  expect((await collect(read.tags())).sort()).toEqual(['data', 'v1', 'v2'])
  expect(await read.resolve('v1')).toEqual(descriptorOf(other))
  expect(await read.resolve('data')).toEqual(blob)
  expect(await read.resolve(image.digest)).toEqual(image)
  await read.close()
})

test('a file that exists is replaced only on request, and is there until the new one is whole', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'app.tar')
  await writeFile(path, 'old')
  await expect(createTarLayout(path)).rejects.toMatchObject(code('MISUSE_OPTION'))
  const layout = await createTarLayout(path, { replace: true })
  await fill(layout)
  expect(await readFile(path, 'utf8')).toBe('old')
  await layout.finish()
  await expectWhole(path)
  const late = await createTarLayout(join(folder, 'late.tar'))
  await fill(late)
  await writeFile(join(folder, 'late.tar'), 'somebody else was first')
  await expect(late.finish()).rejects.toMatchObject(code('MISUSE_OPTION'))
  expect(await readFile(join(folder, 'late.tar'), 'utf8')).toBe('somebody else was first')
  await mkdir(join(folder, 'folder'))
  await expect(createTarLayout(join(folder, 'folder'), { replace: true })).rejects.toMatchObject(code('INVALID_LAYOUT'))
  await symlink('app.tar', join(folder, 'link'))
  await expect(createTarLayout(join(folder, 'link'), { replace: true })).rejects.toMatchObject(code('INVALID_LAYOUT'))
  const nowhere = createTarLayout(join(folder, 'missing', 'app.tar'))
  await expect(nowhere).rejects.toMatchObject(code('UNAVAILABLE_FILE'))
  expect((await readdir(folder)).sort()).toEqual(['app.tar', 'folder', 'late.tar', 'link'])
})

test('content waits where nobody else can read it, and nothing is left when it is thrown away', async () => {
  const folder = await temporaryFolder()
  const layout = await createTarLayout(join(folder, 'app.tar'))
  await fill(layout)
  const [name = ''] = await readdir(folder)
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o700)
  await layout.close()
  await layout.close()
  expect(await readdir(folder)).toEqual([])
})

test('nothing can be done with what is finished or closed', async () => {
  const folder = await temporaryFolder()
  for (const end of ['finish', 'close'] as const) {
    const layout = await createTarLayout(join(folder, `${end}.tar`))
    await fill(layout)
    await layout[end]()
    const calls = [
      layout.finish(),
      layout.push(image, imageBytes),
      layout.tag(image, 'v2'),
      layout.fetch(image),
      layout.resolve('v1'),
      collect(layout.tags()),
      collect(layout.referrers(image)),
    ]
    for (const call of calls) await expect(call).rejects.toMatchObject(code('MISUSE_OPTION'))
    await layout.close()
  }
  expect(await readdir(folder)).toEqual(['finish.tar'])
})

test('content that comes too late for the archive is refused, not lost', async () => {
  const layout = await createTarLayout(join(await temporaryFolder(), 'app.tar'))
  let go = () => {}
  const slow = async function* () {
    await new Promise<void>((resolve) => {
      go = resolve
    })
    yield imageBytes
  }
  const pushing = layout.push(image, slow())
  const refused = expect(pushing).rejects.toSatisfy(isOcisignError)
  await layout.finish()
  go()
  await refused
})

test('an archive whose caller gives up while it is written is not there', async () => {
  const folder = await temporaryFolder()
  const controller = new AbortController()
  const layout = await createTarLayout(join(folder, 'app.tar'))
  await fill(layout)
  const files = await readdir(folder)
  expect(files).toHaveLength(1)
  controller.abort(new Error('enough'))
  await expect(layout.finish({ signal: controller.signal })).rejects.toThrow('enough')
  expect(await readdir(folder)).toEqual([])
  const given = createTarLayout(join(folder, 'app.tar'), { signal: controller.signal })
  await expect(given).rejects.toThrow('enough')
})

test('a stream that takes nothing holds its writer no longer than the caller waits', async () => {
  const folder = await temporaryFolder()
  const controller = new AbortController()
  const stuck = new Writable({ write: () => setTimeout(() => controller.abort(new Error('enough')), 10) })
  const layout = await createTarLayout(stuck, { temporaryFolder: folder })
  await fill(layout)
  await expect(layout.finish({ signal: controller.signal })).rejects.toThrow('enough')
  expect(await readdir(folder)).toEqual([])
})

test('a stream that fails or is closed says so', async () => {
  const folder = await temporaryFolder()
  const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no')) })
  const closed = new Writable({ write: () => closed.destroy() })
  const gone = new PassThrough()
  gone.destroy()
  for (const sink of [failing, closed, gone]) {
    const layout = await createTarLayout(sink, { temporaryFolder: folder })
    await fill(layout)
    await expect(layout.finish()).rejects.toMatchObject(code('UNAVAILABLE_FILE'))
  }
  expect(await readdir(folder)).toEqual([])
})

test('a stream is written no faster than it takes, and stays open', async () => {
  const folder = await temporaryFolder()
  let [most, waiting, size] = [0, 0, 0]
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, done) {
      waiting++
      most = Math.max(most, waiting, Math.ceil(slow.writableLength / chunk.length))
      size += chunk.length
      setTimeout(() => {
        waiting--
        done()
      }, 1)
    },
  })
  const layout = await createTarLayout(slow, { temporaryFolder: folder })
  await fill(layout)
  await layout.finish()
  expect(most).toBe(1)
  expect(size).toBeGreaterThan(600_000)
  expect(slow.writable).toBe(true)
})

test('what killed processes left is removed, and nothing else', async () => {
  const folder = await temporaryFolder()
  const self = await ownIdentity()
  const gone = encodeIdentity({ ...self, pid: 4_194_305, started: '1' })
  const elsewhere = encodeIdentity({ ...self, place: 'elsewhere', pid: 4_194_305 })
  await mkdir(join(folder, `.ocisign-${gone}.tmp`, 'blobs', 'sha256'), { recursive: true })
  await writeFile(join(folder, `.ocisign-${gone}.tmp`, 'blobs', 'sha256', 'x'), 'x')
  await writeFile(join(folder, `.ocisign-${encodeIdentity({ ...self, pid: 4_194_305, started: '1' })}.tmp`), 'x')
  const kept = [`.ocisign-${elsewhere}.tmp`, `.ocisign-${encodeIdentity(self)}.tmp`, '.ocisign-x.tmp', `x-${gone}.tmp`]
  for (const name of kept) await mkdir(join(folder, name))
  await make(join(folder, 'app.tar'))
  expect((await readdir(folder)).sort()).toEqual([...kept, 'app.tar'].sort())
})

test('a folder of another user is left alone', async () => {
  const folder = await temporaryFolder()
  const name = `.ocisign-${encodeIdentity({ ...(await ownIdentity()), pid: 4_194_305, started: '1' })}.tmp`
  await mkdir(join(folder, name))
  const files = {
    ...nodeFileSystem,
    lstat: async (path: string) => {
      const status = await nodeFileSystem.lstat(path)
      return path.endsWith(name) ? Object.assign(status, { uid: 1234 }) : status
    },
  } as FileSystem
  await make(join(folder, 'app.tar'), files)
  expect((await readdir(folder)).sort()).toEqual([name, 'app.tar'])
})

test('an index of more than is read is not written', async () => {
  const layout = await createTarLayout(join(await temporaryFolder(), 'app.tar'), { limits: { indexBytes: 250 } })
  await layout.push(image, imageBytes)
  await expect(layout.push(descriptorOf(signed), signed)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  await expect(layout.tag(image, 'x'.repeat(128))).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  await layout.close()
})

test('content that was damaged while it waited is not written', async () => {
  const folder = await temporaryFolder()
  const layout = await createTarLayout(join(folder, 'app.tar'))
  await fill(layout)
  const [name = ''] = await readdir(folder)
  await writeFile(join(folder, name, 'blobs', ...(blob.digest as Digest).split(':')), new Uint8Array(layer.length))
  await expect(layout.finish()).rejects.toMatchObject(code('INVALID_CONTENT'))
  expect(await readdir(folder)).toEqual([])
})

test.each([
  ['EIO', 'UNAVAILABLE_FILE'],
  ['ENOSPC', 'UNAVAILABLE_FILE'],
  ['EACCES', 'DENIED_FILE'],
])('making an archive fails with %s at any step: it is there whole, or not at all', async (fault, expected) => {
  const operations: Operation[] = []
  const count = (operation: Operation) => {
    operations.push(operation)
    return undefined
  }
  await make(join(await temporaryFolder(), 'app.tar'), faultyFileSystem(count))
  expect(operations.length).toBeGreaterThan(50)
  let failed = 0
  for (const [position, operation] of operations.entries()) {
    // Whoever cannot remove a file cannot clean up; whoever makes an archive there next will.
    if (operation === 'unlink' || operation === 'rm') continue
    const folder = await temporaryFolder()
    let steps = 0
    const files = faultyFileSystem(() => (steps++ === position ? fault : undefined))
    const error = await make(join(folder, 'app.tar'), files).catch((each: unknown) => each)
    const names = await readdir(folder)
    if (error !== undefined) {
      failed++
      expect(error).toMatchObject(code(expected))
    }
    if (error === undefined || names.length > 0) {
      // The step after the archive got its name may fail; the archive is whole then.
      expect(names).toEqual(['app.tar'])
      await expectWhole(join(folder, 'app.tar'))
    }
  }
  expect(failed).toBeGreaterThan(operations.length / 2)
})
