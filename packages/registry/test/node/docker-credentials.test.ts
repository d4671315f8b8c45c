// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { credentialFiles, dockerConfigFile, openDockerCredentials } from '../../src/node/docker-credentials.js'
import { caught } from '../auth/support.js'
import { createHome, keepingHelper } from './support.js'

const entry = (name: string) => ({ auth: Buffer.from(`${name}:secret`).toString('base64') })
const credential = (name: string) => ({ username: name, password: 'secret' })
const request = (repository: string) => ({ host: repository.slice(0, repository.indexOf('/')), repository })

describe('where credentials are looked up', () => {
  test('by default', () => {
    const env = { HOME: '/home/me' }
    expect(credentialFiles({ env, platform: 'linux' })).toEqual([
      '/home/me/.docker/config.json',
      '/home/me/.config/containers/auth.json',
    ])
    expect(
      credentialFiles({
        env: {
          ...env,
          REGISTRY_AUTH_FILE: '/a.json',
          DOCKER_CONFIG: '/d',
          XDG_RUNTIME_DIR: '/run/1',
          XDG_CONFIG_HOME: '/c',
        },
        platform: 'linux',
      }),
    ).toEqual(['/a.json', '/d/config.json', '/run/1/containers/auth.json', '/c/containers/auth.json'])
    expect(dockerConfigFile({ env: {}, platform: 'linux', home: '/root' })).toBe('/root/.docker/config.json')
    expect(dockerConfigFile({ env: { USERPROFILE: 'C:\\Users\\me' }, platform: 'win32' })).toBe(
      'C:\\Users\\me\\.docker\\config.json',
    )
  })

  test('the first file that has one, and none where no file is', async () => {
    const home = await createHome()
    const runtime = join(home.home, 'run')
    const env = { ...home.env, XDG_RUNTIME_DIR: runtime }
    const source = openDockerCredentials({ ...home, env })
    expect(await source({ host: 'ghcr.io' })).toBeUndefined()
    await home.write('.config/containers/auth.json', {
      auths: { 'ghcr.io': entry('config'), 'quay.io': entry('config') },
    })
    expect(await source({ host: 'ghcr.io' })).toEqual(credential('config'))
    await home.write('run/containers/auth.json', { auths: { 'ghcr.io': entry('podman') } })
    expect(await source({ host: 'ghcr.io' })).toEqual(credential('podman'))
    await home.write('.docker/config.json', { auths: { 'ghcr.io': entry('docker') } })
    expect(await source({ host: 'ghcr.io' })).toEqual(credential('docker'))
    expect(await source({ host: 'quay.io' })).toEqual(credential('config'))
    const file = await home.write('mine.json', { auths: { 'ghcr.io': entry('mine') } })
    const withFile = openDockerCredentials({ ...home, env: { ...env, REGISTRY_AUTH_FILE: file } })
    expect(await withFile({ host: 'ghcr.io' })).toEqual(credential('mine'))
  })

  test('only where the caller says', async () => {
    const home = await createHome()
    await home.write('.docker/config.json', { auths: { 'ghcr.io': entry('docker') } })
    await home.write('other/config.json', { auths: { 'quay.io': entry('other') } })
    const file = await home.write('file.json', { auths: { 'gcr.io': entry('file') } })
    const directory = openDockerCredentials({ ...home, directory: join(home.home, 'other') })
    expect(await directory({ host: 'quay.io' })).toEqual(credential('other'))
    expect(await directory({ host: 'ghcr.io' })).toBeUndefined()
    const files = openDockerCredentials({ ...home, files: [join(home.home, 'nothing'), join(file, 'nothing'), file] })
    expect(await files({ host: 'gcr.io' })).toEqual(credential('file'))
    expect(await files({ host: 'ghcr.io' })).toBeUndefined()
  })

  test('behind links, as secrets are mounted', async () => {
    const home = await createHome()
    const file = await home.write('..data/config.json', { auths: { 'ghcr.io': entry('mounted') } })
    await symlink(file, join(home.home, 'config.json'))
    const source = openDockerCredentials({ ...home, directory: home.home })
    expect(await source({ host: 'ghcr.io' })).toEqual(credential('mounted'))
  })

  test('but not in what is no file, too large, or not readable', async () => {
    const home = await createHome()
    const folder = join(home.home, 'folder')
    await mkdir(folder)
    const large = await home.write('large.json', `{"x":"${'x'.repeat(1024 * 1024)}"}`)
    const broken = await home.write('broken.json', '{')
    const fits = await home.write('fits.json', `{"x":"${'x'.repeat(1024 * 1024 - 8)}"}`)
    for (const file of [folder, large, broken, '/dev/null/x\0']) {
      const error = await caught(() => openDockerCredentials({ ...home, files: [file] })({ host: 'ghcr.io' }))
      expect(error.code).toBe(file.includes('\0') ? 'UNAVAILABLE_FILE' : 'INVALID_CONFIGURATION')
    }
    expect(await openDockerCredentials({ ...home, files: [fits] })({ host: 'ghcr.io' })).toBeUndefined()
    const locked = await home.write('locked.json', '{}')
    await chmod(locked, 0)
    const isRoot = process.getuid?.() === 0
    const look = () => openDockerCredentials({ ...home, files: [locked] })({ host: 'ghcr.io' })
    if (isRoot) expect(await look()).toBeUndefined()
    else expect((await caught(look)).code).toBe('DENIED_FILE')
  })

  test('anew each time', async () => {
    const home = await createHome()
    const source = openDockerCredentials(home)
    await home.write('.docker/config.json', { auths: { 'ghcr.io': entry('old') } })
    expect(await source({ host: 'ghcr.io' })).toEqual(credential('old'))
    await home.write('.docker/config.json', { auths: { 'ghcr.io': entry('new') } })
    expect(await source({ host: 'ghcr.io' })).toEqual(credential('new'))
  })
})

describe('which one it is', () => {
  test('the longest path of the repository, on its boundaries', async () => {
    const home = await createHome()
    await home.write('.docker/config.json', {
      auths: {
        'quay.io': entry('host'),
        'quay.io/org': entry('org'),
        'quay.io/org/app': entry('app'),
        'quay.io/marked': {},
        'quay.io/marked/app': {},
      },
    })
    const source = openDockerCredentials(home)
    for (const [repository, name] of [
      ['quay.io/org/app', 'app'],
      ['quay.io/org/app/sub', 'app'],
      ['quay.io/org/application', 'org'],
      ['quay.io/organization/app', 'host'],
      ['quay.io/marked/app', 'host'],
    ] as const)
      expect(await source(request(repository)), repository).toEqual(credential(name))
    expect(await source({ host: 'quay.io' })).toEqual(credential('host'))
  })

  test('Docker Hub by all its names', async () => {
    for (const key of [
      'https://index.docker.io/v1/',
      'docker.io',
      'index.docker.io',
      'https://registry-1.docker.io',
      'index.docker.io/v1',
    ]) {
      const home = await createHome()
      await home.write('.docker/config.json', { auths: { [key]: entry('hub') } })
      for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io'])
        expect(await openDockerCredentials(home)(request(`${host}/library/alpine`)), key).toEqual(credential('hub'))
    }
  })

  test('credHelpers before credsStore before auths', async () => {
    const home = await createHome()
    await home.install('one', 'say({ Username: "one", Secret: "secret" })')
    await home.install('two', 'say({ Username: "two", Secret: "secret" })')
    await home.install('none', 'say("credentials not found in native keychain"); process.exitCode = 1')
    const auths = { 'ghcr.io': entry('auths'), 'quay.io': entry('auths'), 'gcr.io': entry('auths') }
    await home.write('.docker/config.json', {
      auths,
      credHelpers: { 'ghcr.io': 'one', 'gcr.io': '' },
      credsStore: 'two',
    })
    const source = openDockerCredentials(home)
    expect(await source({ host: 'ghcr.io' })).toEqual(credential('one'))
    expect(await source({ host: 'quay.io' })).toEqual(credential('two'))
    // Docker writes an empty name for a host that is kept in the file.
    expect(await source({ host: 'gcr.io' })).toEqual(credential('auths'))
    // One that knows of nothing does not hide what the file says.
    await home.write('.docker/config.json', { auths, credHelpers: { 'ghcr.io': 'none' } })
    expect(await openDockerCredentials(home)({ host: 'ghcr.io' })).toEqual(credential('auths'))
    expect((await home.told()).map(({ word, input }) => [word, input])).toEqual([
      ['get', 'ghcr.io'],
      ['get', 'quay.io'],
      ['get', 'ghcr.io'],
    ])
  })

  test('and whoever wants to know hears where it was found', async () => {
    const home = await createHome()
    await home.install('one', 'say({ Username: "one", Secret: "secret" })')
    const path = await home.write('.docker/config.json', {
      auths: { 'ghcr.io': entry('auths') },
      credHelpers: { 'quay.io': 'one' },
    })
    const heard: unknown[] = []
    const source = openDockerCredentials({ ...home, onFound: (host, place) => heard.push([host, place]) })
    for (const host of ['ghcr.io', 'quay.io', 'gcr.io']) await source({ host })
    expect(heard).toEqual([
      ['ghcr.io', { kind: 'file', path }],
      ['quay.io', { kind: 'helper', helper: 'one' }],
    ])
  })

  test('a helper that fails is a failure, and not anonymous', async () => {
    const home = await createHome()
    await home.write('.docker/config.json', { auths: { 'ghcr.io': entry('auths') }, credsStore: 'desktop' })
    const error = await caught(() => openDockerCredentials(home)({ host: 'ghcr.io' }))
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(error.details).toMatchObject({ helper: 'desktop', host: 'ghcr.io' })
  })

  test('helpers know Docker Hub by its address', async () => {
    const home = await createHome()
    await home.install('keeper', keepingHelper(join(home.home, 'kept.json')))
    await home.write('kept.json', { 'https://index.docker.io/v1/': { Username: '<token>', Secret: 'identity' } })
    for (const key of ['docker.io', 'https://index.docker.io/v1/', 'index.docker.io']) {
      await home.write('.docker/config.json', { credHelpers: { [key]: 'keeper' } })
      expect(await openDockerCredentials(home)({ host: 'docker.io' })).toEqual({ identityToken: 'identity' })
    }
  })
})

describe('what a helper gave', () => {
  const counting =
    'const file = __filename + ".count"; const n = existsSync(file) ? Number(readFileSync(file)) + 1 : 1; writeFileSync(file, String(n))\n'

  test('is kept for all repositories until it is refused', async () => {
    const home = await createHome()
    await home.install('count', `${counting}say({ Username: "u", Secret: String(n) })`)
    await home.write('.docker/config.json', { credsStore: 'count' })
    const source = openDockerCredentials(home)
    const first = { username: 'u', password: '1' }
    const all = ['ghcr.io/a', 'ghcr.io/b', 'ghcr.io/c'].map((repository) => source(request(repository)))
    expect(await Promise.all(all)).toEqual([first, first, first])
    expect(await source(request('ghcr.io/d'))).toEqual(first)
    const second = { username: 'u', password: '2' }
    expect(await source({ ...request('ghcr.io/a'), refused: first })).toEqual(second)
    // Refused by another repository, and replaced already.
    expect(await source({ ...request('ghcr.io/b'), refused: first })).toEqual(second)
    expect(await source({ host: 'quay.io' })).toEqual({ username: 'u', password: '3' })
    expect(await home.told()).toHaveLength(3)
  })

  test('and for five minutes: what clouds give runs out, and their helpers know when', async () => {
    const home = await createHome()
    await home.install('cloud', `${counting}say({ Username: "AWS", Secret: String(n) })`)
    await home.write('.docker/config.json', { credsStore: 'cloud' })
    let now = Date.UTC(2026, 10, 21)
    const source = openDockerCredentials({ ...home, clock: () => new Date(now) })
    const first = { username: 'AWS', password: '1' }
    expect(await source(request('ecr.test/a'))).toEqual(first)
    now += 299_000
    expect(await source(request('ecr.test/a'))).toEqual(first)
    now += 2_000
    expect(await source(request('ecr.test/a'))).toEqual({ username: 'AWS', password: '2' })
    now -= 400_000
    expect(await source(request('ecr.test/a'))).toEqual({ username: 'AWS', password: '3' })
  })

  test('a failure is not kept', async () => {
    const home = await createHome()
    await home.install(
      'count',
      `${counting}if (n === 1) process.exitCode = 1; else say({ Username: "u", Secret: "s" })`,
    )
    await home.write('.docker/config.json', { credsStore: 'count' })
    const source = openDockerCredentials(home)
    expect((await caught(() => source({ host: 'ghcr.io' }))).code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(await source({ host: 'ghcr.io' })).toEqual({ username: 'u', password: 's' })
  })

  test('is given up with the reason of whoever gives up', async () => {
    const home = await createHome()
    await home.install('slow', 'setTimeout(() => {}, 60_000)')
    await home.write('.docker/config.json', { credsStore: 'slow' })
    const controller = new AbortController()
    const reason = new Error('enough')
    const call = openDockerCredentials(home)({ host: 'ghcr.io' }, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 30)
    await expect(call).rejects.toBe(reason)
  })
})
