// SPDX-License-Identifier: Apache-2.0
// Installing: from a file, a folder and archives, all at once or not at all.
import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type InstallPluginOptions, installPlugin, openPlugin, uninstallPlugin } from '@ocisign/notation-plugin'
import { describe, expect, test } from 'vitest'
import { type ArchiveFile, paxRecord, tar, zip } from '../support/archives.js'
import { code, makeFolder, writeExecutable } from '../support/plugins.js'

const name = 'com.example.small'
const file = `notation-${name}`

/** A plugin that knows its metadata and nothing else. */
const scriptOf = (version = '1.0.0', called = name) => `#!/bin/sh
echo '{"name":"${called}","description":"d","version":"${version}","url":"u",
"supportedContractVersions":["1.0"],"capabilities":["SIGNATURE_GENERATOR.RAW"]}'
`

async function place() {
  const home = await makeFolder()
  const directory = join(home, 'config', 'plugins')
  const write = async (bytes: Uint8Array | string, called = 'archive') => {
    const path = join(home, called)
    await writeFile(path, bytes)
    return path
  }
  const install = (source: string, options: Partial<InstallPluginOptions> = {}) =>
    installPlugin({ directory, source, ...options })
  /** Nothing is left of an installation, whether it worked or not. */
  const leftovers = async () =>
    (await readdir(join(home, 'config')).catch(() => [])).filter((each) => each !== 'plugins')
  const version = async () => (await openPlugin({ directory, name })).metadata.version
  return { home, directory, write, install, leftovers, version }
}

const executable: ArchiveFile = { name: file, text: scriptOf() }
const licence: ArchiveFile = { name: 'LICENSE', text: 'free', mode: 0o666 }

describe('a plugin is installed from', () => {
  test('its executable', async () => {
    const { home, directory, install, leftovers, version } = await place()
    const source = await writeExecutable(home, file, scriptOf())
    expect(await install(source)).toMatchObject({ installed: { name, version: '1.0.0' } })
    expect(await version()).toBe('1.0.0')
    expect(await readdir(join(directory, name))).toEqual([file])
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o755)
    expect(await leftovers()).toEqual([])
  })

  test.each([
    [
      'a folder',
      async (home: string) => {
        const folder = join(home, 'folder')
        await writeExecutable(folder, file, scriptOf())
        await writeFile(join(folder, 'LICENSE'), 'free')
        await mkdir(join(folder, 'below'))
        await symlink('/etc/passwd', join(folder, 'link'))
        return folder
      },
    ],
    [
      'a tar.gz',
      async (home: string) => {
        const path = join(home, 'a.tar.gz')
        const link = { name: 'link', type: '2' }
        await writeFile(
          path,
          gzipSync(tar({ name: 'folder/', type: '5' }, executable, { ...licence, name: 'folder/LICENSE' }, link)),
        )
        return path
      },
    ],
    [
      'a zip',
      async (home: string) => {
        const path = join(home, 'a.zip')
        const link = { name: 'link', type: '2', text: '/etc/passwd' }
        await writeFile(
          path,
          zip(executable, { ...licence, stored: true }, { ...licence, name: 'below/LICENSE' }, link),
        )
        return path
      },
    ],
  ])('%s: its regular files, which nobody else may write to', async (_, make) => {
    const { home, directory, install, version, leftovers } = await place()
    await install(await make(home))
    expect(await version()).toBe('1.0.0')
    expect((await readdir(join(directory, name))).sort()).toEqual(['LICENSE', file])
    expect((await stat(join(directory, name, 'LICENSE'))).mode & 0o022).toBe(0)
    expect(await readFile(join(directory, name, 'LICENSE'), 'utf8')).toBe('free')
    expect(await leftovers()).toEqual([])
  })

  test('an archive that lost who may execute what, where there is one candidate', async () => {
    const { write, install, version } = await place()
    await install(await write(zip({ ...executable, mode: 0o644 })))
    expect(await version()).toBe('1.0.0')
    const two = zip({ ...executable, mode: 0o644 }, { ...executable, name: 'notation-other', mode: 0o644 })
    const { write: writeTwo, install: installTwo } = await place()
    await expect(installTwo(await writeTwo(two))).rejects.toMatchObject(code('INVALID_PLUGIN'))
  })

  test('tar archives with long names, by pax and by GNU', async () => {
    const pax = tar(
      { name: 'x', type: 'x', text: paxRecord('path', `folder/${file}`) },
      { ...executable, name: 'short' },
    )
    const gnu = tar({ name: '././@LongLink', type: 'L', text: `folder/${file}\0` }, { ...executable, name: 'short' })
    for (const archive of [pax, gnu]) {
      const { write, install, version } = await place()
      await install(await write(gzipSync(archive)))
      expect(await version()).toBe('1.0.0')
    }
  })

  test('a file with the checksum that is asked for', async () => {
    const { write, install, directory, version } = await place()
    const archive = zip(executable)
    const source = await write(archive)
    const sha256 = createHash('sha256').update(archive).digest('hex')
    await expect(install(source, { sha256: 'ab' })).rejects.toMatchObject(code('MISUSE_OPTION'))
    await expect(install(source, { sha256: '0'.repeat(64) })).rejects.toMatchObject(code('INVALID_CONTENT'))
    await expect(install(directory.slice(0, -15), { sha256 })).rejects.toMatchObject(code('MISUSE_OPTION'))
    await install(source, { sha256: sha256.toUpperCase() })
    expect(await version()).toBe('1.0.0')
  })
})

describe('G1: an archive is refused that', () => {
  const broken = zip(executable)
  broken[broken.length - 30] = 0xff
  const tarOf = (...files: readonly ArchiveFile[]) => gzipSync(tar(...files))
  test.each([
    ['has a name that leads out of it (zip)', zip(executable, { name: '../x' })],
    ['has a name that leads out of it (tar)', tarOf(executable, { name: '../x' })],
    ['has two files with one name (zip)', zip(executable, executable)],
    ['has two files with one name (tar)', tarOf(executable, { ...executable, name: `below/${file}` })],
    ['has a name with odd characters', zip(executable, { name: 'a b' })],
    ['has no executable', zip(licence)],
    ['has its executable in a folder (zip)', zip({ ...executable, name: `below/${file}` })],
    ['has two executables', zip(executable, { ...executable, name: 'notation-other' })],
    ['has a plugin with no name that may be', zip({ ...executable, name: 'notation-.x' })],
    ['has a plugin that calls itself otherwise', zip({ ...executable, text: scriptOf('1.0.0', 'other') })],
    ['has an executable that is a link', tarOf({ name: file, type: '2' })],
    ['says that a file is larger than may be', zip({ ...executable, size: 0xffffffff })],
    ['says that a file is smaller than it is', zip({ ...executable, size: 3 })],
    ['has another checksum', zip({ ...executable, checksum: 1 })],
    ['is encrypted', zip({ ...executable, flags: 1 })],
    ['has a broken directory', broken],
    ['is cut off (zip)', zip(executable).subarray(0, 60)],
    ['goes on after its end (zip)', Buffer.concat([zip(executable), zip(executable), Buffer.alloc(1)])],
    ['is cut off (gzip)', tarOf(executable).subarray(0, 60)],
    ['is cut off (tar)', gzipSync(tar(executable).subarray(0, 600))],
    ['has no end (tar)', gzipSync(tar(executable).subarray(0, -1024))],
    ['is no tar', gzipSync('x'.repeat(2000))],
    ['is small, and becomes too large', gzipSync(Buffer.alloc(257 * 1024 * 1024))],
    ['has another size for other readers', tarOf({ name: 'x', type: 'x', text: paxRecord('size', '1') }, executable)],
    ['has a header that cannot be read', tarOf({ name: 'x', type: 'x', text: '999 path=x\n' }, executable)],
    ['has more files than any', zip(...Array.from({ length: 1001 }, (_, index) => ({ name: `f${index}` })))],
  ])('%s', async (_, archive) => {
    const { write, install, directory, leftovers } = await place()
    await expect(install(await write(archive))).rejects.toMatchObject(code('INVALID_PLUGIN'))
    expect(await readdir(directory).catch(() => [])).toEqual([])
    expect(await leftovers()).toEqual([])
  })

  test('is no file at all', async () => {
    const { home, install } = await place()
    await expect(install(join(home, 'none'))).rejects.toMatchObject(code('UNAVAILABLE_FILE'))
    await symlink('/etc/passwd', join(home, file))
    await expect(install(join(home, file))).rejects.toMatchObject(code('INVALID_PLUGIN'))
  })

  test('is a lone file that may not be executed, or has another name', async () => {
    const { home, install, write } = await place()
    await expect(install(await write(scriptOf(), file))).rejects.toMatchObject(code('INVALID_PLUGIN'))
    await chmod(join(home, file), 0o755)
    await expect(install(join(home, file))).resolves.toBeDefined()
    await expect(install(await writeExecutable(home, 'other', scriptOf()))).rejects.toMatchObject(
      code('INVALID_PLUGIN'),
    )
  })
})

describe('an installed plugin', () => {
  const source = (version: string) => zip({ ...executable, text: scriptOf(version) })

  test('is replaced by a later version, and by others only by force', async () => {
    const { write, install, version, leftovers } = await place()
    await install(await write(source('1.9.0')))
    for (const old of ['1.9.0', '1.8.0', '1.9.0-rc.1'])
      await expect(install(await write(source(old)))).rejects.toMatchObject(code('MISUSE_OPTION'))
    expect(await version()).toBe('1.9.0')
    const { installed, replaced } = await install(await write(source('1.10.0')))
    expect([installed.version, replaced?.version]).toEqual(['1.10.0', '1.9.0'])
    await install(await write(source('1.0.0')), { force: true })
    expect(await version()).toBe('1.0.0')
    expect(await leftovers()).toEqual([])
  })

  test('that does not work stays, unless it is replaced by force', async () => {
    const { directory, write, install, version } = await place()
    await writeExecutable(join(directory, name), file, '#!/bin/sh\nexit 1\n')
    await expect(install(await write(source('1.0.0')))).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
    await install(await write(source('1.0.0')), { force: true })
    expect(await version()).toBe('1.0.0')
  })

  test('takes the place of an empty folder', async () => {
    const { directory, write, install, version } = await place()
    await mkdir(join(directory, name), { recursive: true })
    await install(await write(source('1.0.0')))
    expect(await version()).toBe('1.0.0')
  })

  test('is uninstalled whole, also where it is broken, and only under its name', async () => {
    const { directory, write, install, leftovers } = await place()
    await install(await write(source('1.0.0')))
    await uninstallPlugin(directory, name)
    expect(await readdir(directory)).toEqual([])
    await mkdir(join(directory, 'broken'))
    await uninstallPlugin(directory, 'broken')
    expect(await readdir(directory)).toEqual([])
    expect(await leftovers()).toEqual([])
    await expect(uninstallPlugin(directory, name)).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
    for (const odd of ['..', '.', '../config', ''])
      await expect(uninstallPlugin(directory, odd)).rejects.toMatchObject(code('INVALID_PLUGIN'))
    await expect(uninstallPlugin('plugins', name)).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test('that is a link is uninstalled, and where it leads stays', async () => {
    const { home, directory } = await place()
    await mkdir(directory, { recursive: true })
    await writeExecutable(join(home, 'real'), file, scriptOf())
    await symlink(join(home, 'real'), join(directory, name))
    await uninstallPlugin(directory, name)
    expect(await readdir(join(home, 'real'))).toEqual([file])
  })

  test('is not installed for a caller that has given up', async () => {
    const { write, install, directory } = await place()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(install(await write(source('1.0.0')), { signal })).rejects.toBe(signal.reason)
    await expect(install(await write(source('1.0.0')), { directory: 'x' })).rejects.toMatchObject(code('MISUSE_OPTION'))
    expect(await readdir(directory).catch(() => [])).toEqual([])
  })
})
