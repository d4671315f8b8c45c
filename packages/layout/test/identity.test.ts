// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { encodeIdentity, isGone, ownIdentity, parseIdentity } from '../src/identity.js'

const self = await ownIdentity()

test('reads what it writes, with a token of its own', () => {
  const [one, two] = [parseIdentity(encodeIdentity(self)), parseIdentity(encodeIdentity(self))]
  expect(one).toMatchObject(self)
  expect(one?.token).not.toBe(two?.token)
})

test.each(['', 'x', '../-1-1-0', `a-1-1-${'0'.repeat(31)}`, `a-1-1-${'0'.repeat(32)}\n`, 'a'.repeat(100_000)])(
  'reads nothing out of %j',
  (text) => {
    expect(parseIdentity(text)).toBeUndefined()
  },
)

async function runningProcess() {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], { stdio: 'pipe' })
  await once(child.stdout, 'data')
  const end = () => {
    child.kill('SIGKILL')
    return once(child, 'exit')
  }
  return { pid: child.pid!, end }
}

test('a process is gone when it has ended, and not before', async () => {
  const { pid, end } = await runningProcess()
  const other = { ...self, pid, started: '0' }
  expect(await isGone(other, self)).toBe(false)
  await end()
  expect(await isGone(other, self)).toBe(true)
})

test('this process is not gone', async () => {
  expect(await isGone(self, self)).toBe(false)
})

test('a later process of the same number does not stand for an earlier one, where the system tells', async () => {
  const { pid, end } = await runningProcess()
  expect(await isGone({ ...self, pid, started: '1' }, self)).toBe(process.platform === 'linux')
  await end()
})

test('a process elsewhere is never known to be gone', async () => {
  const { pid, end } = await runningProcess()
  await end()
  expect(await isGone({ ...self, place: 'elsewhere', pid }, self)).toBe(false)
  expect(await isGone({ ...self, place: '', pid }, { ...self, place: '' })).toBe(false)
})

test('a process of somebody else is there', async () => {
  const kill = () => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' })
  }
  const host = { pid: self.pid, platform: process.platform, kill }
  expect(await isGone({ ...self, pid: self.pid + 1 }, self, host)).toBe(false)
})

test('where the system says nothing, nothing is claimed', async () => {
  const host = { pid: self.pid + 1, platform: 'linux' as const, kill: () => true as const }
  expect(await ownIdentity(host)).toEqual({ place: '', pid: self.pid + 1, started: '0' })
  expect((await ownIdentity({ ...host, platform: 'darwin' })).place).toMatch(/^[0-9a-z]+$/)
})
