// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import { askPassphrase } from '../src/passphrase.js'
import { ask as askLine } from '../src/prompt.js'

/** A terminal with somebody who types. */
function terminal(typed: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const controller = new AbortController()
  const shown: string[] = []
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: vi.fn(),
    setEncoding: vi.fn(),
    pause: vi.fn(),
  })
  stdin.on('newListener', (event) => {
    if (event !== 'data') return
    setImmediate(() => {
      for (const text of typed) stdin.emit('data', text)
    })
  })
  const surroundings = {
    env,
    stdin: stdin as never,
    stderr: { isTTY: true, write: (text: string) => shown.push(text) } as never,
    kill: vi.fn(() => controller.abort(new Error('interrupted'))),
    pid: 1,
  }
  return {
    ask: () => askPassphrase({ signal: controller.signal }, surroundings),
    askName: () => askLine('Name: ', { signal: controller.signal }, { secret: false, surroundings }),
    shown,
    stdin,
    surroundings,
  }
}

test('reads a line without showing it, and leaves the terminal as it was', async () => {
  const { ask, shown, stdin } = terminal(['corx\u007frec', 't horse\r'])
  expect(await ask()).toBe('correct horse')
  expect(shown).toEqual(['Passphrase of the key: ', '\n'])
  expect(stdin.setRawMode.mock.calls).toEqual([[true], [false]])
  expect(stdin.listenerCount('data')).toBe(0)
})

test('the environment goes first', async () => {
  const { ask, shown } = terminal(['typed\n'], { OCISIGN_KEY_PASSPHRASE: '' })
  expect(await ask()).toBe('')
  expect(shown).toEqual([])
})

test('nobody is asked where nobody is', async () => {
  const { ask, stdin, shown } = terminal(['typed\n'])
  stdin.isTTY = false
  expect(await ask()).toBeUndefined()
  expect(shown).toEqual([])
})

test('the end of input is no passphrase, Ctrl-C an interruption', async () => {
  expect(await terminal(['\u0004']).ask()).toBeUndefined()
  const { ask, stdin, surroundings } = terminal(['abc\u0003'])
  await expect(ask()).rejects.toThrow('interrupted')
  expect(surroundings.kill).toHaveBeenCalledWith(1, 'SIGINT')
  expect(stdin.setRawMode).toHaveBeenLastCalledWith(false)
})

test('what is no secret is shown as it is typed', async () => {
  const { askName, shown } = terminal(['\u007fmx\u007fe\r'])
  expect(await askName()).toBe('me')
  expect(shown).toEqual(['Name: ', 'm', 'x', '\b \b', 'e', '\n'])
})
