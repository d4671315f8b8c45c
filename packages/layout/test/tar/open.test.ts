// SPDX-License-Identifier: Apache-2.0
import { mkdir, open, readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes, isOcisignError, mediaTypes, readAll } from '@ocisign/core'
import { openTarLayout } from '@ocisign/layout'
import { expect, test } from 'vitest'
import { makePipe } from '../../../core/test/pipe.js'
import { nodeFileSystem } from '../../src/file-system.js'
import { openTarLayoutOn } from '../../src/tar/open.js'
import {
  collect,
  describe as descriptorOf,
  digestOf,
  index,
  manifest,
  signature,
  tagged,
  temporaryFolder,
} from '../support/layout.js'
import { blobName, bytesOf, end, entry, file, layoutFile, stream, tarLayout, writeTar } from '../support/tar.js'

const code = (value: string) => ({ code: value })
const imageBytes = manifest()
const image = descriptorOf(imageBytes)
const signed = signature(image)
const good = tarLayout([tagged(image, 'v1'), descriptorOf(signed)], [imageBytes, signed])

/** What temporary files lie in a folder. */
const leftIn = (folder: string) => readdir(folder)

test('reads an archive that is a file, and one that is a stream, alike', async () => {
  const temporaryFolderOfStream = await temporaryFolder()
  const chunks = [good.subarray(0, 1), good.subarray(1, 700), good.subarray(700)]
  for (const layout of [
    await openTarLayout(await writeTar(good), { repository: 'example.com/app' }),
    await openTarLayout(stream(...chunks), {
      repository: 'example.com/app',
      temporaryFolder: temporaryFolderOfStream,
    }),
  ]) {
    expect(layout.repository).toBe('example.com/app')
    expect(layout.signatureManifestForm).toBe('config')
    expect(await layout.resolve('v1')).toEqual(image)
    expect(await layout.resolve(image.digest)).toEqual(image)
    expect(await readAll(layout, image)).toEqual(imageBytes)
    expect(await collect(layout.tags())).toEqual(['v1'])
    expect((await collect(layout.referrers(image))).map(({ digest }) => digest)).toEqual([digestOf(signed)])
    await layout.close()
    await layout.close()
    await expect(layout.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_FILE'))
  }
  expect(await leftIn(temporaryFolderOfStream)).toEqual([])
})

test('finds what only the archive has, and content that only a nested index lists', async () => {
  const nested = index([image])
  const bytes = tarLayout([tagged(descriptorOf(nested, mediaTypes.imageIndex), 'all')], [nested, imageBytes])
  const layout = await openTarLayout(await writeTar(bytes))
  expect(await layout.resolve(image.digest)).toEqual(image)
  expect(await layout.resolve('all')).toMatchObject({ mediaType: mediaTypes.imageIndex })
  await layout.close()
})

test('keeps a stream where only its owner can read it, for as long as it is open', async () => {
  const folder = await temporaryFolder()
  const modes: number[] = []
  const files = {
    ...nodeFileSystem,
    // As on a system that removes no open file.
    unlink: async (path: string) => {
      modes.push((await stat(path)).mode & 0o777)
      if (modes.length === 1) throw Object.assign(new Error('busy'), { code: 'EBUSY' })
      return nodeFileSystem.unlink(path)
    },
  } as typeof nodeFileSystem
  const layout = await openTarLayoutOn(files, stream(good), { temporaryFolder: folder })
  expect(await leftIn(folder)).toHaveLength(1)
  expect(await layout.resolve('v1')).toEqual(image)
  await layout.close()
  expect(modes).toEqual([0o600, 0o600])
  expect(await leftIn(folder)).toEqual([])
})

test('leaves no file behind for a stream that is refused or fails', async () => {
  const folder = await temporaryFolder()
  const broken = new Error('the stream broke off')
  const failing = async function* () {
    yield good.subarray(0, 1000)
    throw broken
  }
  await expect(openTarLayout(failing(), { temporaryFolder: folder })).rejects.toBe(broken)
  const cut = openTarLayout(stream(good.subarray(0, 2000)), { temporaryFolder: folder })
  await expect(cut).rejects.toMatchObject(code('INVALID_LAYOUT'))
  await expect(openTarLayout(stream(), { temporaryFolder: folder })).rejects.toMatchObject(code('INVALID_LAYOUT'))
  const words = stream('text' as unknown as Uint8Array)
  await expect(openTarLayout(words, { temporaryFolder: folder })).rejects.toMatchObject(code('MISUSE_OPTION'))
  expect(await leftIn(folder)).toEqual([])
})

test('stops reading a stream that is longer than allowed', async () => {
  let chunks = 0
  const endless = async function* () {
    for (; chunks < 10_000; chunks++) yield new Uint8Array(1000)
  }
  const limits = { streamBytes: 10_000 }
  await expect(openTarLayout(endless(), { limits })).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  expect(chunks).toBe(10)
  const exact = await openTarLayout(stream(good), { limits: { streamBytes: good.length } })
  await exact.close()
})

test('says at once that a stream is compressed', async () => {
  let chunks = 0
  const compressed = async function* () {
    for (; chunks < 100; chunks++) yield new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
  }
  await expect(openTarLayout(compressed())).rejects.toMatchObject(code('UNSUPPORTED_MEDIA_TYPE'))
  expect(chunks).toBe(0)
})

test('waits for a silent stream no longer than its caller does', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  let ended = false
  const silent: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => setTimeout(() => controller.abort(reason), 10)),
      return: () => {
        ended = true
        return new Promise(() => undefined)
      },
    }),
  }
  await expect(openTarLayout(silent, { signal: controller.signal })).rejects.toBe(reason)
  expect(ended).toBe(true)
  await expect(openTarLayout(stream(good), { signal: controller.signal })).rejects.toBe(reason)
})

test('says which kind of thing is no archive', async () => {
  const folder = await temporaryFolder()
  await expect(openTarLayout(join(folder, 'missing.tar'))).rejects.toMatchObject(code('UNAVAILABLE_FILE'))
  await expect(openTarLayout(folder)).rejects.toMatchObject(code('INVALID_LAYOUT'))
  await writeFile(join(folder, 'text.tar'), 'hello, world\n'.repeat(100))
  await expect(openTarLayout(join(folder, 'text.tar'))).rejects.toMatchObject(code('INVALID_LAYOUT'))
  await writeFile(join(folder, 'empty.tar'), '')
  await expect(openTarLayout(join(folder, 'empty.tar'))).rejects.toMatchObject(code('INVALID_LAYOUT'))
  const elsewhere = openTarLayout(stream(good), { temporaryFolder: join(folder, 'missing') })
  await expect(elsewhere).rejects.toMatchObject(code('UNAVAILABLE_FILE'))
})

test('reaches an archive through a link, and does not wait for a pipe', async () => {
  const folder = await temporaryFolder()
  await symlink(await writeTar(good), join(folder, 'link.tar'))
  const layout = await openTarLayout(join(folder, 'link.tar'))
  expect(await layout.resolve('v1')).toEqual(image)
  await layout.close()
  await mkdir(join(folder, 'pipes'))
  const pipe = join(folder, 'pipes', 'pipe')
  makePipe(pipe)
  await expect(openTarLayout(pipe)).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test.each([
  ['oci-layout', bytesOf(file('index.json', index([])), end), 'INVALID_LAYOUT'],
  ['index.json', bytesOf(layoutFile, end), 'INVALID_LAYOUT'],
  ['its version', bytesOf(file('oci-layout', '{}'), file('index.json', index([])), end), 'INVALID_LAYOUT'],
  ['a readable version', bytesOf(file('oci-layout', '{'), file('index.json', index([])), end), 'INVALID_LAYOUT'],
  ['a readable index', bytesOf(layoutFile, file('index.json', '{"manifests":[]'), end), 'INVALID_INDEX'],
  [
    'one meaning',
    bytesOf(layoutFile, file('index.json', '{"schemaVersion":2,"manifests":[],"Manifests":[]}'), end),
    'INVALID_INDEX',
  ],
  [
    'a short version',
    bytesOf(file('oci-layout', ' '.repeat(70_000)), file('index.json', index([])), end),
    'UNAVAILABLE_LIMIT',
  ],
])('an archive without %s is refused', async (_, bytes, expected) => {
  await expect(openTarLayout(await writeTar(bytes))).rejects.toMatchObject(code(expected))
})

test('an index larger than allowed is refused', async () => {
  const path = await writeTar(good)
  await expect(openTarLayout(path, { limits: { indexBytes: 100 } })).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  await expect(openTarLayout(path, { limits: { entries: 3 } })).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
})

test('a blob that is not what its name says is no answer', async () => {
  const lying = entry({ name: blobName(imageBytes), content: imageBytes.map((byte) => byte ^ 1) })
  const short = entry({ name: blobName(imageBytes), content: imageBytes.subarray(1) })
  for (const wrong of [lying, short]) {
    const layout = await openTarLayout(
      await writeTar(bytesOf(layoutFile, file('index.json', index([tagged(image, 'v1')])), wrong, end)),
    )
    await expect(layout.resolve('v1')).rejects.toMatchObject(code('INVALID_CONTENT'))
    await expect(layout.resolve(image.digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
    await expect(readAll(layout, image)).rejects.toMatchObject(code('INVALID_CONTENT'))
    await layout.close()
  }
})

test('a signature that is listed and missing is no reason to say unsigned', async () => {
  const bytes = tarLayout([tagged(image, 'v1'), descriptorOf(signed)], [imageBytes])
  const layout = await openTarLayout(await writeTar(bytes))
  await expect(collect(layout.referrers(image))).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
  await expect(readAll(layout, descriptorOf(signed))).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  await layout.close()
})

test('a digest that climbs is none, and a blob beyond what is read whole can be streamed', async () => {
  const large = new Uint8Array(5_000_000)
  const path = await writeTar(tarLayout([tagged(descriptorOf(large), 'large')], [large]))
  const layout = await openTarLayout(path)
  const climbing = { ...image, digest: 'sha256:../../etc/passwd' as const }
  await expect(layout.fetch(climbing)).rejects.toMatchObject(code('INVALID_DIGEST'))
  await expect(layout.resolve(climbing.digest)).rejects.toMatchObject(code('INVALID_DIGEST'))
  await expect(layout.resolve('large')).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  const read = await readAll(layout, descriptorOf(large), { maxBytes: 5_000_000 })
  expect(equalBytes(read, large)).toBe(true)
  await layout.close()
})

test('an archive that is changed while it is open gives no wrong answer', async () => {
  const path = await writeTar(good)
  const layout = await openTarLayout(path)
  await writeFile(path, new Uint8Array(good.length).fill(1))
  await expect(readAll(layout, image)).rejects.toMatchObject(code('INVALID_CONTENT'))
  await expect(collect(layout.referrers(image))).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
  await truncate(path, 10)
  await expect(layout.resolve('v1')).rejects.toMatchObject(code('INVALID_CONTENT'))
  await layout.close()
})

test('finds what stands behind nine gigabytes, whose size does not fit into octal digits', async () => {
  const size = 9 * 1024 ** 3
  const binary = new Uint8Array(12)
  new DataView(binary.buffer).setBigUint64(4, BigInt(size))
  binary[0] = 0x80
  const path = join(await temporaryFolder(), 'large.tar')
  const handle = await open(path, 'w')
  const name = `blobs/sha256/${'a'.repeat(64)}`
  await handle.write(entry({ name, size: binary }), 0)
  await handle.write(good, 0, good.length, 512 + size)
  await handle.close()
  const layout = await openTarLayout(path)
  expect(await layout.resolve('v1')).toEqual(image)
  const target = { mediaType: 'a/b', digest: `sha256:${'a'.repeat(64)}`, size } as const
  const content = await layout.fetch(target)
  for await (const chunk of content) {
    expect(chunk.length).toBe(256 * 1024)
    break
  }
  await layout.close()
})

test('errors of the file system are told as such', async () => {
  const path = await writeTar(good)
  for (const [fault, expected] of [
    ['EACCES', 'DENIED_FILE'],
    ['EIO', 'UNAVAILABLE_FILE'],
  ] as const) {
    const files = {
      ...nodeFileSystem,
      open: async () => {
        throw Object.assign(new Error(fault), { code: fault })
      },
    } as typeof nodeFileSystem
    await expect(openTarLayoutOn(files, path, {})).rejects.toMatchObject(code(expected))
    const error = await openTarLayoutOn(files, stream(good), {}).catch((each: unknown) => each)
    expect(isOcisignError(error) && error.code).toBe(expected)
  }
})
