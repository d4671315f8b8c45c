// SPDX-License-Identifier: Apache-2.0
// Who may do what: basic authentication, and tokens as the token specification of distribution says.
import type { Auth, FakeRegistry } from '@ocisign/conformance/fake'
import { encodeBase64, encodeText } from '@ocisign/core'
import { expect, test } from 'vitest'
import { ask, digestOf, manifestText, putManifest, seedManifest, start } from './ask.js'

const basic = (user: string, password: string) => `Basic ${encodeBase64(encodeText(`${user}:${password}`))}`
const manifest = '/v2/org/app/manifests/v1'
const users = { alice: 'secret:with:colons' }
const alice = basic('alice', users.alice)

const get = (registry: FakeRegistry, path: string, authorization?: string) =>
  ask(registry, 'GET', path, { headers: authorization === undefined ? {} : { authorization } })

/** Asks the token service with a scope. */
function token(registry: FakeRegistry, scope: string, authorization?: string, service = 'fake registry') {
  const query = new URLSearchParams({ service, ...(scope !== '' && { scope }) })
  return get(registry, `/token?${query}`, authorization)
}

async function bearer(registry: FakeRegistry, scope: string, authorization?: string): Promise<string> {
  return `Bearer ${(await token(registry, scope, authorization)).json.token}`
}

async function startBearer(options: Partial<Auth & { kind: 'bearer' }> = {}): Promise<FakeRegistry> {
  const registry = await start({ auth: { kind: 'bearer', users, ...options } })
  seedManifest(registry, 'org/app', {}, 'v1')
  return registry
}

test('with basic authentication, names and passwords are asked for', async () => {
  const registry = await start({ auth: { kind: 'basic', users } })
  seedManifest(registry, 'org/app', {}, 'v1')
  for (const path of ['/v2/', manifest]) {
    const refused = await get(registry, path)
    expect(refused).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
    expect(refused.headers.get('www-authenticate')).toBe('Basic realm="fake registry"')
    for (const wrong of [basic('alice', 'other'), basic('toString', ''), 'Basic ?', 'Bearer alice', 'Basic'])
      expect((await get(registry, path, wrong)).status).toBe(401)
    expect((await get(registry, path, alice)).status).toBe(200)
  }
})

test('with basic authentication, some may do less than others', async () => {
  const permissions = (user: string | undefined) =>
    user === undefined ? (['pull'] as const) : (['pull', 'push'] as const)
  const registry = await start({ auth: { kind: 'basic', users, permissions } })
  seedManifest(registry, 'org/app', {}, 'v1')
  expect((await get(registry, manifest)).status).toBe(200)
  expect((await putManifest(registry, manifest, manifestText())).status).toBe(401)
  const headers = { authorization: alice }
  expect((await ask(registry, 'POST', '/v2/org/app/blobs/uploads/', { headers })).status).toBe(202)
  expect(await ask(registry, 'DELETE', manifest, { headers })).toMatchObject({ status: 403, code: 'DENIED' })
})

test('a challenge says where tokens are, for which service, and which scope is needed', async () => {
  const registry = await startBearer()
  const challenge = async (method: string, path: string) =>
    (await ask(registry, method, path)).headers.get('www-authenticate')
  const common = `Bearer realm="${registry.origin}/token",service="fake registry"`
  expect(await challenge('GET', '/v2/')).toBe(common)
  for (const [method, path, actions] of [
    ['GET', manifest, 'pull'],
    ['HEAD', `/v2/org/app/blobs/${digestOf('a')}`, 'pull'],
    ['GET', `/v2/org/app/referrers/${digestOf('a')}`, 'pull'],
    ['GET', '/v2/org/app/tags/list', 'pull'],
    ['PUT', manifest, 'pull,push'],
    ['POST', '/v2/org/app/blobs/uploads/', 'pull,push'],
    ['DELETE', manifest, 'delete'],
  ] as const)
    expect([method, path, await challenge(method, path)]).toEqual([
      method,
      path,
      `${common},scope="repository:org/app:${actions}"`,
    ])
})

test('a token is good for its scope and for nothing else', async () => {
  const registry = await startBearer()
  const pull = await bearer(registry, 'repository:org/app:pull', alice)
  expect((await get(registry, manifest, pull)).status).toBe(200)
  expect((await get(registry, '/v2/', pull)).status).toBe(200)
  for (const [method, path] of [
    ['GET', '/v2/org/other/manifests/v1'],
    ['GET', '/v2/org/app/b/manifests/v1'],
    ['POST', '/v2/org/app/blobs/uploads/'],
    ['DELETE', manifest],
  ] as const) {
    const { status, headers } = await ask(registry, method, path, { headers: { authorization: pull } })
    expect([method, path, status]).toEqual([method, path, 401])
    expect(headers.get('www-authenticate')).toContain('error="insufficient_scope"')
  }
  const two = await bearer(registry, 'repository:org/app:pull,push repository:org/other:pull', alice)
  expect((await get(registry, '/v2/org/other/manifests/v1', two)).status).toBe(404)
  const post = await ask(registry, 'POST', '/v2/org/app/blobs/uploads/', { headers: { authorization: two } })
  expect(post.status).toBe(202)
})

test('tokens are given to those who say who they are, and to others what everybody may', async () => {
  const permissions = (user: string | undefined) =>
    user === undefined ? (['pull'] as const) : (['pull', 'push'] as const)
  const registry = await startBearer({ permissions })
  expect((await token(registry, 'repository:org/app:pull', basic('alice', 'other'))).status).toBe(401)
  const anonymous = await bearer(registry, 'repository:org/app:pull,push')
  expect((await get(registry, manifest, anonymous)).status).toBe(200)
  expect(
    (await ask(registry, 'POST', '/v2/org/app/blobs/uploads/', { headers: { authorization: anonymous } })).status,
  ).toBe(401)
  expect(registry.tokens.map(({ user, grants }) => [user, ...(grants.get('org/app') ?? [])])).toEqual([
    [undefined, 'pull'],
  ])
})

test.each([
  ['another service', 'repository:org/app:pull', 'other'],
  ['a scope that is none', 'org/app:pull', 'fake registry'],
  ['a scope without actions', 'repository:org/app:', 'fake registry'],
])('the token service refuses %s', async (_, scope, service) => {
  const registry = await startBearer()
  expect((await token(registry, scope, alice, service)).status).toBe(400)
})

test('tokens end, and are taken back', async () => {
  let now = Date.UTC(2026, 0, 1)
  const registry = await start({
    auth: { kind: 'bearer', users, expiresInSeconds: 10 },
    clock: () => new Date(now),
  })
  seedManifest(registry, 'org/app', {}, 'v1')
  const { json } = await token(registry, 'repository:org/app:pull', alice)
  expect(json).toMatchObject({ expires_in: 10, issued_at: '2026-01-01T00:00:00.000Z', access_token: json.token })
  const authorization = `Bearer ${json.token}`
  now += 9_999
  expect((await get(registry, manifest, authorization)).status).toBe(200)
  now += 1
  const refused = await get(registry, manifest, authorization)
  expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
  const other = await bearer(registry, 'repository:org/app:pull', alice)
  expect((await get(registry, manifest, other)).status).toBe(200)
  registry.revokeTokens()
  expect((await get(registry, manifest, other)).status).toBe(401)
})

test('a token that does not say how long it is good is so for a minute', async () => {
  let now = 0
  const registry = await start({ auth: { kind: 'bearer', users, expiresInSeconds: null }, clock: () => new Date(now) })
  const { json } = await token(registry, '', alice)
  expect(json.expires_in).toBeUndefined()
  now = 59_999
  expect((await get(registry, '/v2/', `Bearer ${json.token}`)).status).toBe(200)
  now = 60_000
  expect((await get(registry, '/v2/', `Bearer ${json.token}`)).status).toBe(401)
})

test('the token stands in the member that is wanted', async () => {
  for (const tokenMember of ['token', 'access_token'] as const) {
    const registry = await startBearer({ tokenMember })
    const { json } = await token(registry, '', alice)
    expect(['token', 'access_token'].filter((name) => name in json)).toEqual([tokenMember])
  }
})

test('refresh tokens and passwords are exchanged by POST', async () => {
  const registry = await startBearer({ identityTokens: { refresh: 'alice' } })
  const post = (form: Record<string, string>, type = 'application/x-www-form-urlencoded') =>
    ask(registry, 'POST', '/token', {
      headers: { 'content-type': type },
      body: `${new URLSearchParams({ service: 'fake registry', client_id: 'test', scope: 'repository:org/app:pull', ...form })}`,
    })
  for (const form of [
    { grant_type: 'refresh_token', refresh_token: 'refresh' },
    { grant_type: 'password', username: 'alice', password: users.alice },
  ]) {
    const { status, json } = await post(form)
    expect(status).toBe(200)
    expect((await get(registry, manifest, `Bearer ${json.access_token}`)).status).toBe(200)
  }
  expect((await post({ grant_type: 'refresh_token', refresh_token: 'other' })).status).toBe(401)
  expect((await post({ grant_type: 'password', username: 'alice', password: 'other' })).status).toBe(401)
  expect((await post({ grant_type: 'other' })).status).toBe(400)
  expect((await post({ grant_type: 'password', client_id: '' })).status).toBe(400)
  expect((await post({ grant_type: 'password' }, 'application/json')).status).toBe(415)
  expect(registry.requests.find(({ method }) => method === 'POST')?.form?.get('refresh_token')).toBe('refresh')
})

test('a token service may know GET only', async () => {
  const registry = await startBearer({ post: false })
  expect((await ask(registry, 'POST', '/token')).status).toBe(405)
})

test('tokens that come from elsewhere are taken as they are', async () => {
  const registry = await startBearer({ registryTokens: { pipeline: 'alice' } })
  expect((await get(registry, manifest, 'Bearer pipeline')).status).toBe(200)
  expect((await get(registry, manifest, 'Bearer other')).status).toBe(401)
})

test('who is known but may not is told so with the status that is wanted', async () => {
  for (const refusal of [401, 403] as const) {
    const registry = await startBearer({ refusal, permissions: () => ['pull'] })
    const authorization = await bearer(registry, 'repository:org/app:pull,push', alice)
    const post = await ask(registry, 'POST', '/v2/org/app/blobs/uploads/', { headers: { authorization } })
    expect(post.status).toBe(refusal)
  }
})

test('a blob is mounted by who may read where it is', async () => {
  const registry = await startBearer()
  seedManifest(registry, 'org/base')
  const path = `/v2/org/app/blobs/uploads/?mount=${digestOf('{}')}&from=org/base`
  for (const [scope, status] of [
    ['repository:org/app:pull,push', 202],
    ['repository:org/app:pull,push repository:org/base:pull', 201],
  ] as const) {
    const authorization = await bearer(registry, scope, alice)
    expect((await ask(registry, 'POST', path, { headers: { authorization } })).status).toBe(status)
  }
})

test('the token service is on another port, or said to be anywhere', async () => {
  const elsewhere = await startBearer({ tokenServer: 'elsewhere' })
  const realm = `${elsewhere.elsewhere}/token`
  expect((await get(elsewhere, manifest)).headers.get('www-authenticate')).toContain(`realm="${realm}"`)
  const { json } = await ask({ origin: elsewhere.elsewhere }, 'GET', '/token?service=fake registry', {
    headers: { authorization: alice },
  })
  expect((await get(elsewhere, '/v2/', `Bearer ${json.token}`)).status).toBe(200)
  expect(elsewhere.requests.map(({ server }) => server)).toEqual(['registry', 'token', 'registry'])
  const lying = await startBearer({ realm: 'http://169.254.169.254/token' })
  expect((await get(lying, manifest)).headers.get('www-authenticate')).toContain('realm="http://169.254.169.254/token"')
})

test('without authentication there are no tokens', async () => {
  expect((await token(await start(), '')).status).toBe(404)
})
