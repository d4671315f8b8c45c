// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { access, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openArchive, parseArchive } from '../../src/corpus/archive.js'

const PACK = fileURLToPath(new URL('../../../../tools/pack-corpus.mjs', import.meta.url))
const LONG = `${'long-directory-name/'.repeat(6)}file`

let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'ocisign-archive-test-'))
})
afterAll(() => rm(work, { recursive: true, force: true }))

interface Header {
  name: string
  type?: string
  content?: string
  target?: string
  prefix?: string
  checksum?: number
  size?: string
}

/** A hand-made archive: what no packer would write. */
function tar(...headers: Header[]): Uint8Array {
  const blocks = headers.map(({ name, type = '0', content = '', target = '', prefix = '', checksum, size }) => {
    const block = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512)
    block.write(name, 0)
    block.write(size ?? content.length.toString(8).padStart(11, '0'), 124)
    block.write('        ', 148)
    block.write(type, 156)
    block.write(target, 157)
    block.write(prefix, 345)
    const sum = checksum ?? block.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    block.write(content, 512)
    return block
  })
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

test('what the packer packs comes back: empty directories, long and odd names, empty files', async () => {
  const source = join(work, 'source')
  await mkdir(join(source, 'empty/nested'), { recursive: true })
  await mkdir(join(source, LONG, '..'), { recursive: true })
  await writeFile(join(source, LONG), 'deep')
  await writeFile(join(source, 'nothing'), '')
  await writeFile(join(source, 'ünïcode with spaces.txt'), Uint8Array.of(0, 255, 10))
  const packed = [join(work, 'one.tar.br'), join(work, 'two.tar.br')] as const
  for (const out of packed) execFileSync(process.execPath, [PACK, source, out])
  expect(await readFile(packed[0])).toEqual(await readFile(packed[1]))

  const { directory, close } = await openArchive(pathToFileURL(packed[0]), 'ocisign-archive-test-')
  expect((await readdir(directory)).sort()).toEqual((await readdir(source)).sort())
  expect(await readFile(join(directory, LONG), 'utf8')).toBe('deep')
  expect((await lstat(join(directory, 'nothing'))).size).toBe(0)
  expect([...(await readFile(join(directory, 'ünïcode with spaces.txt')))]).toEqual([0, 255, 10])
  expect((await lstat(join(directory, 'empty/nested'))).isDirectory()).toBe(true)
  await close()
  await expect(access(directory)).rejects.toThrow()
})

test('the packer refuses what is neither a file nor a directory', async () => {
  const source = join(work, 'with-link')
  await mkdir(source)
  await symlink('nothing', join(source, 'link'))
  expect(() => execFileSync(process.execPath, [PACK, source, join(work, 'x.tar.br')], { stdio: 'pipe' })).toThrow(
    'link',
  )
  await expect(access(join(work, 'x.tar.br'))).rejects.toThrow()
})

test('a well-formed archive is read whole', () => {
  const archive = tar(
    { name: 'a/b', content: 'x'.repeat(513) },
    { name: 'c/', type: '5' },
    { name: 'd', prefix: 'p/q' },
  )
  expect(parseArchive(archive).map(({ path, kind, content }) => [path, kind, content.length])).toEqual([
    ['a/b', 'file', 513],
    ['c', 'directory', 0],
    ['p/q/d', 'file', 0],
  ])
})

describe('refused', () => {
  const bad: Record<string, Uint8Array> = {
    'a path that climbs': tar({ name: '../evil' }),
    'a path that climbs in the middle': tar({ name: 'a/../../evil' }),
    'a path that climbs by its prefix': tar({ name: 'evil', prefix: '..' }),
    'an absolute path': tar({ name: '/etc/evil' }),
    'a path with a backslash': tar({ name: '..\\evil' }),
    'a path with a drive': tar({ name: 'C:evil' }),
    'a path with a control character': tar({ name: 'a\nb' }),
    'an empty path': tar({ name: '' }),
    'a symbolic link': tar({ name: 'a', type: '2', target: 'b' }),
    'a file twice': tar({ name: 'a' }, { name: 'a' }),
    'a path below a file': tar({ name: 'a' }, { name: 'a/b' }),
    'a hard link': tar({ name: 'a', type: '1', target: 'b' }),
    'a device': tar({ name: 'a', type: '3' }),
    'a directory with content': tar({ name: 'a/', type: '5', content: 'x' }),
    'a wrong checksum': tar({ name: 'a', checksum: 1 }),
    'a size that is no number': tar({ name: 'a', size: '9' }),
    'content that ends early': tar({ name: 'a', size: '77777777777' }),
    'no end': tar({ name: 'a' }).subarray(0, 512),
    'nothing at all': new Uint8Array(0),
  }
  test.each(Object.keys(bad))('%s', (name) => {
    expect(() => parseArchive(bad[name]!)).toThrow(expect.objectContaining({ code: 'INVALID_CONTENT' }))
  })

  test('a file that is not there', async () => {
    const absent = openArchive(pathToFileURL(join(work, 'absent.tar.br')), 'ocisign-archive-test-')
    await expect(absent).rejects.toMatchObject({ code: 'UNAVAILABLE_FILE' })
  })

  test('a damaged archive leaves no directory behind', async () => {
    const location = join(work, 'damaged.tar.br')
    await writeFile(location, brotliCompressSync(tar({ name: '../evil' })))
    await expect(openArchive(pathToFileURL(location), 'ocisign-damaged-')).rejects.toMatchObject({
      code: 'INVALID_CONTENT',
    })
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('ocisign-damaged-'))).toEqual([])
  })
})
