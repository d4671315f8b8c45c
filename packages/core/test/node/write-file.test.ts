// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeText } from '../../src/bytes.js'
import { writeFileAtomically } from '../../src/node/write-file.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-file-'))
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = encodeText('new')

test('writes a new file with its mode, and nothing else', async () => {
  const path = join(folder, 'deep/er/file')
  await writeFileAtomically(path, bytes, { mode: 0o600, makeDirectory: true })
  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'deep'))).mode & 0o077).toBe(0)
  expect(await readdir(join(folder, 'deep/er'))).toEqual(['file'])
})

test('replaces a file only when told to', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'old')
  await expect(writeFileAtomically(path, bytes)).rejects.toMatchObject({ code: 'MISUSE_OPTION' })
  expect(await readFile(path, 'utf8')).toBe('old')
  await writeFileAtomically(path, bytes, { replace: true })
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(folder)).toEqual(['file'])
})

test('does not write through a symbolic link', async () => {
  await writeFile(join(folder, 'victim'), 'old')
  const path = join(folder, 'link')
  await symlink(join(folder, 'victim'), path)
  await expect(writeFileAtomically(path, bytes)).rejects.toMatchObject({ code: 'MISUSE_OPTION' })
  await writeFileAtomically(path, bytes, { replace: true })
  expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('old')
  expect(await readFile(path, 'utf8')).toBe('new')
})

test('says what the system says', async () => {
  await expect(writeFileAtomically(join(folder, 'absent/file'), bytes)).rejects.toMatchObject({
    code: 'UNAVAILABLE_FILE',
    details: { retryable: false },
  })
  await mkdir(join(folder, 'directory'))
  await expect(writeFileAtomically(join(folder, 'directory'), bytes, { replace: true })).rejects.toMatchObject({
    code: 'UNAVAILABLE_FILE',
  })
  expect(await readdir(folder)).toEqual(['directory'])
})

test('leaves nothing where it is aborted', async () => {
  const reason = new Error('stop')
  const controller = new AbortController()
  const writing = writeFileAtomically(join(folder, 'file'), new Uint8Array(64 << 20), { signal: controller.signal })
  setTimeout(() => controller.abort(reason), 5)
  await expect(writing).rejects.toBe(reason)
  expect(await readdir(folder)).toEqual([])
})

test('leaves nothing where the system stops it midway', () => {
  const source = join(import.meta.dirname, '../../dist/node/index.js')
  const script = `
    import { writeFileAtomically } from ${JSON.stringify(source)}
    await writeFileAtomically('file', new Uint8Array(64 * 1024)).catch(({ code, details }) => console.log(code, details.path))
  `
  const command = 'ulimit -f 8; exec "$0" --input-type=module -e "$1"'
  const said = execFileSync('bash', ['-c', command, process.execPath, script], { cwd: folder, encoding: 'utf8' })
  expect(said.trim()).toBe('UNAVAILABLE_FILE file')
  expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('')
})
