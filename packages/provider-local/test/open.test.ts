// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createTestChain, openKeyFile } from '@ocisign/provider-local'
import { afterAll, describe, expect, test } from 'vitest'
import { makePipe } from '../../core/test/pipe.js'
import { unreadableFile } from '../src/errors.js'

const folder = await mkdtemp(join(tmpdir(), 'ocisign-key-'))
afterAll(() => rm(folder, { recursive: true }))
const { keyPem } = await createTestChain({ length: 1 })
const path = join(folder, 'key.pem')
await writeFile(path, keyPem)

test('a key file is opened, under its path', async () => {
  const key = await openKeyFile(path)
  expect(key.id).toBe(`file:${path}`)
  expect((await key.sign(new Uint8Array())).signature).toHaveLength(64)
  expect((await openKeyFile(path, { id: 'build' })).id).toBe('build')
})

test('a key file may be a link, or a pipe that states no size', async () => {
  await symlink(path, join(folder, 'link.pem'))
  await openKeyFile(join(folder, 'link.pem'))
  if (process.platform === 'win32') return
  const pipe = join(folder, 'pipe')
  makePipe(pipe)
  const [key] = await Promise.all([openKeyFile(pipe), writeFile(pipe, keyPem)])
  expect(key.id).toBe(`file:${pipe}`)
})

describe('a file that cannot be had is unavailable:', () => {
  test.each([
    ['no such file', 'missing.pem'],
    ['a directory', ''],
    ['below a file', 'key.pem/key.pem'],
    ['too long a name', 'x'.repeat(300)],
    ['a zero byte in its name', 'key\0.pem'],
  ])('%s', async (_, name) => {
    const error = await openKeyFile(join(folder, name)).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UNAVAILABLE_FILE', details: { path: join(folder, name) } })
    expect((error as Error).message).not.toContain('\0')
  })
})

test('a file that may not be read is denied', async () => {
  for (const code of ['EACCES', 'EPERM'])
    expect(unreadableFile(path, Object.assign(new Error(code), { code }))).toMatchObject({ code: 'DENIED_FILE' })
  // Root may read everything, and Windows knows no such mode.
  if (process.platform === 'win32' || process.getuid?.() === 0) return
  const closed = join(folder, 'closed.pem')
  await writeFile(closed, keyPem)
  await chmod(closed, 0)
  await expect(openKeyFile(closed)).rejects.toMatchObject({ code: 'DENIED_FILE' })
})

test('a file that is larger than any key is refused before it is read to its end', async () => {
  const large = join(folder, 'large.pem')
  await writeFile(large, new Uint8Array(1024 * 1024 + 1))
  await expect(openKeyFile(large)).rejects.toMatchObject({ code: 'INVALID_KEY' })
  if (process.platform !== 'win32')
    await expect(openKeyFile('/dev/zero')).rejects.toMatchObject({ code: 'INVALID_KEY' })
})

test('a caller that has given up gets the reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(openKeyFile(path, { signal })).rejects.toBe(signal.reason)
})

test('no error shows anything of what is in the file', async () => {
  const body = keyPem.split('\n').slice(1, -2).join('')
  await mkdir(join(folder, 'damaged'))
  const damage: readonly ((pem: string) => string)[] = [
    (pem) => pem.slice(0, -30),
    (pem) => pem.replace(/\n(.)/, '\n!'),
    (pem) => pem.replace('PRIVATE KEY-----', 'KEY-----'),
    (pem) => pem.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE'),
    (pem) => pem + pem,
    (pem) => pem.replaceAll('-----', ''),
    (pem) => pem.replaceAll('PRIVATE KEY', `PRIVATE KEY ${body.slice(0, 40)}`),
  ]
  for (const [index, change] of damage.entries()) {
    const file = join(folder, 'damaged', `${index}.pem`)
    await writeFile(file, change(keyPem))
    const error = await openKeyFile(file, { passphrase: 'hunter2 hunter2' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: expect.stringMatching(/^(INVALID|DENIED)_KEY$/) })
    const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
    for (let at = 0; at + 16 <= body.length; at++) expect(shown).not.toContain(body.slice(at, at + 16))
    expect(shown).not.toContain('hunter2')
  }
})
