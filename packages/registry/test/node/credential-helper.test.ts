// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eraseFromHelper, getFromHelper, listHelper, storeInHelper } from '../../src/node/credential-helper.js'
import { commandOf, findProgram } from '../../src/node/find-program.js'
import { caught, textOf } from '../auth/support.js'
import { createHome, keepingHelper } from './support.js'

const secret = 's3cr\u00e9t "quoted"'

describe('a helper that does its part', () => {
  test('keeps, gives, lists and forgets', async () => {
    const home = await createHome()
    await home.install('keeper', keepingHelper(join(home.home, 'kept.json')))
    expect(await getFromHelper('keeper', 'ghcr.io', home)).toBeUndefined()
    expect(await eraseFromHelper('keeper', 'ghcr.io', home)).toBe(false)
    await storeInHelper('keeper', 'ghcr.io', { username: 'alice', password: secret }, home)
    await storeInHelper('keeper', 'x.azurecr.io', { identityToken: secret }, home)
    expect(await getFromHelper('keeper', 'ghcr.io', home)).toEqual({ username: 'alice', password: secret })
    expect(await getFromHelper('keeper', 'x.azurecr.io', home)).toEqual({ identityToken: secret })
    expect(await listHelper('keeper', home)).toEqual(
      new Map([
        ['ghcr.io', 'alice'],
        ['x.azurecr.io', '<token>'],
      ]),
    )
    expect(await eraseFromHelper('keeper', 'ghcr.io', home)).toBe(true)
    expect(await getFromHelper('keeper', 'ghcr.io', home)).toBeUndefined()
    const told = await home.told()
    expect(told[0]).toEqual({ word: 'get', input: 'ghcr.io', marker: 'passed on' })
    expect(JSON.parse(told[2]!.input)).toEqual({ ServerURL: 'ghcr.io', Username: 'alice', Secret: secret })
  })

  test('may have a name as on Windows, and lie behind a link', async () => {
    const home = await createHome()
    await home.install('desktop.exe', 'say({ Username: "a", Secret: "b" })')
    await symlink(join(home.bin, 'docker-credential-desktop.exe'), join(home.bin, 'docker-credential-link'))
    expect(await getFromHelper('desktop.exe', 'a', home)).toEqual({ username: 'a', password: 'b' })
    expect(await getFromHelper('link', 'a', home)).toEqual({ username: 'a', password: 'b' })
  })

  test('has nothing where both are empty', async () => {
    const home = await createHome()
    await home.install('empty', 'say({ Username: "", Secret: "" })')
    expect(await getFromHelper('empty', 'a', home)).toBeUndefined()
  })

  test('knows of nothing, in its own words', async () => {
    const home = await createHome()
    for (const [index, body] of [
      'say("credentials not found in native keychain"); process.exitCode = 1',
      'complain("Error: credentials not found\\n"); process.exitCode = 1',
      'say("The specified item could not be found in the keychain."); process.exitCode = 44',
    ].entries()) {
      await home.install(`n${index}`, body)
      expect(await getFromHelper(`n${index}`, 'a', home)).toBeUndefined()
      expect(await eraseFromHelper(`n${index}`, 'a', home)).toBe(false)
      expect((await caught(() => storeInHelper(`n${index}`, 'a', { username: 'a', password: 'b' }, home))).code).toBe(
        'UNAVAILABLE_CREDENTIALS',
      )
    }
  })

  test('may leave what it is told unread, and something running behind', async () => {
    const home = await createHome()
    const file = join(home.bin, 'docker-credential-hasty')
    await writeFile(file, '#!/bin/sh\n/bin/sleep 60 &\nprintf \'{"Username":"a","Secret":"b"}\'\n')
    await chmod(file, 0o755)
    const begin = performance.now()
    expect(await getFromHelper('hasty', 'a', home)).toEqual({ username: 'a', password: 'b' })
    expect(performance.now() - begin).toBeLessThan(20_000)
  })
})

describe('a helper that does not', () => {
  test.each([
    ['fails', 'say("no session: log in to the vault\\n"); process.exitCode = 3', 'no session: log in to the vault'],
    ['complains', 'complain("boom\\u001b[31m\\n\\n at line 1"); process.exitCode = 1', 'boom\\u001b[31m at line 1'],
    ['says nothing', 'process.exitCode = 1', 'ended with status 1'],
    ['is no JSON', 'say("hello")', 'in no form that is known'],
    ['answers nothing', '', 'in no form that is known'],
    ['has members twice', 'say(\'{"Username":"a","Username":"b","Secret":"c"}\')', 'in no form that is known'],
    ['lacks a member', 'say({ Username: "a" })', 'no user name with a secret'],
    ['has wrong types', 'say({ Username: "a", Secret: 5 })', 'no user name with a secret'],
    ['kills itself', 'process.kill(process.pid, "SIGKILL")', 'was killed'],
  ])('%s', async (_, body, words) => {
    const home = await createHome()
    await home.install('bad', body)
    const error = await caught(() => getFromHelper('bad', 'ghcr.io', home))
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(error.details).toEqual({ host: 'ghcr.io', helper: 'bad', retryable: false })
    expect(error.message).toContain(words)
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })

  test('shows no secret, whatever it prints', async () => {
    const home = await createHome()
    const credential = { username: 'alice', password: 'hunter2' }
    await home.install('loud', 'say(input); complain(input + " hunter2"); process.exitCode = 1')
    await home.install('echo', 'say("cannot store " + JSON.parse(input).Secret); process.exitCode = 1')
    await home.install('half', 'say({ Username: "alice", Secret: "hunter2" }); process.exitCode = 1')
    await home.install('odd', 'say("{ \\"Secret\\": \\"hunter2\\""); process.exitCode = 0')
    for (const run of [
      () => storeInHelper('loud', 'ghcr.io', credential, home),
      () => storeInHelper('echo', 'ghcr.io', credential, home),
      () => getFromHelper('half', 'ghcr.io', home),
      () => getFromHelper('odd', 'ghcr.io', home),
    ])
      expect(textOf(await caught(run))).not.toContain('hunter2')
  })

  test('is too slow: it is killed, and the call may be tried again', async () => {
    const home = await createHome()
    await home.install('slow', 'setTimeout(() => {}, 60_000)')
    const begin = performance.now()
    const error = await caught(() => getFromHelper('slow', 'a', { ...home, helperMilliseconds: 300 }))
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(error.details).toMatchObject({ retryable: true })
    expect(performance.now() - begin).toBeLessThan(20_000)
  })

  test('writes without end: it is killed', async () => {
    const home = await createHome()
    await home.install('endless', 'const more = () => process.stdout.write("x".repeat(65536), more); more()')
    const error = await caught(() => getFromHelper('endless', 'a', home))
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(error.message).toContain('more than')
    await home.install('noisy', 'complain("x".repeat(5_000_000)); say({ Username: "a", Secret: "b" })')
    expect(await getFromHelper('noisy', 'a', home)).toEqual({ username: 'a', password: 'b' })
  })

  test('is given up with the reason of whoever gives up', async () => {
    const home = await createHome()
    await home.install('slow', 'setTimeout(() => {}, 60_000)')
    const controller = new AbortController()
    const reason = new Error('enough')
    const call = getFromHelper('slow', 'a', { ...home, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    await expect(call).rejects.toBe(reason)
    await expect(getFromHelper('slow', 'a', { ...home, signal: controller.signal })).rejects.toBe(reason)
  })

  test('is not there, or cannot be started', async () => {
    const home = await createHome()
    await mkdir(join(home.bin, 'docker-credential-folder'))
    await home.write('bin/docker-credential-locked', '#!/bin/sh\n', 0o644)
    await home.write('bin/docker-credential-broken', '#!/does/not/exist\n', 0o755)
    for (const name of ['missing', 'folder', 'locked', 'broken']) {
      const error = await caught(() => getFromHelper(name, 'a', home))
      expect(error.code, name).toBe('UNAVAILABLE_CREDENTIALS')
      expect(error.details).toMatchObject({ helper: name, retryable: false })
    }
    const error = await caught(() => getFromHelper('a', 'a', { env: {}, platform: 'linux' }))
    expect(error.message).toContain('docker-credential-a')
  })
})

test('G1: a name that is no plain word starts nothing', async () => {
  const home = await createHome()
  await home.install('x', 'say({ Username: "a", Secret: "b" })')
  for (const name of [
    '',
    '.',
    '..',
    '-x',
    '../bin/docker-credential-x',
    'x/../x',
    '/bin/sh',
    'x y',
    'x;id',
    'x\0',
    'x\n',
    '$(id)',
    '\\x',
    'x'.repeat(101),
  ])
    expect((await caught(() => getFromHelper(name, 'a', home))).code, name).toBe('UNAVAILABLE_CREDENTIALS')
  expect(await home.told()).toEqual([])
})

test('G1: what a helper is told is no argument and no command', async () => {
  const home = await createHome()
  await home.install('x', 'say({ Username: String(process.argv.length), Secret: input })')
  const server = '$(touch /tmp/x); -rf "\'\n'
  expect(await getFromHelper('x', server, home)).toEqual({ username: '3', password: server })
})

test('a registry token is nothing that a helper can keep', async () => {
  const error = await caught(() => storeInHelper('x', 'a', { registryToken: 'secret' }, { env: {}, platform: 'linux' }))
  expect(error.code).toBe('MISUSE_OPTION')
  expect(textOf(error)).not.toContain('secret')
})

describe('programs are found', () => {
  test('in absolute directories of the PATH, first to last', async () => {
    const home = await createHome()
    const first = await home.write('one/program', '#!/bin/sh\n', 0o755)
    await home.write('two/program', '#!/bin/sh\n', 0o755)
    const find = (PATH: string | undefined) => findProgram('program', 'get', { env: { PATH }, platform: 'linux' })
    expect(await find(`${home.home}/one:${home.home}/two`)).toEqual({
      file: first,
      arguments: ['get'],
      verbatim: false,
    })
    const here = process.cwd()
    try {
      process.chdir(join(home.home, 'one'))
      for (const path of ['.', '', ':', './', '../one', 'one', undefined]) expect(await find(path)).toBeUndefined()
    } finally {
      process.chdir(here)
    }
  })

  test('on Windows, batch files by the interpreter, without a word more', () => {
    const environment = { env: { SYSTEMROOT: 'D:\\Windows' }, platform: 'win32' }
    expect(commandOf('C:\\a & b\\docker-credential-x.exe', 'get', environment)).toEqual({
      file: 'C:\\a & b\\docker-credential-x.exe',
      arguments: ['get'],
      verbatim: false,
    })
    expect(commandOf('C:\\a & b\\docker-credential-x.CMD', 'get', environment)).toEqual({
      file: 'D:\\Windows\\System32\\cmd.exe',
      arguments: ['/d', '/v:off', '/s', '/c', '""C:\\a & b\\docker-credential-x.CMD" get"'],
      verbatim: true,
    })
    for (const file of ['C:\\%PATH%\\x.cmd', 'C:\\a"b\\x.cmd', 'C:\\a!b!\\x.cmd', 'C:\\a^b\\x.cmd'])
      expect(commandOf(file, 'get', environment)).toBeUndefined()
  })
})
