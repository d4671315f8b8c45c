// SPDX-License-Identifier: Apache-2.0
// Credentials: given, kept, found, refused; and never shown.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, linesOf, type RunOptions, run } from './support/program.js'
import { createRegistryScene, type RegistryScene } from './support/registry.js'

const [user, secret] = ['alice', 'correct horse battery']
let scene: RegistryScene
let open: RegistryScene
const said: string[] = []

beforeAll(async () => {
  scene = await createRegistryScene({ auth: { kind: 'basic', users: { [user]: secret } } })
  open = await createRegistryScene()
})
afterAll(() => Promise.all([scene.dispose(), open.dispose()]))
afterEach(() => {
  for (const text of said) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(`${user}:${secret}`).toString('base64'))
  }
})

let folders = 0
const newFolder = () => scene.path(`docker-${folders++}`)

async function ocisign(args: readonly string[], folder: string, options: RunOptions = {}) {
  const ended = await run(args, { ...options, env: { DOCKER_CONFIG: folder, ...options.env } })
  said.push(ended.stdout, ended.stderr)
  return ended
}

const login = (folder: string, password = secret, host = scene.registry.host) =>
  ocisign(['login', '--username', user, '--password-stdin', host], folder, { stdin: `${password}\n` })

test('login keeps what the registry takes, and says where and how safe; logout forgets it', async () => {
  const folder = newFolder()
  const file = join(folder, 'config.json')
  expect((await ocisign(['list', scene.app('v1')], folder)).status).toBe(3)
  const ended = await login(folder)
  expect(ended).toMatchObject({
    status: 0,
    stdout: `Logged in to ${scene.registry.host}; the credentials are in ${file}\n`,
  })
  expect(linesOf(ended.stderr)).toEqual([expect.stringContaining('not encrypted')])
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await ocisign(['list', scene.app('v1')], folder)).toMatchObject({ status: 0, stderr: '' })
  expect((await ocisign(['logout', scene.registry.host], folder)).stdout).toContain(file)
  expect((await ocisign(['list', scene.app('v1')], folder)).status).toBe(3)
  expect((await ocisign(['logout', scene.registry.host], folder)).stdout).toContain('no credentials')
})

test('what the registry refuses is not kept', async () => {
  const folder = newFolder()
  const ended = await login(folder, 'wrong')
  expect(ended.status).toBe(3)
  expect(codeOf(ended.stderr)).toBe('DENIED_CREDENTIALS')
  await expect(stat(folder)).rejects.toThrow('ENOENT')
})

test.each(['login', 'logout'])('%s wants a host, and says which it takes an address for', async (command) => {
  for (const text of [`https://${scene.registry.host}/v2/`, `${scene.registry.host}/org/app`]) {
    const ended = await ocisign([command, text], newFolder())
    expect([ended.status, codeOf(ended.stderr)]).toEqual([2, 'MISUSE_OPTION'])
    expect(ended.stderr).toContain(`write its host alone: ${scene.registry.host} [`)
  }
})

test('a registry that asks nobody is said to', async () => {
  const ended = await login(newFolder(), secret, open.registry.host)
  expect(ended.status).toBe(0)
  expect(linesOf(ended.stderr)[0]).toContain('lets everybody in')
})

test('a credential helper keeps them where there is one', async () => {
  const folder = newFolder()
  const kept = join(folder, 'kept')
  await mkdir(folder)
  const script = `#!/bin/sh\ncase "$1" in store) cat > "${kept}";; get) cat "${kept}" 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; };; erase) rm "${kept}";; esac\n`
  await writeFile(join(folder, 'docker-credential-safe'), script, { mode: 0o755 })
  await writeFile(join(folder, 'config.json'), '{ "credsStore": "safe" }')
  const env = { PATH: `${folder}:${process.env.PATH}` }
  const args = ['login', '-u', user, '--password-stdin', scene.registry.host]
  const ended = await ocisign(args, folder, { env, stdin: secret })
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(ended.stdout).toContain('the credential helper safe')
  expect(JSON.parse(await readFile(kept, 'utf8'))).toMatchObject({ Username: user })
  expect(await readFile(join(folder, 'config.json'), 'utf8')).not.toContain(user)
  expect(await ocisign(['list', scene.app('v1')], folder, { env })).toMatchObject({ status: 0 })
})

describe('without login', () => {
  test.each([
    ['options', ['-u', user, '--password-stdin'], { stdin: secret }, 0],
    ['the command line, with a warning', ['-u', user, '-p', secret], {}, 1],
    ['the environment', [], { env: { NOTATION_USERNAME: user, NOTATION_PASSWORD: secret } }, 0],
  ] as const)('%s', async (_, args, options, warnings) => {
    const ended = await ocisign(['list', ...args, scene.app('v1')], newFolder(), options)
    expect(ended.status).toBe(0)
    expect(linesOf(ended.stderr)).toHaveLength(warnings)
  })

  test('one password is for one registry', async () => {
    const args = ['verify', ...scene.policy, '-u', user, '--password-stdin', scene.app('v1'), open.app('v1')]
    const ended = await ocisign(args, newFolder(), { stdin: secret })
    expect(ended.status).toBe(2)
    expect(open.registry.requests.every(({ authorization }) => authorization === undefined)).toBe(true)
  })

  test('what was refused is named by where it is from, and what to do', async () => {
    const folder = newFolder()
    await mkdir(folder)
    const auth = Buffer.from(`${user}:stale`).toString('base64')
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [scene.registry.host]: { auth } } }))
    const ended = await ocisign(['list', scene.app('v1')], folder)
    expect(codeOf(ended.stderr)).toBe('DENIED_CREDENTIALS')
    expect(ended.stderr).toContain(join(folder, 'config.json'))
    expect(ended.stderr).toContain(`ocisign login ${scene.registry.host}`)
    expect(ended.stderr).not.toContain('stale')
    const none = await ocisign(['list', scene.app('v1')], newFolder())
    expect(none.stderr).toContain(`ocisign login ${scene.registry.host}`)
    const given = await ocisign(['list', '-u', user, '--password-stdin', scene.app('v1')], folder, { stdin: 'wrong' })
    expect(given.stderr).toContain('the command line')
  })
})

test.each([
  ['nobody to ask', ['login', 'HOST'], 2, 'MISUSE_OPTION'],
  ['no host', ['login'], 2, 'MISUSE_OPTION'],
  ['no name of a host', ['login', '-u', user, '-p', 'x', '-q', 'a b'], 4, 'INVALID_REFERENCE'],
  ['a host that is not there', ['login', '-u', user, '-p', 'x', '-q', '127.0.0.1:1'], 3, 'UNAVAILABLE_HOST'],
  ['logout: no host', ['logout'], 2, 'MISUSE_OPTION'],
  ['logout: something that is none', ['logout', 'a b'], 2, 'MISUSE_OPTION'],
] as const)('%s', async (_, args, status, code) => {
  const ended = await ocisign(
    args.map((each) => each.replace('HOST', scene.registry.host)),
    newFolder(),
  )
  expect(ended.status).toBe(status)
  expect(codeOf(ended.stderr)).toBe(code)
  expect(linesOf(ended.stderr)).toHaveLength(1)
})
