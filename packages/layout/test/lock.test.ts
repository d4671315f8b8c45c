// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Context, layoutLimits } from '../src/context.js'
import { type FileSystem, nodeFileSystem } from '../src/file-system.js'
import { encodeIdentity, type Identity, ownIdentity } from '../src/identity.js'
import { withLock } from '../src/lock.js'
import { faultyFileSystem } from './support/faults.js'
import { temporaryFolder } from './support/layout.js'

const self = await ownIdentity()
// Above what any system gives out, so certainly nobody's.
const dead: Identity = { ...self, pid: 2_000_000_000, started: '1' }
const lockName = '.ocisign.lock'

const contextOf = (root: string, identity: Identity = self, files: FileSystem = nodeFileSystem): Context => ({
  root,
  files,
  limits: layoutLimits,
  identity: async () => identity,
})
const soon = () => ({ until: performance.now() + 200 })
const later = () => ({ until: performance.now() + 60_000 })

/** Runs many at once and says how many were ever inside together. */
async function most(contexts: readonly Context[], each = 1): Promise<number> {
  let [inside, maximum] = [0, 0]
  const enter = async (context: Context) => {
    for (let round = 0; round < each; round++)
      await withLock(context, later(), async () => {
        maximum = Math.max(maximum, ++inside)
        await new Promise((resolve) => setTimeout(resolve, 1))
        inside--
      })
  }
  await Promise.all(contexts.map(enter))
  return maximum
}

test('one at a time, and nothing is left', async () => {
  const root = await temporaryFolder()
  expect(
    await most(
      Array.from({ length: 8 }, () => contextOf(root)),
      5,
    ),
  ).toBe(1)
  expect(await readdir(root)).toEqual([])
})

test('one at a time on a file system without hard links', async () => {
  const root = await temporaryFolder()
  const files = faultyFileSystem((operation) => (operation === 'link' ? 'ENOTSUP' : undefined))
  expect(
    await most(
      Array.from({ length: 4 }, () => contextOf(root, self, files)),
      3,
    ),
  ).toBe(1)
  expect(await readdir(root)).toEqual([])
})

test('many at once succeed a dead holder one at a time', async () => {
  for (let round = 0; round < 20; round++) {
    const root = await temporaryFolder()
    await writeFile(join(root, lockName), encodeIdentity(dead))
    expect(await most(Array.from({ length: 6 }, () => contextOf(root)))).toBe(1)
    expect(await readdir(root)).toEqual([])
  }
})

test('successors that died while they took over are succeeded, too', async () => {
  const root = await temporaryFolder()
  const chain = [encodeIdentity(dead), encodeIdentity(dead), encodeIdentity(dead)]
  let name = lockName
  for (const text of chain) {
    await writeFile(join(root, name), text)
    name = `${lockName}-${text.slice(-32)}`
  }
  expect(await most(Array.from({ length: 6 }, () => contextOf(root)))).toBe(1)
  expect(await readdir(root)).toEqual([])
})

test('a claim on a lock that was succeeded meanwhile is given up', async () => {
  const root = await temporaryFolder()
  const [old, holder] = [encodeIdentity(dead), encodeIdentity(self)]
  await writeFile(join(root, lockName), old)
  // Between reading the dead holder and claiming its place, somebody else takes it.
  const files = faultyFileSystem((operation, path) => {
    if (operation === 'link' && path.includes('.lock-')) replace()
    return undefined
  })
  let replaced = false
  const replace = () => {
    if (replaced) return
    replaced = true
    pending = writeFile(join(root, lockName), holder)
  }
  let pending: Promise<void> | undefined
  const waiting = {
    ...files,
    link: async (...all: Parameters<FileSystem['link']>) => {
      await files.link(...all)
      await pending
    },
  }
  await expect(withLock(contextOf(root, self, waiting), soon(), async () => 'in')).rejects.toMatchObject({
    code: 'UNAVAILABLE_LOCK',
  })
  expect(replaced).toBe(true)
  expect(await readFile(join(root, lockName), 'utf8')).toBe(holder)
  expect(await readdir(root)).toEqual([lockName])
})

test.each([
  ['a living holder', encodeIdentity(self)],
  ['a holder on another machine', encodeIdentity({ ...dead, place: 'elsewhere' })],
  ['something that is not ours', 'locked\n'],
  ['nothing', ''],
])('waits for %s, but not for ever', async (_, text) => {
  const root = await temporaryFolder()
  await writeFile(join(root, lockName), text)
  const before = performance.now()
  await expect(withLock(contextOf(root), soon(), async () => 'in')).rejects.toMatchObject({
    code: 'UNAVAILABLE_LOCK',
    details: { retryable: true, path: join(root, lockName) },
  })
  expect(performance.now() - before).toBeLessThan(5000)
  expect(await readdir(root)).toEqual([lockName])
})

test('stops waiting when told to', async () => {
  const root = await temporaryFolder()
  await writeFile(join(root, lockName), encodeIdentity(self))
  const controller = new AbortController()
  const waiting = withLock(contextOf(root), { ...later(), signal: controller.signal }, async () => 'in')
  setTimeout(() => controller.abort(new Error('enough')), 20)
  await expect(waiting).rejects.toThrow('enough')
  const aborted = { ...later(), signal: controller.signal }
  await rm(join(root, lockName))
  await expect(withLock(contextOf(root), aborted, async () => 'in')).rejects.toThrow('enough')
  expect(await readdir(root)).toEqual([])
})

test('is released when what was done under it fails', async () => {
  const root = await temporaryFolder()
  const failing = async () => {
    throw new Error('no')
  }
  await expect(withLock(contextOf(root), soon(), failing)).rejects.toThrow('no')
  expect(await withLock(contextOf(root), soon(), async () => 'in')).toBe('in')
})

test('a lock that was removed by hand is not released twice', async () => {
  const root = await temporaryFolder()
  await withLock(contextOf(root), soon(), async (lock) => {
    expect(await lock.held()).toBe(true)
    await writeFile(join(root, lockName), encodeIdentity(self))
    expect(await lock.held()).toBe(false)
  })
  expect(await readdir(root)).toEqual([lockName])
})

test('sweeps what dead processes left, and nothing else', async () => {
  const root = await temporaryFolder()
  const kept = [
    `.ocisign-${encodeIdentity(self)}.tmp`,
    `.ocisign-${encodeIdentity({ ...dead, place: 'elsewhere' })}.tmp`,
    '.ocisign-notes.txt',
    'blobs.txt',
  ]
  const swept = [`.ocisign-${encodeIdentity(dead)}.tmp`, `${lockName}-${'0'.repeat(32)}`]
  for (const name of [...kept, ...swept])
    await writeFile(join(root, name), name.includes('lock') ? encodeIdentity(dead) : '')
  await withLock(contextOf(root), soon(), async () => undefined)
  expect((await readdir(root)).sort()).toEqual(kept.sort())
})
