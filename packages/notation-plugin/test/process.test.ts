// SPDX-License-Identifier: Apache-2.0
// G1: what a plugin's process may do, and for how long.
import { open, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kill } from 'node:process'
import { setTimeout as pause, setImmediate } from 'node:timers/promises'
import { openPlugin, openPluginKey } from '@ocisign/notation-plugin'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { code, makePlugins, writeExecutable, writePlugin } from './support/plugins.js'

const message = new Uint8Array([1, 2, 3])

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 500; tries++) {
    // A process that nobody waits for stays as a zombie where there is no init.
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
    if (state !== undefined && / Z /.test(state)) return true
    if (!isThere(pid)) return true
    await pause(20)
  }
  return false
}

const pidsIn = async (folder: string) => {
  for (let tries = 0; ; tries++) {
    const text = await readFile(join(folder, 'child.pid'), 'utf8').catch(() => '')
    if (text.includes(' ')) return text.split(' ').map(Number)
    if (tries > 1000) throw new Error('the plugin did not start')
    await pause(20)
  }
}

function isThere(pid: number): boolean {
  try {
    return kill(pid, 0)
  } catch {
    return false
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('G1: a plugin that', () => {
  test('hangs is killed, with what it started', async () => {
    const { options, folder } = await makePlugins()
    const key = await openPluginKey({ ...options('hangs'), id: 'k', timeoutMilliseconds: 3000 })
    const error = await key.sign(message).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { retryable: true } })
    for (const pid of await pidsIn(folder)) expect(await isGone(pid)).toBe(true)
  })

  test('hangs when the caller gives up is killed, with what it started', async () => {
    const { options, folder } = await makePlugins()
    const key = await openPluginKey({ ...options('hangs'), id: 'k' })
    const controller = new AbortController()
    const call = key.sign(message, { signal: controller.signal }).catch((reason: unknown) => reason)
    const pids = await pidsIn(folder)
    controller.abort(new Error('enough'))
    expect(await call).toBe(controller.signal.reason)
    for (const pid of pids) expect(await isGone(pid)).toBe(true)
  })

  test('was killed leaves no timer behind', async () => {
    const { options, folder } = await makePlugins()
    const key = await openPluginKey({ ...options('hangs'), id: 'k' })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const controller = new AbortController()
    const call = key.sign(message, { signal: controller.signal }).catch((reason: unknown) => reason)
    const [plugin] = await pidsIn(folder)
    expect(vi.getTimerCount()).toBe(1)
    controller.abort(new Error('enough'))
    expect(await call).toBe(controller.signal.reason)
    // Once there is no such process any more, this one was told that it ended.
    while (isThere(plugin!)) await pause(20)
    await setImmediate()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is asked when the caller has given up already does not start', async () => {
    const { options, asked } = await makePlugins()
    const key = await openPluginKey({ ...options(), id: 'k' })
    const before = (await asked()).length
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(key.sign(message, { signal })).rejects.toBe(signal.reason)
    await expect(openPlugin({ ...options(), signal })).rejects.toBe(signal.reason)
    expect(await asked()).toHaveLength(before)
  })

  test('leaves a child that holds its pipes does not hold the caller', async () => {
    const { options } = await makePlugins()
    const key = await openPluginKey({ ...options('leaves-child'), id: 'k' })
    await expect(key.sign(message)).resolves.toBeDefined()
  })

  test.each(['endless', 'endless-complaints'])('answers without end (%s) is killed', async (lie) => {
    const { options } = await makePlugins()
    const key = await openPluginKey({ ...options(lie), id: 'k' })
    const details = { retryable: false }
    await expect(key.sign(message)).rejects.toMatchObject({ code: 'UNAVAILABLE_KEY', details })
    await expect(openPlugin(options(lie, 'always'))).rejects.toMatchObject({ code: 'UNAVAILABLE_PLUGIN', details })
  })

  test.each([
    ['calls itself otherwise', 'other-name', 'INVALID_PLUGIN'],
    ['has no semantic version', 'bad-version', 'INVALID_PLUGIN'],
    ['can do nothing', 'no-capabilities', 'INVALID_PLUGIN'],
    ['speaks another version of the contract', 'other-contract', 'UNSUPPORTED_PLUGIN'],
    ['answers with garbage', 'always garbage', 'INVALID_PLUGIN'],
    ['answers with members twice', 'always duplicates', 'INVALID_PLUGIN'],
    ['says nothing', 'always silent-failure', 'UNAVAILABLE_PLUGIN'],
    ['says that it was denied', 'always error=ACCESS_DENIED', 'UNAVAILABLE_PLUGIN'],
  ])('%s cannot be opened', async (_, lies, expected) => {
    const { options } = await makePlugins()
    await expect(openPlugin(options(lies))).rejects.toMatchObject(code(expected))
  })

  test('J1: has members called __proto__ and constructor changes nothing', async () => {
    const { options } = await makePlugins()
    const { metadata } = await openPlugin(options('prototype'))
    expect(metadata).toMatchObject({ name: 'com.example.plugin', version: '1.2.3' })
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('is no program is unavailable', async () => {
    const { folder, directory, name } = await makePlugins()
    await writeExecutable(folder, `notation-${name}`, '\u0000\u0001 no program')
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
    await writeExecutable(folder, `notation-${name}`, '#!/nowhere/to/be/found\n')
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
  })

  test.runIf(process.platform === 'linux')('is being written is tried again, for a moment', async () => {
    const { options, path } = await makePlugins()
    const busy = await open(path, 'r+')
    try {
      await expect(openPlugin(options())).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
      setTimeout(() => busy.close(), 60)
      await expect(openPlugin(options())).resolves.toBeDefined()
    } finally {
      await busy.close().catch(() => undefined)
    }
  })

  test('was exchanged since it was opened is not run', async () => {
    const { options, folder, path, asked } = await makePlugins()
    const key = await openPluginKey({ ...options(), id: 'k' })
    const before = (await asked()).length
    await writeFile(path, `${await readFile(path, 'utf8')}\n// another`)
    await expect(key.sign(message)).rejects.toMatchObject(code('INVALID_PLUGIN'))
    await rename(path, join(folder, 'elsewhere'))
    await symlink(join(folder, 'elsewhere'), path)
    await expect(key.sign(message)).rejects.toMatchObject(code('INVALID_PLUGIN'))
    expect(await asked()).toHaveLength(before)
  })

  test('is asked much at once runs a few times at once, and all are answered', async () => {
    const { options } = await makePlugins()
    const key = await openPluginKey({ ...options(), id: 'k' })
    const controller = new AbortController()
    const late = Array.from({ length: 4 }, () => key.sign(message, { signal: controller.signal }))
    const calls = Array.from({ length: 20 }, () => key.sign(message))
    const last = key.sign(message, { signal: controller.signal })
    controller.abort(new Error('enough'))
    const ends = await Promise.allSettled([...late, last])
    expect(ends).toEqual(ends.map(() => ({ status: 'rejected', reason: controller.signal.reason })))
    expect(await Promise.all(calls)).toHaveLength(20)
  })

  test('has shell characters in its surroundings is not run by a shell', async () => {
    const { directory, options } = await makePlugins()
    const odd = join(directory, '$(touch pwned); "x" `y`')
    await writePlugin(join(odd, 'p'), { name: 'p' })
    const key = await openPluginKey({ ...options(), directory: odd, name: 'p', id: '$(id) ; rm -rf /' })
    expect(key.id).toBe(`notation-plugin:p?id=${encodeURIComponent('$(id) ; rm -rf /')}`)
  })
})
