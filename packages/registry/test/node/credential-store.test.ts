// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, stat, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eraseCredential, saveCredential } from '../../src/node/credential-store.js'
import { openDockerCredentials } from '../../src/node/docker-credentials.js'
import { caught, textOf } from '../auth/support.js'
import { createHome, keepingHelper } from './support.js'

const alice = { username: 'alice', password: 'p\u00e4ss:word' }
const file = (home: { readonly home: string }) => join(home.home, '.docker', 'config.json')
const readText = (home: { readonly home: string }) => readFile(file(home), 'utf8')

describe('without a helper', () => {
  test('a credential is kept in config.json, which is made for its owner only', async () => {
    const home = await createHome()
    expect(await saveCredential('ghcr.io', alice, home)).toEqual({ kind: 'file', path: file(home) })
    expect((await stat(file(home))).mode & 0o777).toBe(0o600)
    expect((await stat(join(home.home, '.docker'))).mode & 0o777).toBe(0o700)
    expect(await readText(home)).toBe(
      `{\n\t"auths": {\n\t\t"ghcr.io": {\n\t\t\t"auth": "${Buffer.from('alice:p\u00e4ss:word').toString('base64')}"\n\t\t}\n\t}\n}\n`,
    )
    expect(await openDockerCredentials(home)({ host: 'ghcr.io' })).toEqual(alice)
    expect(await readdir(join(home.home, '.docker'))).toEqual(['config.json'])
  })

  test.each([
    [{ identityToken: 'a "token"' }],
    [{ registryToken: 'token' }],
    [{ username: 'a', password: '' }],
    [alice],
  ])('%j comes back', async (credential) => {
    const home = await createHome()
    for (const host of ['docker.io', 'localhost:5000', '[::1]:5000', 'x.azurecr.io']) {
      await saveCredential(host, credential, home)
      expect(await openDockerCredentials(home)({ host })).toEqual(credential)
    }
  })

  test('everything else in the file stays what it was', async () => {
    const home = await createHome()
    const text = `{
  "HttpHeaders": {"X-Meta": "\\u00e9 \\"quoted\\" {[,:]}"},
  "number": 12345678901234567890.123456789, "10": [1e400, -0, {"b":1,"a":2}],
  "auths": { "quay.io": { "auth": "YTpi", "email": "a@b", "unknown": 1.0 }, "other/path": {} },
  "__proto__": {"x": null},
  "currentContext": ""
}`
    await home.write('.docker/config.json', text, 0o644)
    await saveCredential('ghcr.io', { username: 'a', password: 'b' }, home)
    expect(await readText(home)).toBe(`{
\t"HttpHeaders": {"X-Meta": "\\u00e9 \\"quoted\\" {[,:]}"},
\t"number": 12345678901234567890.123456789,
\t"10": [1e400, -0, {"b":1,"a":2}],
\t"auths": {
\t\t"quay.io": { "auth": "YTpi", "email": "a@b", "unknown": 1.0 },
\t\t"other/path": {},
\t\t"ghcr.io": {
\t\t\t"auth": "YTpi"
\t\t}
\t},
\t"__proto__": {"x": null},
\t"currentContext": ""
}
`)
    expect((await stat(file(home))).mode & 0o777).toBe(0o600)
    await eraseCredential('ghcr.io', home)
    expect(JSON.parse(await readText(home))).toEqual(JSON.parse(text))
  })

  test('a new one takes the place of an old one, by whatever name it was there', async () => {
    const home = await createHome()
    const old = { auth: 'b2xkOm9sZA==' }
    await home.write('.docker/config.json', {
      auths: { 'https://ghcr.io/v1/': old, 'ghcr.io/org': old, 'index.docker.io': old, 'xghcr.io': old },
    })
    await saveCredential('GHCR.io', alice, home)
    await saveCredential('registry-1.docker.io', alice, home)
    const { auths } = JSON.parse(await readText(home))
    expect(Object.keys(auths)).toEqual(['ghcr.io/org', 'xghcr.io', 'ghcr.io', 'https://index.docker.io/v1/'])
    await saveCredential('ghcr.io', { username: 'bob', password: 'x' }, home)
    expect(Object.keys(JSON.parse(await readText(home)).auths)).toHaveLength(4)
    expect(await openDockerCredentials(home)({ host: 'ghcr.io' })).toEqual({ username: 'bob', password: 'x' })
  })

  test('an empty file, one of null, and one behind a link', async () => {
    const home = await createHome()
    await home.write('.docker/config.json', '\n')
    await saveCredential('ghcr.io', alice, home)
    await home.write('.docker/config.json', '{"auths":null,"x":1}')
    await saveCredential('ghcr.io', alice, home)
    expect(JSON.parse(await readText(home))).toMatchObject({ x: 1, auths: { 'ghcr.io': {} } })
    const real = await home.write('dotfiles/docker.json', '{"x":2}')
    await mkdir(join(home.home, 'linked'))
    await symlink(real, join(home.home, 'linked/config.json'))
    const place = await saveCredential('ghcr.io', alice, { ...home, directory: join(home.home, 'linked') })
    expect(place).toEqual({ kind: 'file', path: real })
    expect(JSON.parse(await readFile(real, 'utf8'))).toMatchObject({ x: 2, auths: { 'ghcr.io': {} } })
    expect((await readdir(join(home.home, 'linked'))).length).toBe(1)
  })

  test('DOCKER_CONFIG says where', async () => {
    const home = await createHome()
    const env = { ...home.env, DOCKER_CONFIG: join(home.home, 'elsewhere') }
    await saveCredential('ghcr.io', alice, { ...home, env })
    expect(await openDockerCredentials({ ...home, env })({ host: 'ghcr.io' })).toEqual(alice)
    expect(await openDockerCredentials(home)({ host: 'ghcr.io' })).toBeUndefined()
  })
})

describe('with a helper', () => {
  test('it is the helper that keeps it, and no old secret stays in the file', async () => {
    const home = await createHome()
    await home.install('keeper', keepingHelper(join(home.home, 'kept.json')))
    await home.write('.docker/config.json', {
      auths: { 'ghcr.io': { auth: 'b2xkOm9sZA==' }, 'quay.io': { auth: 'YTpi' } },
      credHelpers: { 'ghcr.io': 'keeper', 'docker.io': 'keeper' },
    })
    expect(await saveCredential('ghcr.io', alice, home)).toEqual({ kind: 'helper', helper: 'keeper' })
    expect(JSON.parse(await readText(home)).auths).toEqual({ 'ghcr.io': {}, 'quay.io': { auth: 'YTpi' } })
    const before = await stat(file(home))
    await saveCredential('ghcr.io', { identityToken: 'x' }, home)
    expect((await stat(file(home))).ino).toBe(before.ino)
    expect(await openDockerCredentials(home)({ host: 'ghcr.io' })).toEqual({ identityToken: 'x' })
    await saveCredential('docker.io', alice, home)
    expect(Object.keys(JSON.parse(await readFile(join(home.home, 'kept.json'), 'utf8')))).toEqual([
      'ghcr.io',
      'https://index.docker.io/v1/',
    ])
    expect(await saveCredential('quay.io', alice, home)).toMatchObject({ kind: 'file' })
    expect(await eraseCredential('ghcr.io', home)).toEqual([{ kind: 'helper', helper: 'keeper' }])
    expect(JSON.parse(await readText(home)).auths).not.toHaveProperty(['ghcr.io'])
    expect(await openDockerCredentials(home)({ host: 'ghcr.io' })).toBeUndefined()
    expect(await eraseCredential('ghcr.io', home)).toEqual([])
  })

  test('that fails, nothing is written in plain text instead', async () => {
    const home = await createHome()
    await home.write('.docker/config.json', { credsStore: 'missing' })
    const before = await readText(home)
    const error = await caught(() => saveCredential('ghcr.io', alice, home))
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(textOf(error)).not.toContain(alice.password)
    expect((await caught(() => eraseCredential('ghcr.io', home))).code).toBe('UNAVAILABLE_CREDENTIALS')
    expect((await caught(() => saveCredential('ghcr.io', { registryToken: 'x' }, home))).code).toBe('MISUSE_OPTION')
    expect(await readText(home)).toBe(before)
  })
})

describe('forgetting', () => {
  test('says where there was one', async () => {
    const home = await createHome()
    expect(await eraseCredential('ghcr.io', home)).toEqual([])
    await saveCredential('ghcr.io', alice, home)
    await saveCredential('docker.io', alice, home)
    expect(await eraseCredential('quay.io', home)).toEqual([])
    expect(await eraseCredential('ghcr.io', home)).toEqual([{ kind: 'file', path: file(home) }])
    expect(await eraseCredential('index.docker.io', home)).toHaveLength(1)
    expect(JSON.parse(await readText(home))).toEqual({ auths: {} })
  })
})

describe('what is refused', () => {
  test.each(['', 'https://ghcr.io', 'ghcr.io/org', 'azurecr.io@evil.io', 'a b', 'ghcr.io\n', '*', '../x'])(
    'the host %j',
    async (host) => {
      const home = await createHome()
      expect((await caught(() => saveCredential(host, alice, home))).code).toBe('MISUSE_OPTION')
      expect((await caught(() => eraseCredential(host, home))).code).toBe('MISUSE_OPTION')
      expect(await readdir(home.home)).toEqual(['bin'])
    },
  )

  test('a credential that is none', async () => {
    const home = await createHome()
    for (const credential of [{}, { username: 'a:b', password: 'c' }, { username: '', password: '' }, undefined])
      expect((await caught(() => saveCredential('ghcr.io', credential as never, home))).code).toBe('MISUSE_OPTION')
  })

  test('a file that cannot be read is left as it is', async () => {
    const home = await createHome()
    await home.write('.docker/config.json', '{"auths":{},"auths":{}}')
    expect((await caught(() => saveCredential('ghcr.io', alice, home))).code).toBe('INVALID_CONFIGURATION')
    expect((await caught(() => eraseCredential('ghcr.io', home))).code).toBe('INVALID_CONFIGURATION')
    expect(await readText(home)).toBe('{"auths":{},"auths":{}}')
  })
})

describe('two writers', () => {
  test('lose nothing of each other', async () => {
    const home = await createHome()
    const hosts = Array.from({ length: 20 }, (_, index) => `registry-${index}.example`)
    await Promise.all(hosts.map((host) => saveCredential(host, alice, home)))
    expect(Object.keys(JSON.parse(await readText(home)).auths).sort()).toEqual([...hosts].sort())
    await Promise.all(hosts.slice(1).map((host) => eraseCredential(host, home)))
    expect(Object.keys(JSON.parse(await readText(home)).auths)).toEqual([hosts[0]])
    expect(await readdir(join(home.home, '.docker'))).toEqual(['config.json'])
  })

  test('nor of one that knows nothing of locks', async () => {
    const home = await createHome()
    await saveCredential('first.example', alice, home)
    // Rewrites the file whole, as Docker does, some of the time between our reading and writing.
    const script = `const { readFileSync, renameSync, writeFileSync } = require('node:fs')
for (let index = 0; index < 200; index++) {
  const config = JSON.parse(readFileSync(${JSON.stringify(file(home))}))
  config.seen = index
  writeFileSync(${JSON.stringify(`${file(home)}.new`)}, JSON.stringify(config))
  renameSync(${JSON.stringify(`${file(home)}.new`)}, ${JSON.stringify(file(home))})
}`
    const other = spawn(process.execPath, ['-e', script])
    const done = new Promise((resolve) => other.on('exit', resolve))
    for (let index = 0; index < 10; index++) {
      const saving = saveCredential(`host-${index}.example`, alice, home)
      await saving.catch((error) => expect(error.code).toBe('UNAVAILABLE_LOCK'))
    }
    expect(await done).toBe(0)
    // Whatever it is, it is whole.
    expect(JSON.parse(await readText(home))).toHaveProperty('auths')
  })

  test('one that is busy is waited for, and one that is gone is not', async () => {
    const home = await createHome()
    await saveCredential('ghcr.io', alice, home)
    const lock = await home.write('.docker/config.json.ocisign-lock', 'somebody')
    const error = await caught(() => saveCredential('quay.io', alice, { ...home, lockMilliseconds: 100 }))
    expect(error.code).toBe('UNAVAILABLE_LOCK')
    expect(error.details).toEqual({ path: lock, retryable: true })
    expect(await readFile(lock, 'utf8')).toBe('somebody')
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 30)
    await expect(saveCredential('quay.io', alice, { ...home, signal: controller.signal })).rejects.toBe(reason)
    const long = new Date(Date.now() - 120_000)
    await utimes(lock, long, long)
    await saveCredential('quay.io', alice, { ...home, lockMilliseconds: 2000 })
    expect(Object.keys(JSON.parse(await readText(home)).auths)).toEqual(['ghcr.io', 'quay.io'])
    expect(await readdir(join(home.home, '.docker'))).toEqual(['config.json'])
  })
})
