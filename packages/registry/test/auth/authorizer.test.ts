// SPDX-License-Identifier: Apache-2.0
import { createFakeRegistry, type FakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import { afterEach, describe, expect, test } from 'vitest'
import type { Action, Authorizer, Credential, CredentialRequest } from '../../src/auth/types.js'
import { basicOf, caught, createTestAuthorizer, createTestClock, serve, targetOf } from './support.js'

const registries: FakeRegistry[] = []
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close()
})

async function start(auth: FakeRegistryOptions['auth'], clock = () => new Date()) {
  const registry = await createFakeRegistry({ auth, clock })
  registries.push(registry)
  registry.seedImage('org/app', 'v1')
  registry.seedImage('org/other', 'v1')
  return registry
}

const users = { alice: 'wonderland' }
const alice: Credential = { username: 'alice', password: 'wonderland' }

/** A source that counts; it gives one after the other, and then the last again. */
function createSource(...credentials: readonly (Credential | undefined)[]) {
  const asked: CredentialRequest[] = []
  const source = async (request: CredentialRequest) => {
    asked.push(request)
    return credentials[Math.min(asked.length, credentials.length) - 1]
  }
  return { asked, source }
}

/** Does what a client does: what is at hand, and twice an answer to a 401. */
async function send(authorizer: Authorizer, origin: string, path = 'org/app', actions: readonly Action[] = ['pull']) {
  const target = targetOf(origin, path, actions)
  let authorization = authorizer.current(target)
  for (let answers = 0; ; answers++) {
    const method = actions.includes('push') ? 'POST' : 'GET'
    const response = await fetch(`${origin}/v2/${path}/${method === 'POST' ? 'blobs/uploads/' : 'manifests/v1'}`, {
      method,
      headers: { accept: '*/*', ...(authorization !== undefined && { authorization }) },
    })
    await response.arrayBuffer()
    if (response.status !== 401 || answers === 2) return response.status
    authorization = await authorizer.answer(response.headers.get('www-authenticate'), target, authorization)
  }
}

const tokenRequests = (registry: FakeRegistry) => registry.requests.filter(({ path }) => !path.startsWith('/v2/'))
const queryOf = (query: string | undefined) => new URLSearchParams(query)

describe('bearer tokens', () => {
  test('anonymous, where everybody may read', async () => {
    const registry = await start({ kind: 'bearer', permissions: () => ['pull'] })
    const authorizer = createTestAuthorizer()
    expect(authorizer.current(targetOf(registry.origin))).toBeUndefined()
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(tokenRequests(registry).map(({ authorization }) => authorization)).toEqual([undefined])
    registry.forget()
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(registry.requests).toHaveLength(1)
  })

  test('anonymous, where nobody may without a name: that is what the error says', async () => {
    const registry = await start({ kind: 'bearer', users })
    const { asked, source } = createSource(undefined)
    const error = await caught(() => send(createTestAuthorizer(source), registry.origin))
    expect(error.code).toBe('DENIED_CREDENTIALS')
    expect(error.details).toEqual({ host: registry.host, status: 401 })
    expect(asked).toHaveLength(1)
  })

  test('with a name and a password, for one repository and what is done there', async () => {
    const registry = await start({ kind: 'bearer', users, service: 'the service' })
    const { asked, source } = createSource(alice)
    expect(await send(createTestAuthorizer(source), registry.origin)).toBe(200)
    expect(asked).toEqual([{ host: registry.host, repository: `${registry.host}/org/app`, refused: undefined }])
    const [request] = tokenRequests(registry)
    expect(basicOf(request?.authorization)).toBe('alice:wonderland')
    expect([...queryOf(request?.query)]).toEqual([
      ['service', 'the service'],
      ['scope', 'repository:org/app:pull'],
    ])
    // The password goes to the token service, and never to the registry itself.
    for (const { path, authorization } of registry.requests)
      if (path.startsWith('/v2/')) expect(authorization ?? '').not.toMatch(/^Basic/)
  })

  test('with an identity token, and a token service on another port of this machine', async () => {
    const registry = await start({
      kind: 'bearer',
      users,
      identityTokens: { refresh: 'alice' },
      tokenServer: 'elsewhere',
    })
    const { source } = createSource({ identityToken: 'refresh' })
    expect(await send(createTestAuthorizer(source), registry.origin, 'org/app', ['push', 'pull'])).toBe(202)
    const [request] = tokenRequests(registry)
    expect(request?.form?.get('refresh_token')).toBe('refresh')
    expect(request?.form?.get('scope')).toBe('repository:org/app:pull,push')
  })

  test('a registry token is sent as it is, and no token service is asked', async () => {
    const registry = await start({ kind: 'bearer', users, registryTokens: { direct: 'alice' } })
    const authorizer = createTestAuthorizer(createSource({ registryToken: 'direct' }).source)
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(tokenRequests(registry)).toHaveLength(0)
    expect(authorizer.current(targetOf(registry.origin, 'org/app', ['push']))).toBe('Bearer direct')
  })

  test('one that may write will do for reading, and not the other way round', async () => {
    const registry = await start({ kind: 'bearer', users })
    const authorizer = createTestAuthorizer(createSource(alice).source)
    await send(authorizer, registry.origin, 'org/app', ['pull', 'push'])
    await send(authorizer, registry.origin, 'org/app', ['pull'])
    expect(tokenRequests(registry)).toHaveLength(1)
    const other = createTestAuthorizer(createSource(alice).source)
    await send(other, registry.origin, 'org/app', ['pull'])
    expect(other.current(targetOf(registry.origin, 'org/app', ['push']))).toBeUndefined()
  })

  test('are used until shortly before they expire, by the clock that is given', async () => {
    const { clock, advance } = createTestClock()
    for (const [seconds, good, stale] of [
      [300, 269, 2],
      [null, 44, 2],
      [20, 14, 2],
    ] as const) {
      const registry = await start({ kind: 'bearer', users, expiresInSeconds: seconds }, clock)
      const authorizer = createTestAuthorizer(createSource(alice).source, clock)
      await send(authorizer, registry.origin)
      advance(good)
      expect(authorizer.current(targetOf(registry.origin))).toBeDefined()
      advance(stale)
      expect(authorizer.current(targetOf(registry.origin))).toBeUndefined()
      expect(await send(authorizer, registry.origin)).toBe(200)
      advance(-3600)
      expect(authorizer.current(targetOf(registry.origin))).toBeUndefined()
    }
  })

  test('that were revoked are asked for again, once', async () => {
    const registry = await start({ kind: 'bearer', users })
    const { asked, source } = createSource(alice)
    const authorizer = createTestAuthorizer(source)
    await send(authorizer, registry.origin)
    registry.revokeTokens()
    registry.forget()
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(registry.requests).toHaveLength(3)
    expect(asked).toHaveLength(1)
  })

  test('that do not allow for it are a permission that is missing, and asked for once only', async () => {
    const registry = await start({ kind: 'bearer', users, permissions: (user) => (user ? ['pull'] : []) })
    const authorizer = createTestAuthorizer(createSource(alice).source)
    const error = await caught(() => send(authorizer, registry.origin, 'org/app', ['pull', 'push']))
    expect(error.code).toBe('DENIED_REPOSITORY')
    expect(error.details).toEqual({ host: registry.host, status: 401, repository: `${registry.host}/org/app` })
    expect(tokenRequests(registry)).toHaveLength(1)
    expect(await send(authorizer, registry.origin)).toBe(200)
  })

  test('what a challenge asks for more in this repository is asked for', async () => {
    const scopes: (string | null)[] = []
    const registry = await serve(({ url, headers }) => {
      if (url.pathname === '/token') {
        scopes.push(url.searchParams.get('scope'))
        return { body: { token: `t${scopes.length}` } }
      }
      if (headers.authorization === 'Bearer t2') return {}
      const scope = 'repository:org/app:metadata_read repository:org/other:pull'
      const challenge = `Bearer realm="http://${headers.host}/token"${headers.authorization ? `,scope="${scope}"` : ''}`
      return { status: 401, headers: { 'www-authenticate': challenge } }
    })
    const authorizer = createTestAuthorizer()
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(scopes).toEqual(['repository:org/app:pull', 'repository:org/app:metadata_read,pull'])
    expect(authorizer.current(targetOf(registry.origin))).toBe('Bearer t2')
  })

  test('a mount reads the other repository', async () => {
    const registry = await start({ kind: 'bearer', users })
    const authorizer = createTestAuthorizer(createSource(alice).source)
    const target = { ...targetOf(registry.origin, 'org/app', ['pull', 'push']), mountFrom: 'org/other' }
    const challenge = (await fetch(`${registry.origin}/v2/`)).headers.get('www-authenticate')
    const header = await authorizer.answer(challenge, target, undefined)
    expect(queryOf(tokenRequests(registry)[0]?.query).getAll('scope')).toEqual([
      'repository:org/app:pull,push',
      'repository:org/other:pull',
    ])
    expect(authorizer.current(target)).toBe(header)
    expect(authorizer.current(targetOf(registry.origin, 'org/app', ['pull']))).toBeUndefined()
  })

  test('the registry itself needs none for a repository', async () => {
    const registry = await start({ kind: 'bearer', users })
    const { asked, source } = createSource(alice)
    const authorizer = createTestAuthorizer(source)
    const target = targetOf(registry.origin, '', [])
    const challenge = (await fetch(`${registry.origin}/v2/`)).headers.get('www-authenticate')
    const authorization = await authorizer.answer(challenge, target, undefined)
    expect((await fetch(`${registry.origin}/v2/`, { headers: { authorization } })).status).toBe(200)
    expect(queryOf(tokenRequests(registry)[0]?.query).has('scope')).toBe(false)
    expect(asked[0]).toEqual({ host: registry.host, repository: undefined, refused: undefined })
  })
})

describe('credentials that are refused', () => {
  test('a wrong password is tried once, and no second time within a minute', async () => {
    const { clock, advance } = createTestClock()
    for (const auth of [
      { kind: 'basic' as const, users },
      { kind: 'bearer' as const, users },
    ]) {
      const registry = await start(auth, clock)
      const { asked, source } = createSource({ username: 'alice', password: 'wrong' })
      const authorizer = createTestAuthorizer(source, clock)
      const attempts = () => registry.requests.filter(({ authorization }) => authorization?.startsWith('Basic')).length
      for (let call = 0; call < 3; call++) {
        const error = await caught(() => send(authorizer, registry.origin))
        expect(error.code).toBe('DENIED_CREDENTIALS')
        expect(error.message).not.toContain('wrong')
        expect(attempts()).toBe(1)
      }
      advance(61)
      await caught(() => send(authorizer, registry.origin))
      expect(attempts()).toBe(2)
      expect(asked.length).toBeLessThanOrEqual(6)
    }
  })

  test.each(['basic', 'bearer'] as const)('%s: the source is asked again, and told what was refused', async (kind) => {
    const { clock, advance } = createTestClock()
    const passwords: Record<string, string> = { alice: 'old' }
    const registry = await start({ kind, users: passwords, expiresInSeconds: 60 }, clock)
    const { asked, source } = createSource(
      { username: 'alice', password: 'old' },
      { username: 'alice', password: 'new' },
    )
    const authorizer = createTestAuthorizer(source, clock)
    expect(await send(authorizer, registry.origin)).toBe(200)
    passwords.alice = 'new'
    advance(500)
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(asked.map(({ refused }) => refused)).toEqual([undefined, { username: 'alice', password: 'old' }])
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(asked).toHaveLength(2)
  })

  test('a source that keeps inventing is asked once more, and that is all', async () => {
    const registry = await start({ kind: 'bearer', users: {}, expiresInSeconds: 60 })
    let invented = 0
    const authorizer = createTestAuthorizer(async () => ({ username: 'alice', password: `${++invented}` }))
    expect((await caught(() => send(authorizer, registry.origin))).code).toBe('DENIED_CREDENTIALS')
    expect(invented).toBe(1)
  })

  test('a service that says 403 may mean either', async () => {
    const registry = await serve(({ url, headers }) =>
      url.pathname === '/token'
        ? { status: 403 }
        : { status: 401, headers: { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` } },
    )
    const authorizer = createTestAuthorizer(createSource(alice).source)
    const error = await caught(() => send(authorizer, registry.origin, 'org/app', ['push']))
    expect(error.code).toBe('DENIED_CREDENTIALS')
    expect(error.details).toMatchObject({ status: 403 })
    expect((await caught(() => send(createTestAuthorizer(), registry.origin))).code).toBe('DENIED_CREDENTIALS')
  })

  test('who may not write may still read', async () => {
    const registry = await serve(({ url, headers }) => {
      const mayNot = url.searchParams.get('scope')?.includes('push')
      if (url.pathname === '/token') return mayNot ? { status: 403 } : { body: { token: 't' } }
      const challenge = `Bearer realm="http://${headers.host}/token"`
      return headers.authorization ? {} : { status: 401, headers: { 'www-authenticate': challenge } }
    })
    const { asked, source } = createSource(alice)
    const authorizer = createTestAuthorizer(source)
    expect((await caught(() => send(authorizer, registry.origin, 'org/app', ['push']))).code).toBe('DENIED_CREDENTIALS')
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(asked.map(({ refused }) => refused)).toEqual([undefined, alice])
    expect(await send(authorizer, registry.origin)).toBe(200)
    expect(asked).toHaveLength(2)
  })

  test('an old token of a service that gives no other is not sent again', async () => {
    const registry = await serve(({ url, headers }) =>
      url.pathname === '/token'
        ? { body: { token: 'same' } }
        : {
            status: 401,
            headers: { 'www-authenticate': `Bearer realm="http://${headers.host}/token",error="invalid_token"` },
          },
    )
    const authorizer = createTestAuthorizer(createSource(alice).source)
    expect((await caught(() => send(authorizer, registry.origin))).code).toBe('DENIED_CREDENTIALS')
    expect(registry.seen.filter(({ headers }) => headers.authorization === 'Bearer same')).toHaveLength(1)
  })

  test('one that was refused without a word is forgotten', async () => {
    const authorizer = createTestAuthorizer(createSource(alice).source)
    const target = targetOf('https://registry.example')
    const header = await authorizer.answer('Basic realm="x"', target, undefined)
    expect((await caught(() => authorizer.answer(null, target, header))).code).toBe('DENIED_CREDENTIALS')
    expect(authorizer.current(target)).toBeUndefined()
  })
})

describe('basic', () => {
  test('a name and a password, at hand from then on', async () => {
    const registry = await start({ kind: 'basic', users })
    const { asked, source } = createSource(alice)
    const authorizer = createTestAuthorizer(source)
    expect(await send(authorizer, registry.origin)).toBe(200)
    registry.forget()
    expect(await send(authorizer, registry.origin, 'org/app', ['pull', 'push'])).toBe(202)
    expect(registry.requests).toHaveLength(1)
    expect(asked).toHaveLength(1)
  })

  test('nobody, or an identity token, which is no password', async () => {
    const registry = await start({ kind: 'basic', users })
    for (const credential of [undefined, { identityToken: 'x' }]) {
      const authorizer = createTestAuthorizer(createSource(credential).source)
      expect((await caught(() => send(authorizer, registry.origin))).code).toBe('DENIED_CREDENTIALS')
    }
    for (const { authorization } of registry.requests) expect(authorization).toBeUndefined()
  })

  test('where Bearer is named too, the password stays with the token service', async () => {
    const service = await serve(() => ({ body: { token: 't' } }))
    const authorizer = createTestAuthorizer(createSource(alice).source)
    const challenge = `Basic realm="x", Bearer realm="${service.origin}/token"`
    expect(await authorizer.answer(challenge, targetOf('http://127.0.0.1:1'), undefined)).toBe('Bearer t')
    expect(
      await authorizer.answer('Bearer service="x", Basic', targetOf('http://127.0.0.1:1', 'b'), undefined),
    ).toMatch(/^Basic /)
  })
})

describe('many at the same time', () => {
  test('are one credential and one token', async () => {
    const registry = await start({ kind: 'bearer', users })
    const { asked, source } = createSource(alice)
    const authorizer = createTestAuthorizer(source)
    const statuses = await Promise.all(Array.from({ length: 20 }, () => send(authorizer, registry.origin)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(asked).toHaveLength(1)
    expect(tokenRequests(registry)).toHaveLength(1)
    registry.revokeTokens()
    registry.forget()
    await Promise.all(Array.from({ length: 20 }, () => send(authorizer, registry.origin)))
    expect(tokenRequests(registry)).toHaveLength(1)
  })

  test('reading and writing are two tokens and one credential', async () => {
    const registry = await start({ kind: 'bearer', users })
    const { asked, source } = createSource(alice)
    const authorizer = createTestAuthorizer(source)
    await Promise.all([
      send(authorizer, registry.origin),
      send(authorizer, registry.origin, 'org/app', ['pull', 'push']),
    ])
    expect(asked).toHaveLength(1)
    expect(tokenRequests(registry)).toHaveLength(2)
  })

  test('one that gives up leaves the others alone', async () => {
    const service = await serve(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return { body: { token: 't' } }
    })
    const authorizer = createTestAuthorizer()
    const target = targetOf('http://127.0.0.1:1')
    const challenge = `Bearer realm="${service.origin}/"`
    const controller = new AbortController()
    const reason = new Error('enough')
    const impatient = authorizer.answer(challenge, target, undefined, { signal: controller.signal })
    const patient = authorizer.answer(challenge, target, undefined)
    controller.abort(reason)
    await expect(impatient).rejects.toBe(reason)
    expect(await patient).toBe('Bearer t')
    await expect(authorizer.answer(challenge, target, undefined, { signal: controller.signal })).rejects.toBe(reason)
  })

  test('a source that never answers does not hold whoever gives up', async () => {
    const authorizer = createTestAuthorizer(() => new Promise(() => {}))
    const controller = new AbortController()
    const reason = new Error('enough')
    const { signal } = controller
    const call = authorizer.answer('Basic', targetOf('https://registry.example'), undefined, { signal })
    setTimeout(() => controller.abort(reason), 10)
    await expect(call).rejects.toBe(reason)
  })
})

describe('what cannot be answered', () => {
  test.each([
    [null, 'UNAVAILABLE_CREDENTIALS'],
    ['', 'UNAVAILABLE_CREDENTIALS'],
    ['Negotiate', 'UNAVAILABLE_CREDENTIALS'],
    ['Bearer', 'UNAVAILABLE_CREDENTIALS'],
    ['Bearer realm="x', 'UNAVAILABLE_CREDENTIALS'],
    ['Bearer realm=""', 'UNAVAILABLE_REALM'],
    ['Bearer realm="http://auth.example/"', 'UNAVAILABLE_REALM'],
  ])('%j', async (challenge, code) => {
    const { asked, source } = createSource(alice)
    const answer = () => createTestAuthorizer(source).answer(challenge, targetOf('https://registry.example'), undefined)
    const error = await caught(answer)
    expect(error.code).toBe(code)
    expect(error.details).toMatchObject({ host: 'registry.example', status: 401, retryable: false })
    // Where nothing may be sent, nobody is asked for anything.
    expect(asked).toHaveLength(0)
  })

  test.each<unknown>([
    {},
    { username: 'a' },
    { username: 'a:b', password: 'c' },
    { username: 'a\nb', password: 'c' },
    { username: '', password: '' },
    { username: 'a', password: '\ud800' },
    { registryToken: 'a\r\nb' },
    { registryToken: '' },
    { identityToken: '' },
    'text',
  ])('a source that gives %j', async (credential) => {
    const authorizer = createTestAuthorizer(async () => credential as Credential)
    const error = await caught(() => authorizer.answer('Basic', targetOf('https://registry.example'), undefined))
    expect(error.code).toBe('MISUSE_OPTION')
  })

  test('a source that fails', async () => {
    const cause = new Error('the vault is closed')
    const authorizer = createTestAuthorizer(async () => {
      throw cause
    })
    const error = await caught(() => authorizer.answer('Basic', targetOf('https://registry.example'), undefined))
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(error.cause).toBe(cause)
    expect(error.message).not.toContain('vault')
  })
})

test('Docker Hub is asked for by its name', async () => {
  for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io']) {
    const { asked, source } = createSource(alice)
    const target = { ...targetOf('https://registry-1.docker.io', 'library/alpine'), host }
    await createTestAuthorizer(source).answer('Basic', target, undefined)
    expect(asked[0]).toMatchObject({ host: 'docker.io', repository: 'docker.io/library/alpine' })
  }
})

test('what is known is bounded, and what is used stays', async () => {
  const authorizer = createTestAuthorizer(createSource(alice).source)
  const target = (index: number) => targetOf('https://registry.example', `repository-${index}`)
  for (let index = 0; index < 1500; index++) {
    await authorizer.answer('Basic', target(index), undefined)
    expect(authorizer.current(target(0))).toBeDefined()
  }
  const known = Array.from({ length: 1500 }, (_, index) => authorizer.current(target(index))).filter(Boolean)
  expect(known).toHaveLength(1000)
})

test('a password is asked for again after some minutes: one that has run out may be refused by other words than 401', async () => {
  const registry = await start({ kind: 'basic', users: { ...users, bob: 'builder' } })
  const { asked, source } = createSource(alice, { username: 'bob', password: 'builder' })
  const { clock, advance } = createTestClock()
  const authorizer = createTestAuthorizer(source, clock)
  expect(await send(authorizer, registry.origin)).toBe(200)
  advance(9 * 60)
  expect(await send(authorizer, registry.origin)).toBe(200)
  expect(asked).toHaveLength(1)
  advance(2 * 60)
  expect(await send(authorizer, registry.origin)).toBe(200)
  expect(asked).toHaveLength(2)
  expect(basicOf(registry.requests.at(-1)?.authorization)).toBe('bob:builder')
})
