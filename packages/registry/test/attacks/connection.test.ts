// SPDX-License-Identifier: Apache-2.0
// Attacks by a registry that is slow, or sends the client elsewhere; and by references that are more than names.
import { createFakeAuthority, type FakeRegistry, type MisbehaviourFilter } from '@ocisign/conformance/fake'
import { digestBytes, encodePem } from '@ocisign/core'
import { createRegistry, parseImageReference, registryLimits } from '@ocisign/registry'
import { describe, expect, test } from 'vitest'
import { code, createScene, errorOf, outcomeOf, type Scene, text } from './scene.js'
import { createSecureFetch } from './secure-fetch.js'

const me = { username: 'me', password: 'a secret that nobody else may see' }
const encoded = Buffer.from(`${me.username}:${me.password}`).toString('base64')
const auth = { kind: 'basic', users: { [me.username]: me.password } } as const
const credentials = async () => me
const guarded = { server: { auth }, client: { credentials } } as const

const elsewhere = (server: FakeRegistry) => server.requests.filter((each) => each.server === 'elsewhere')

/** The secret is nowhere in what came to the other server. */
function expectNoSecrets(server: FakeRegistry): void {
  for (const { authorization, headers, path, query } of elsewhere(server)) {
    expect(authorization).toBeUndefined()
    expect(JSON.stringify([headers, path, query])).not.toMatch(new RegExp(`${encoded}|${me.password}|Bearer|Basic`))
  }
}

const stages: readonly (readonly [string, MisbehaviourFilter])[] = [
  ['resolving', { method: 'HEAD' }],
  ['listing', { what: 'referrers' }],
  ['reading a manifest', { what: 'manifests', method: 'GET' }],
  ['reading a signature', { what: 'blobs' }],
]

// Without what ends these they would take for ever: a test that does not end says nothing.
describe('R11: a byte at a time', { timeout: 5_000 }, () => {
  test.each(stages.slice(1))('%s ends at the deadline', async (_, when) => {
    const { server, verify } = await createScene()
    server.misbehave({ when, how: { kind: 'slow', bytes: 1, milliseconds: 20 } })
    const error = await errorOf(verify('v1', { deadlineMilliseconds: 300 }))
    expect(error).toMatchObject(code('UNAVAILABLE_DEADLINE'))
    const sent = server.requests.reduce((sum, { sentBytes }) => sum + sentBytes, 0)
    expect(sent).toBeLessThan(3000)
  })

  test.each(stages)('%s that hangs ends after so much silence, and is tried so often', async (_, when) => {
    const { server, verify } = await createScene({ client: { limits: { idleMilliseconds: 60 } } })
    server.misbehave({ when, how: { kind: 'hang', at: 'request' } })
    expect((await errorOf(verify())).code).toMatch(/^UNAVAILABLE_(HOST|VERIFICATION)$/)
    const hanging = server.requests.filter(({ status }) => status === undefined)
    expect(hanging).toHaveLength(registryLimits.tries)
  })

  test('a caller who gives up leaves no connection behind', async () => {
    const { server, verify } = await createScene()
    // It would go on for many seconds, as long as somebody listens.
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'slow', bytes: 1, milliseconds: 20 } })
    const abort = new AbortController()
    const verification = verify('v1', { signal: abort.signal })
    await expect.poll(() => server.requests.length).toBe(2)
    abort.abort(new Error('enough'))
    await expect(verification).rejects.toThrow('enough')
    await expect.poll(() => server.requests.every(({ finished }) => finished !== undefined)).toBe(true)
  })
})

describe('R12: redirects', () => {
  test.each(stages)('%s that leads round and round ends', async (_, when) => {
    const { server, verify } = await createScene()
    server.misbehave({ when, how: { kind: 'redirect', to: 'itself' } })
    expect((await errorOf(verify())).code).toMatch(/^UNAVAILABLE_(REDIRECT|VERIFICATION)$/)
    expect(server.requests.filter(({ status }) => status === 307)).toHaveLength(1)
  })

  test.each([
    [registryLimits.redirects, 'verified'],
    [registryLimits.redirects + 1, 'UNAVAILABLE_REDIRECT'],
  ])('a chain of %i is %s', async (hops, outcome) => {
    const { server, verify } = await createScene()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'redirect', to: 'itself', hops } })
    expect(await outcomeOf(verify())).toBe(outcome)
  })

  test.each([
    'file:///etc/passwd',
    'ftp://127.0.0.1/x',
    'data:application/json,{}',
    'javascript:alert(1)',
    'http://me:secret@127.0.0.1/',
  ])('to %s is not followed', async (address) => {
    const { server, repository } = await createScene()
    server.misbehave({ how: { kind: 'redirect', to: new URL(address) } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_REDIRECT'))
    expect(server.requests).toHaveLength(1)
  })

  test('from https to http is not followed', async () => {
    const tls = await createFakeAuthority()
    const pem = encodePem('CERTIFICATE', tls.chain.at(-1)!)
    const { server, verify } = await createScene({
      server: { tls, auth },
      client: { credentials, insecureHosts: 'none', fetch: createSecureFetch(pem) },
    })
    expect(await outcomeOf(verify())).toBe('verified')
    for (const [, when] of stages) {
      const end = server.misbehave({
        when: { ...when, server: 'registry' },
        how: { kind: 'redirect', to: 'elsewhere' },
      })
      expect((await errorOf(verify())).code).toMatch(/^UNAVAILABLE_(REDIRECT|VERIFICATION)$/)
      end()
    }
    expect(elsewhere(server)).toEqual([])
  })
})

describe('GHSA-vh4v-2xq2-g5cg: credentials across redirects', () => {
  test.each([301, 302, 303, 307, 308] as const)('%i to another port gets none, at any step', async (status) => {
    const { server, verify } = await createScene(guarded)
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere', status } })
    expect(await outcomeOf(verify())).toBe('verified')
    expect(elsewhere(server).length).toBeGreaterThan(3)
    expectNoSecrets(server)
  })

  test('one that leads back does not get them again', async () => {
    const { server, repository } = await createScene(guarded)
    await repository.resolve('v1')
    server.forget()
    server.misbehave({ when: { server: 'registry', nth: 1 }, how: { kind: 'redirect', to: 'elsewhere' } })
    const back = new URL(`${server.origin}/v2/org/app/manifests/v1?back`)
    server.misbehave({ when: { server: 'elsewhere' }, how: { kind: 'redirect', to: back } })
    await outcomeOf(repository.resolve('v1'))
    expectNoSecrets(server)
    for (const { authorization } of server.requests.filter(({ query }) => query === 'back'))
      expect(authorization).toBeUndefined()
  })

  test('a bearer token stays at home, too', async () => {
    const bearer = { kind: 'bearer', users: auth.users } as const
    const { server, verify } = await createScene({ server: { auth: bearer }, client: { credentials } })
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere' } })
    expect(await outcomeOf(verify())).toBe('verified')
    expectNoSecrets(server)
    for (const { token } of server.tokens)
      for (const { headers } of elsewhere(server)) expect(JSON.stringify(headers)).not.toContain(token)
  })

  test('a host that asks for credentials after a redirect gets none', async () => {
    const { server, repository } = await createScene(guarded)
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere' } })
    const headers = { 'www-authenticate': 'Basic realm="everything"' }
    server.misbehave({ when: { server: 'elsewhere' }, how: { kind: 'status', status: 401, headers } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_REDIRECT'))
    expectNoSecrets(server)
  })
})

describe('CVE-2026-50151, GHSA-jxpm-75mh-9fp7: credentials to where an upload goes', () => {
  const blob = async (content: string) => {
    const bytes = text(content)
    return { bytes, descriptor: { mediaType: 'text/plain', digest: await digestBytes(bytes), size: bytes.length } }
  }

  test.each([0, 1000])('an upload that goes elsewhere goes without them (in chunks of %i)', async (chunkBytes) => {
    const limits = chunkBytes > 0 ? { chunkBytes } : {}
    const { server, repository, inside } = await createScene({ ...guarded, client: { credentials, limits } })
    server.misbehave({ how: { kind: 'location', to: 'elsewhere' } })
    const { bytes, descriptor } = await blob('x'.repeat(4000))
    await repository.push(descriptor, bytes)
    expect(elsewhere(server).map(({ method }) => method)).toContain('PUT')
    expectNoSecrets(server)
    expect(await inside.fetch(descriptor)).toBeDefined()
  })

  test.each([undefined, 'file:///etc/passwd', 'http://me:secret@127.0.0.1/', 'http://'])(
    'an upload that goes to %s goes nowhere',
    async (to) => {
      const { server, repository } = await createScene(guarded)
      server.misbehave({ how: { kind: 'location', to } })
      const { bytes, descriptor } = await blob('hello')
      await expect(repository.push(descriptor, bytes)).rejects.toMatchObject(code('UNAVAILABLE_REGISTRY'))
      expect(server.requests.some(({ method }) => method === 'PUT')).toBe(false)
    },
  )

  test('where an upload goes may ask for no credentials', async () => {
    const { server, repository } = await createScene(guarded)
    server.misbehave({ how: { kind: 'location', to: 'elsewhere' } })
    const headers = { 'www-authenticate': `Bearer realm="${server.elsewhere}/token",service="fake registry"` }
    server.misbehave({ when: { server: 'elsewhere' }, how: { kind: 'status', status: 401, headers } })
    const { bytes, descriptor } = await blob('hello')
    expect((await errorOf(repository.push(descriptor, bytes))).code).toMatch(/^UNAVAILABLE_/)
    expectNoSecrets(server)
    expect(server.requests.filter(({ server: at }) => at === 'token')).toEqual([])
  })
})

describe('R13: names that are more than names', () => {
  const references = [
    'v1\r\nX-Evil: 1',
    'v1 HTTP/1.1',
    '../../other/manifests/v1',
    'v1?x=y',
    'v1#x',
    '%2f..%2fv1',
    'v1/..',
    '',
    '.',
    '..',
    'v'.repeat(129),
  ]
  test.each(references)('the reference %j is none, and nothing is asked', async (reference) => {
    const { server, repository, verify } = await createScene()
    await expect(repository.resolve(reference)).rejects.toMatchObject({
      code: expect.stringMatching(/^INVALID_(REFERENCE|DIGEST)$/),
    })
    expect((await errorOf(verify(reference))).code).toMatch(/^INVALID_(REFERENCE|DIGEST)$/)
    expect(server.requests).toEqual([])
  })

  const digests = [
    'sha256:../../etc/passwd',
    `sha256:${'a'.repeat(63)}`,
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(64)}/../v1`,
    `sha256:${'a'.repeat(64)}?x`,
    `sha256:${'a'.repeat(64)}\r\nX: y`,
  ]
  test.each(digests)('CVE-2024-3727: the digest %j never becomes part of an address', async (digest) => {
    const { server, repository, image } = await createScene()
    const target = { ...image, digest: digest as never }
    for (const each of [target, { ...target, mediaType: 'text/plain' }]) {
      await expect(repository.fetch(each)).rejects.toMatchObject(code('INVALID_CONTENT'))
      await expect(repository.push(each, text('{}'))).rejects.toMatchObject({
        code: expect.stringMatching(/^INVALID_/),
      })
      await expect(repository.tag(each, 'v2')).rejects.toMatchObject({ code: expect.stringMatching(/^INVALID_/) })
    }
    expect(server.requests).toEqual([])
  })

  test.each([
    'host/org/app?x',
    'host/org/app#x',
    'host/../app',
    'host/org//app',
    'host/org/app/',
    'host/org/%2e%2e',
    'me:secret@host/org/app',
    'host:port/org/app',
    'host:99999/org/app',
    'ho st/app',
    'host\r\n/app',
    'https://host/org/app',
    'file:///etc/passwd',
    '0x7f.1/org/app',
    '2130706433:80/org/app',
  ])('the repository %j is none', (name) => {
    expect(() => createRegistry().repository(name)).toThrow(expect.objectContaining(code('INVALID_REFERENCE')))
    expect(() => parseImageReference(`${name}:v1`)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^INVALID_(REFERENCE|DIGEST)$/) }),
    )
  })

  test('an artifact type with a query in it stays a value', async () => {
    const { server, repository, image } = await createScene()
    const artifactType = 'a/b&n=1#\r\nX: y'
    for await (const _ of repository.referrers(image, { artifactType })) expect.fail()
    expect(server.requests).toHaveLength(1)
    expect(new URLSearchParams(server.requests[0]!.query).get('artifactType')).toBe(artifactType)
  })
})

test('R10: what a registry sends compressed is not decompressed at any step', async () => {
  const outcomes: string[] = []
  for (const [, when] of stages.slice(1)) {
    const scene: Scene = await createScene()
    scene.server.misbehave({ when, how: { kind: 'gzip' } })
    outcomes.push(await outcomeOf(scene.verify()))
  }
  expect(outcomes).toEqual(['UNAVAILABLE_VERIFICATION', 'UNAVAILABLE_VERIFICATION', 'UNAVAILABLE_VERIFICATION'])
})
