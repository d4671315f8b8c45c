// SPDX-License-Identifier: Apache-2.0
// What was done to others with credentials, by name.
import { createFakeRegistry } from '@ocisign/conformance/fake'
import { describe, expect, test } from 'vitest'
import type { CredentialRequest } from '../../src/auth/types.js'
import { openDockerCredentials } from '../../src/node/docker-credentials.js'
import { createRegistry } from '../../src/registry.js'
import { createHome } from '../node/support.js'
import { caught, createTestAuthorizer, serve, targetOf } from './support.js'

const alice = { username: 'alice', password: 'wonderland' }

describe('CVE-2025-27403: credentials of a cloud go to nobody who has its name in his', () => {
  const cloud = ['azurecr.io', 'a.azurecr.io', '123.dkr.ecr.us-east-1.amazonaws.com', 'us-docker.pkg.dev']
  const others = (host: string) => [
    `${host}.evil.io`,
    `${host}@evil.io`,
    `user:${host}@evil.io`,
    `evil.io/${host}`,
    `evil.io#${host}`,
    `evil.io?${host}`,
    `evil-${host}`,
    `x.${host}`,
    `${host}:8443`,
    `${host}.`,
    ` ${host}`,
    host.slice(1),
    host.slice(0, -1),
  ]

  test('not out of auths', async () => {
    const home = await createHome()
    const auths = Object.fromEntries(cloud.map((host) => [host, { auth: 'YWxpY2U6d29uZGVybGFuZA==' }]))
    await home.write('.docker/config.json', { auths })
    const source = openDockerCredentials(home)
    for (const host of cloud) {
      expect(await source({ host })).toEqual(alice)
      for (const other of others(host).filter((each) => !cloud.includes(each)))
        expect(await source({ host: other, repository: `${other}/${host}` }), other).toBeUndefined()
    }
  })

  test('not out of a helper, which is not even asked', async () => {
    const home = await createHome()
    await home.install('cloud', 'say({ Username: "<token>", Secret: "refresh" })')
    await home.write('.docker/config.json', { credHelpers: Object.fromEntries(cloud.map((host) => [host, 'cloud'])) })
    const source = openDockerCredentials(home)
    for (const host of cloud)
      for (const other of others(host).filter((each) => !cloud.includes(each)))
        expect(await source({ host: other }), other).toBeUndefined()
    expect(await home.told()).toEqual([])
    expect(await source({ host: 'a.azurecr.io' })).toEqual({ identityToken: 'refresh' })
  })

  test('nor where the key itself is such a name', async () => {
    const home = await createHome()
    const entry = { auth: 'YWxpY2U6d29uZGVybGFuZA==' }
    await home.write('.docker/config.json', {
      auths: {
        'azurecr.io@evil.io': entry,
        'https://evil.io@a.azurecr.io/': entry,
        '*.azurecr.io': entry,
        io: entry,
        '': entry,
      },
    })
    const source = openDockerCredentials(home)
    for (const host of [...cloud, 'evil.io', 'ghcr.io', 'azurecr.io@evil.io'])
      expect(await source({ host }), host).toBeUndefined()
  })
})

test('sigstore-js#1718: the credential for a host is not for a host that is a part of its name', async () => {
  const home = await createHome()
  const entry = { auth: 'YWxpY2U6d29uZGVybGFuZA==' }
  await home.write('.docker/config.json', { auths: { 'ghcr.io': entry, 'victim.127.0.0.1:5000': entry } })
  const source = openDockerCredentials(home)
  for (const host of ['cr.io', 'io', 'hcr.io', '127.0.0.1:5000', '127.0.0.1', 'ghcr.i', 'ghcr'])
    expect(await source({ host }), host).toBeUndefined()
})

describe('R14: a token is for one repository', () => {
  test('and sent to no other, asked for no other', async () => {
    const registry = await createFakeRegistry({ auth: { kind: 'bearer', users: { alice: 'wonderland' } } })
    try {
      for (const name of ['org/app', 'org/secret']) registry.seedImage(name, 'v1')
      const asked: CredentialRequest[] = []
      const client = createRegistry({
        credentials: async (request) => {
          asked.push(request)
          return alice
        },
      })
      const [app, secret] = ['org/app', 'org/secret'].map((name) => client.repository(`${registry.host}/${name}`))
      await Promise.all([app!.resolve('v1'), secret!.resolve('v1'), app!.resolve('v1')])
      await secret!.resolve('v1')
      for (const { path, authorization } of registry.requests) {
        const name = path.includes('org/app') ? 'org/app' : 'org/secret'
        const token = registry.tokens.find((each) => authorization === `Bearer ${each.token}`)
        if (path.startsWith('/v2/') && token) expect([...token.grants.keys()]).toEqual([name])
      }
      expect(registry.tokens.map(({ grants }) => [...grants].flat(2))).toEqual(
        expect.arrayContaining([
          ['org/app', 'pull'],
          ['org/secret', 'pull'],
        ]),
      )
      expect(registry.tokens).toHaveLength(2)
      expect(new Set(asked.map(({ repository }) => repository)).size).toBe(2)
    } finally {
      await registry.close()
    }
  })

  test('whatever the challenge asks for', async () => {
    const scopes: string[] = []
    const service = await serve(({ url }) => {
      scopes.push(...url.searchParams.getAll('scope'))
      return { body: { token: `t${scopes.length}` } }
    })
    const authorizer = createTestAuthorizer(async () => alice)
    const challenge = `Bearer realm="${service.origin}/",scope="repository:org/secret:pull,push repository:org/app:push,* registry:catalog:*"`
    await authorizer.answer(challenge, targetOf('http://127.0.0.1:1', 'org/app'), undefined)
    expect(scopes).toEqual(['repository:org/app:pull'])
    expect(authorizer.current(targetOf('http://127.0.0.1:1', 'org/secret'))).toBeUndefined()
    expect(authorizer.current(targetOf('http://127.0.0.1:2', 'org/app'))).toBeUndefined()
    expect(authorizer.current({ ...targetOf('http://127.0.0.1:1', 'org/app'), host: 'ghcr.io' })).toBeUndefined()
  })
})

describe('GHSA-vh4v-2xq2-g5cg: a host that the registry redirects to asks for credentials', () => {
  test('and gets none, not even a token service is asked', async () => {
    const thief = await serve(({ url, headers }) =>
      url.pathname === '/token'
        ? { body: { token: 'stolen' } }
        : {
            status: 401,
            headers: { 'www-authenticate': `Bearer realm="http://${headers.host}/token", Basic realm="x"` },
          },
    )
    const registry = await serve(({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }
        : { status: 307, headers: { location: `${thief.origin}/stolen` } },
    )
    const client = createRegistry({ credentials: async () => alice, limits: { tries: 1 } })
    const error = await caught(() => client.repository(`${registry.host}/org/app`).resolve('v1'))
    expect(error.code).toMatch(/^UNAVAILABLE_/)
    expect(thief.seen.length).toBeGreaterThan(0)
    for (const { url, headers } of thief.seen) {
      expect(headers.authorization).toBeUndefined()
      expect(url.pathname).toBe('/stolen')
    }
  })
})

test('go-containerregistry#2258: a realm makes nobody knock on his own doors', async () => {
  const inside = await serve(() => ({ body: { token: 't' } }))
  const authorizer = createTestAuthorizer(async () => alice)
  for (const realm of [
    `${inside.origin}/latest/meta-data`,
    'https://169.254.169.254/',
    'http://[::ffff:7f00:1]/',
    'https://2130706433/',
  ]) {
    const error = await caught(() =>
      authorizer.answer(`Bearer realm="${realm}"`, targetOf('https://registry.example'), undefined),
    )
    expect(error.code, realm).toBe('UNAVAILABLE_REALM')
    expect(error.details).toMatchObject({ realm })
  }
  expect(inside.seen).toHaveLength(0)
})
