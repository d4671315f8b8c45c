// SPDX-License-Identifier: Apache-2.0
// What readers of tar archives disagree about is refused; what writers of layouts write is read.
import { expect, test } from 'vitest'
import { findPlaces } from '../../src/tar/entries.js'
import { digestOf, text } from '../support/layout.js'
import {
  blob,
  blobName,
  bytesOf,
  checksum,
  end,
  entry,
  file,
  folder,
  layoutFile,
  memorySource,
  pax,
  record,
  type TarEntry,
} from '../support/tar.js'

const code = (value: string) => ({ code: value })
const content = text('content')
const name = blobName(content)
const long = `blobs/sha512/${digestOf(content, 'sha512').slice(7)}`
const find = (bytes: Uint8Array, maxEntries = 100) => findPlaces(memorySource(bytes), { maxEntries })
const archive = (...parts: readonly Uint8Array[]) => bytesOf(...parts, end)
const namesOf = async (bytes: Uint8Array) => [...(await find(bytes)).keys()]

/** Finds the content under a name, and proves that it is that content. */
async function expectFound(bytes: Uint8Array, place = name) {
  const found = (await find(bytes)).get(place)
  if (!found) throw new Error(`${place} was not found`)
  expect(bytes.slice(found.offset, found.offset + found.size)).toEqual(content)
}

const written: readonly (readonly [string, readonly Uint8Array[], string?])[] = [
  ['a plain entry', [file(name, content)]],
  ['a leading ./', [folder('./'), folder('./blobs/'), folder('./blobs/sha256/'), file(`./${name}`, content)]],
  ['folders without a slash', [folder('blobs'), folder('blobs/sha256'), file(name, content)]],
  ['a time before 1970', [entry({ name, content, patch: [136, '\u00ff'.repeat(12)] })]],
  ['numbers that are left out', [entry({ name, content, patch: [100, ' '.repeat(24)] })]],
  ['no type', [entry({ name, content, type: '\0' })]],
  ['the magic of GNU', [entry({ name, content, magic: 'ustar  \0' })]],
  ['GNU times where POSIX has a prefix', [entry({ name, content, magic: 'ustar  \0', prefix: '14001234567' })]],
  ['a prefix', [entry({ name: name.slice(13), prefix: 'blobs/sha256', content })]],
  ['a size in binary', [entry({ name, content, size: new Uint8Array([0x80, ...Array(10).fill(0), content.length]) })]],
  ['a size with spaces', [entry({ name, content, size: `         ${content.length.toString(8)} \0` })]],
  ['a path in a pax record', [pax({ path: long }), entry({ name: long.slice(0, 100), content })], long],
  [
    'pax records of no concern',
    [
      pax({ mtime: '-1.5', uid: '2097152', uname: '', ctime: '1.', 'SCHILY.xattr.a': '\u00fc\0b', comment: '' }),
      blob(content),
    ],
  ],
  ['a size in a pax record', [pax({ size: '7' }), entry({ name, content, size: 0 })]],
  ['a size said twice alike', [pax({ size: '7' }), entry({ name, content })]],
  ['a size too large for the header', [pax({ size: '7' }), entry({ name, content, size: '77777777777\0' })]],
  ['a comment for all', [pax({ comment: 'c0ffee' }, 'g'), blob(content)]],
  [
    'a long name of GNU',
    [entry({ name: '././@LongLink', type: 'L', content: text(`${long}\0`) }), blob(content)],
    long,
  ],
  ['what docker save adds', [file('manifest.json', '[]'), file('repositories', '{}'), blob(content)]],
  ['files that are no blobs', [file('blobs/sha256/README', 'x'), file('blobs/md5/00', 'x'), blob(content)]],
  ['names that are not ASCII', [file('\u00ff\u0080', 'x'), pax({ path: 'ä/ö' }), file('x', 'x'), blob(content)]],
  ['the same foreign name twice', [file('README', 'a'), file('README', 'b'), blob(content)]],
  ['a folder twice', [folder('blobs/'), folder('blobs/'), blob(content)]],
]

test.each(written.map(([what, parts, place]) => ({ what, parts, place })))('reads $what', async ({ parts, place }) => {
  await expectFound(archive(...parts), place)
})

test('reads padding as writers to tape leave it', async () => {
  await expectFound(bytesOf(blob(content), end, new Uint8Array(10_240)))
  await expectFound(bytesOf(blob(content), end, new Uint8Array(100)))
})

test('finds nothing in an archive without entries', async () => {
  expect(await namesOf(end)).toEqual([])
})

test('finds the three kinds of files that a layout has', async () => {
  expect(await namesOf(archive(layoutFile, file('index.json', '{}'), blob(content)))).toEqual([
    'oci-layout',
    'index.json',
    name,
  ])
})

const other = text('other content')
const fields = (options: Partial<TarEntry>) => entry({ name, content, ...options })
// Some old writers added bytes as if they had a sign.
const signedChecksum = checksum(fields({ prefix: '\0\u00ff' }).subarray(0, 512)).replace(/^\d+/, (digits) =>
  (Number.parseInt(digits, 8) - 256).toString(8).padStart(6, '0'),
)
/** Puts a record where the last block of a header is filled up. */
const withRest = (header: Uint8Array) => bytesOf(header.subarray(0, 900), text('12 path=x\n\0\0'), header.subarray(912))
const refused: readonly (readonly [string, readonly Uint8Array[]])[] = [
  ['a blob twice', [blob(content), blob(content)]],
  ['an index twice', [file('index.json', '{}'), file('index.json', '{}')]],
  ['an index twice, once with ./', [file('index.json', '{}'), file('./index.json', '{}')]],
  ['a hard link', [fields({ type: '1', link: 'index.json' })]],
  ['a symbolic link', [fields({ type: '2', link: '/etc/passwd', content: new Uint8Array() })]],
  ['a symbolic link in the place of a folder', [entry({ name: 'blobs', type: '2', link: '/tmp' })]],
  ['a symbolic link where no layout has files', [entry({ name: 'x', type: '2', link: '..' }), blob(content)]],
  ['a character device', [fields({ type: '3' })]],
  ['a block device', [fields({ type: '4' })]],
  ['a pipe', [fields({ type: '6' })]],
  ['a contiguous file', [fields({ type: '7' })]],
  ['a sparse file of GNU', [fields({ type: 'S', magic: 'ustar  \0' })]],
  ['a sparse file of pax', [pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }), blob(content)]],
  ['a sparse file of pax, said of all', [pax({ 'GNU.sparse.size': '9' }, 'g'), blob(content)]],
  ['a volume label', [fields({ type: 'V' })]],
  ['a part of another volume', [fields({ type: 'M' })]],
  ['a long link of GNU', [entry({ name: 'x', type: 'K', content: text('index.json\0') }), blob(content)]],
  ['a folder with content', [entry({ name: 'blobs/', type: '5', content })]],
  ['a folder with a size in a pax record', [pax({ size: '7' }), folder('blobs/')]],
  ['a folder in the place of a blob', [folder(`${name}/`)]],
  ['a folder in the place of the index', [folder('index.json/')]],
  ['a file in the place of a folder', [file('blobs', 'x')]],
  ['a file in the place of the folder of an algorithm', [file('blobs/sha256', 'x')]],
  ['a file whose name is that of a folder', [file('blobs/', content)]],
  ['a file without a name', [file('', content)]],
  ['an absolute name', [file(`/${name}`, content)]],
  ['an absolute name of Windows', [file(`C:\\${name}`, content)]],
  ['a name that climbs', [file('../index.json', '{}')]],
  ['a name that climbs in the middle', [file('blobs/../index.json', '{}')]],
  ['a name that climbs, as Windows writes it', [file('blobs\\..\\index.json', '{}')]],
  ['a name that climbs, in a pax record', [pax({ path: 'x/../index.json' }), file('x', '{}')]],
  ['a name that climbs, in a long name', [entry({ name: 'x', type: 'L', content: text('../x\0') }), file('x', '')]],
  ['a name that climbs, in a prefix', [entry({ name: 'index.json', prefix: 'x/..', content })]],
  ['a name with two slashes', [file(name.replace('/', '//'), content)]],
  ['a name with a dot in the middle', [file(name.replace('/', '/./'), content)]],
  ['a name with two dots in front', [file(`././${name}`, content)]],
  ['a name in another case', [file('Index.JSON', '{}')]],
  ['a digest in another case', [file(name.toUpperCase().replace('BLOBS/SHA256', 'blobs/sha256'), content)]],
  ['a folder in another case', [folder('Blobs/')]],
  ['a name with backslashes', [file(name.replaceAll('/', '\\'), content)]],
  ['two sizes', [pax({ size: '7' }), fields({ size: 512 })]],
  ['a size in a pax record that is no number', [pax({ size: '0x7' }), blob(content)]],
  ['a size in a pax record with a sign', [pax({ size: '+7' }), blob(content)]],
  ['a size in a pax record with a zero in front', [pax({ size: '07' }), blob(content)]],
  ['a size in a pax record beyond a double', [pax({ size: '9007199254740993' }), blob(content)]],
  ['a size for all', [pax({ size: '7' }, 'g'), blob(content)]],
  ['a path for all', [pax({ path: name }, 'g'), file('x', content)]],
  ['an empty path', [pax({ path: '' }), blob(content)]],
  ['a path with a zero byte', [pax({ path: `${name}\0x` }), file('x', content)]],
  [
    'a path twice in one header',
    [entry({ name: 'x', type: 'x', content: text(record(['path', 'a']) + record(['path', 'b'])) }), file('x', '')],
  ],
  ['a path in two headers', [pax({ path: 'a' }), pax({ path: name }), file('x', content)]],
  [
    'a path and a long name',
    [pax({ path: 'a' }), entry({ name: 'x', type: 'L', content: text(`${name}\0`) }), file('x', content)],
  ],
  ['a long name that is empty', [entry({ name: 'x', type: 'L', content: text('\0') }), file('x', '')]],
  [
    'a long name with a zero byte',
    [entry({ name: 'x', type: 'L', content: text(`${name}\0x\0`) }), file('x', content)],
  ],
  ['a long name that is too long', [entry({ name: 'x', type: 'L', content: text('a'.repeat(5000)) }), file('x', '')]],
  ['a pax record without a length', [entry({ name: 'x', type: 'x', content: text(' path=x\n') }), file('x', '')]],
  ['a pax record that is too long', [entry({ name: 'x', type: 'x', content: text('99 path=x\n') }), file('x', '')]],
  ['a pax record that is too short', [entry({ name: 'x', type: 'x', content: text('3 path=x\n') }), file('x', '')]],
  ['a pax record without a line feed', [entry({ name: 'x', type: 'x', content: text('10 path=xy') }), file('x', '')]],
  ['a pax record without a key', [entry({ name: 'x', type: 'x', content: text('5 =x\n') }), file('x', '')]],
  ['a pax record whose key has a zero byte', [pax({ 'a\0': 'b' }), blob(content)]],
  ['a pax record with a time that is none', [pax({ mtime: 'yesterday' }), blob(content)]],
  ['a pax record with an owner that is no number', [pax({ uid: 'root' }), blob(content)]],
  ['a pax record with a name that has a zero byte', [pax({ uname: 'root\0' }), blob(content)]],
  ['a pax header of gigabytes', [entry({ name: 'x', type: 'x', size: 2 ** 31 }), blob(content)]],
  ['a pax header of more than there is', [entry({ name: 'x', type: 'x', size: 5000, content: text('5 a=\n') })]],
  ['a pax header at the end', [blob(content), pax({ comment: 'x', path: 'y' })]],
  ['a wrong checksum', [fields({ checksum: '0000000\0' })]],
  ['a checksum of signed bytes', [fields({ patch: [500, '\0'], prefix: '\0\u00ff', checksum: signedChecksum })]],
  ['an empty checksum', [fields({ checksum: '        ' })]],
  ['no magic', [fields({ magic: '\0\0\0\0\0\0\0\0' })]],
  ['another magic', [fields({ magic: 'ustar\x0001' })]],
  ['half a magic', [fields({ magic: 'ustar  0' })]],
  ['the end of the header as star uses it', [fields({ patch: [508, 'tar\0'] })]],
  ['a mode that is no number', [fields({ patch: [100, '0000x44'] })]],
  ['an owner that is no number', [fields({ patch: [108, '-000000'] })]],
  ['a time that is no number', [fields({ patch: [136, '\u00ff'] })]],
  ['a device that is no number', [fields({ patch: [329, 'x'] })]],
  ['a prefix where GNU has times', [fields({ magic: 'ustar  \0', prefix: 'blobs/sha256' })]],
  ['a pax header that goes on behind its end', [withRest(pax({ comment: 'x' })), blob(content)]],
  ['a negative size', [fields({ size: new Uint8Array(12).fill(0xff) })]],
  ['a size in binary beyond a double', [fields({ size: new Uint8Array([0x80, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0]) })]],
  ['a size with other digits', [fields({ size: '00000000008\0' })]],
  ['a size with words', [fields({ size: '0000000007x\0' })]],
  ['a size with more behind it', [fields({ size: '0000007\x007\0' })]],
  ['no size', [fields({ size: new Uint8Array(12) })]],
  ['more content than there is', [fields({ size: 1_000_000 })]],
  ['a lone block of zeros', [blob(content), new Uint8Array(512), blob(other)]],
]

test.each(refused)('refuses %s', async (_, parts) => {
  await expect(find(archive(...parts))).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('refuses what goes on after its end, and an end that goes on for ever', async () => {
  for (const rest of [blob(other), text('x'), new Uint8Array(2 * 1024 * 1024)])
    await expect(find(bytesOf(blob(content), end, rest))).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('refuses an archive that is cut short anywhere, also between entries', async () => {
  const whole = archive(layoutFile, pax({ path: name }), file('x', content), blob(other))
  for (let length = 0; length < whole.length; length += 128)
    await expect(find(whole.subarray(0, length))).rejects.toMatchObject(code('INVALID_LAYOUT'))
  expect((await find(whole)).size).toBe(3)
})

test.each([
  ['gzip', [0x1f, 0x8b, 8]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['bzip2', [0x42, 0x5a, 0x68, 0x39]],
])('says that an archive is compressed with %s', async (name, begin) => {
  const error = await find(new Uint8Array([...begin, ...Array(600).fill(1)])).catch((each: unknown) => each)
  expect(error).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE', details: { supported: ['application/x-tar'] } })
  expect((error as { details: { mediaType: string } }).details.mediaType).toContain(name)
})

test('looks at so many entries and no more, those before entries included', async () => {
  const parts = [file('a', 'x'), pax({ comment: 'x' }), file('b', 'x'), blob(content)]
  await expectFound(archive(...parts))
  expect((await find(archive(...parts), 5)).size).toBe(1)
  await expect(find(archive(...parts), 4)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
})

test('stops for a caller that gives up', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(findPlaces(memorySource(archive(blob(content))), { maxEntries: 9, signal })).rejects.toThrow('enough')
})

test('reads many small files with few reads, and little of large ones', async () => {
  const blobs = Array.from({ length: 1000 }, (_, number) => text(`blob ${number}`))
  const large = new Uint8Array(5_000_000)
  const bytes = archive(...blobs.map(blob), ...[1, 2, 3].map((seed) => blob(large.map(() => seed))))
  let [reads, read] = [0, 0]
  const source = memorySource(bytes)
  const counted = {
    ...source,
    read: async (offset: number, length: number) => {
      const found = await source.read(offset, length)
      reads++
      read += found.length
      return found
    },
  }
  expect((await findPlaces(counted, { maxEntries: 2000 })).size).toBe(1003)
  expect(reads).toBeLessThan(20)
  expect(read).toBeLessThan(3_000_000)
})
