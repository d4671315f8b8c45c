// SPDX-License-Identifier: Apache-2.0
// What answers that are not the expected ones mean, and what is said about them.
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { isOcisignError, type OcisignError, readAll } from '@ocisign/core'
import type { Credential } from '@ocisign/registry'
import { describe, expect, test } from 'vitest'
import { code, serveRepository, text } from './support/serve.js'

const digest = `sha256:${'0'.repeat(64)}` as const
const blob = { mediaType: 'text/plain', digest, size: 7 }
const errorOf = async (call: Promise<unknown>): Promise<OcisignError> => {
  const error = await call.then(
    () => undefined,
    (each: unknown) => each,
  )
  if (isOcisignError(error)) return error as OcisignError
  throw new Error(`no error of ours: ${String(error)}`)
}

describe('statuses', () => {
  test.each([
    [400, 'UNSUPPORTED', 'UNAVAILABLE_REGISTRY', { codes: ['UNSUPPORTED'], retryable: false }],
    [401, 'UNAUTHORIZED', 'DENIED_CREDENTIALS', {}],
    [403, 'DENIED', 'DENIED_REPOSITORY', {}],
    [404, 'BLOB_UNKNOWN', 'UNAVAILABLE_NOT_FOUND', { status: undefined, host: undefined }],
    [404, 'NAME_UNKNOWN', 'UNAVAILABLE_REPOSITORY', { retryable: false }],
    [405, 'UNSUPPORTED', 'UNAVAILABLE_REGISTRY', {}],
    [408, 'UNKNOWN', 'UNAVAILABLE_REGISTRY', { retryable: true }],
    [429, 'TOOMANYREQUESTS', 'UNAVAILABLE_RATE_LIMIT', { retryable: true }],
    [400, 'TOOMANYREQUESTS', 'UNAVAILABLE_RATE_LIMIT', {}],
    [500, 'UNKNOWN', 'UNAVAILABLE_REGISTRY', { codes: ['UNKNOWN'], retryable: true }],
    [503, 'UNAVAILABLE', 'UNAVAILABLE_REGISTRY', { retryable: true }],
    [202, 'UNKNOWN', 'UNAVAILABLE_REGISTRY', { retryable: false }],
  ] as const)('%i %s is %s', async (status, said, expected, details) => {
    const { server, repository } = await serveRepository()
    const headers = { 'www-authenticate': 'Basic realm="test"' }
    server.misbehave({ how: { kind: 'status', status, code: said as never, ...(status === 401 && { headers }) } })
    const error = await errorOf(readAll(repository, blob))
    expect(error).toMatchObject(code(expected))
    const from = expected === 'UNAVAILABLE_NOT_FOUND' ? {} : { host: server.host, status, ...details }
    expect(error.details).toMatchObject(from)
    expect(error.message).toContain(server.host)
    if (status !== 401) expect(error.message).toContain(`${status}`)
    expect(error.message).toContain(`${server.host}/org/app`)
  })

  test.each([
    ['nothing', ''],
    ['a page', '<html><body>502 Bad Gateway</body></html>'],
    ['other JSON', '{"error":"x"}'],
    ['errors that are none', '{"errors":[1,null,{},{"code":5},{"code":"not a code"},{"code":"\\u001b[31mX"}]}'],
    ['duplicates', '{"errors":[{"code":"A"}],"errors":[{"code":"NAME_UNKNOWN"}]}'],
    ['too much', `{"errors":[{"code":"NAME_UNKNOWN","message":"${'x'.repeat(20_000)}"}]}`],
    ['no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
  ])('%s for an explanation is none', async (_, body) => {
    const { server, repository } = await serveRepository({}, { limits: { tries: 1 } })
    server.misbehave({ how: { kind: 'status', status: 502, body } })
    const error = await errorOf(readAll(repository, blob))
    expect(error.details).toMatchObject({ status: 502, codes: [] })
    expect(error.message).toMatch(/answered 502$/)
  })

  test('of many errors some are named', async () => {
    const { server, repository } = await serveRepository()
    const errors = Array.from({ length: 100 }, (_, index) => ({ code: `CODE_${index}`, message: `message ${index}` }))
    server.misbehave({ how: { kind: 'status', status: 400, body: JSON.stringify({ errors }) } })
    const error = await errorOf(readAll(repository, blob))
    expect(error.details).toMatchObject({ codes: { length: 8 } })
    expect(error.message.length).toBeLessThan(600)
  })

  test('a longer wait than allowed says how long', async () => {
    const { server, repository } = await serveRepository()
    for (const status of [429, 503]) {
      const end = server.misbehave({ how: { kind: 'status', status, retryAfter: 3600 } })
      const error = await errorOf(readAll(repository, blob))
      expect(error).toMatchObject(code('UNAVAILABLE_RATE_LIMIT', { status, retryAfterSeconds: 3600 }))
      end()
    }
  })

  test('what storage says is not said of the repository', async () => {
    const { server, repository } = await serveRepository()
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere' } })
    const { host } = new URL(server.elsewhere)
    for (const status of [403, 404]) {
      const end = server.misbehave({ when: { server: 'elsewhere' }, how: { kind: 'status', status } })
      const error = await errorOf(readAll(repository, blob))
      expect(error).toMatchObject(code('UNAVAILABLE_REGISTRY', { host, status, retryable: false }))
      end()
    }
  })

  test('no connection, no trust, and an unknown repository are told apart', async () => {
    const { server, repository } = await serveRepository(
      { tls: await createFakeAuthority() },
      { insecureHosts: 'none' },
    )
    expect(await errorOf(repository.resolve('v1'))).toMatchObject(code('UNAVAILABLE_TLS', { host: server.host }))
    await server.close()
    expect(await errorOf(repository.resolve('v1'))).toMatchObject(code('UNAVAILABLE_HOST', { host: server.host }))
    const other = await serveRepository()
    const unknown = await errorOf(other.repository.resolve('v1'))
    expect(unknown).toMatchObject(code('UNAVAILABLE_REPOSITORY', { repository: `${other.server.host}/org/app` }))
  })
})

describe('credentials', () => {
  const users = { me: 'hunter2-secret' }
  const right: Credential = { username: 'me', password: 'hunter2-secret' }

  test.each(['basic', 'bearer'] as const)('%s: asked for once, and used from then on', async (kind) => {
    const asked: string[] = []
    const credentials = async ({ host }: { readonly host: string }) => {
      asked.push(host)
      return right
    }
    const { server, repository } = await serveRepository({ auth: { kind, users } }, { credentials })
    server.seedImage('org/app', 'v1')
    const [one, two] = await Promise.all([repository.resolve('v1'), repository.resolve('v1')])
    expect(one).toEqual(two)
    await repository.resolve('v1')
    expect(asked).toEqual([server.host])
    expect(server.requests.at(-1)).toMatchObject({ method: 'HEAD', status: 200 })
  })

  test('a token that has run out is asked for anew', async () => {
    const options = { credentials: async () => right }
    const { server, repository } = await serveRepository({ auth: { kind: 'bearer', users } }, options)
    server.seedImage('org/app', 'v1')
    await repository.resolve('v1')
    server.revokeTokens()
    server.forget()
    await repository.resolve('v1')
    expect(server.requests.map(({ server: name, status }) => `${name} ${status}`)).toEqual([
      'registry 401',
      'token 200',
      'registry 200',
    ])
  })

  test.each(['basic', 'bearer'] as const)('%s: wrong ones are refused, and not sent for ever', async (kind) => {
    const credentials = async () => ({ username: 'me', password: 'wrong-secret' })
    const { server, repository } = await serveRepository({ auth: { kind, users } }, { credentials })
    server.seedImage('org/app', 'v1')
    const error = await errorOf(repository.resolve('v1'))
    expect(error).toMatchObject(code('DENIED_CREDENTIALS', { host: server.host }))
    expect(error.message).not.toContain('wrong-secret')
    expect(server.requests.length).toBeLessThan(8)
  })

  test('whoever may not push hears that', async () => {
    const options = { credentials: async () => right }
    const permissions = () => ['pull'] as const
    for (const refusal of [401, 403] as const) {
      const auth = { kind: 'bearer', users, permissions, refusal } as const
      const { server, repository } = await serveRepository({ auth }, options)
      server.seedImage('org/app', 'v1')
      await repository.resolve('v1')
      const bytes = text('content')
      const pushed = repository.push({ ...blob, digest: await digestOf(bytes) }, bytes)
      const { code: said } = await errorOf(pushed)
      expect(said.startsWith('DENIED_')).toBe(true)
    }
  })

  test('a registry that asks for ever is answered twice', async () => {
    const options = { credentials: async () => right }
    const { server, repository } = await serveRepository({ auth: { kind: 'bearer', users } }, options)
    const challenged = await fetch(`${server.origin}/v2/org/app/manifests/v1`)
    await challenged.text()
    const headers = { 'www-authenticate': challenged.headers.get('www-authenticate') ?? '' }
    server.forget()
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'status', status: 401, headers } })
    expect(await errorOf(repository.resolve('v1'))).toMatchObject({ code: expect.stringMatching(/^DENIED_/) })
    expect(server.requests.filter(({ server: name }) => name === 'registry').length).toBeLessThanOrEqual(3)
  })

  test('another host that asks who is there is not told', async () => {
    const options = { credentials: async () => right }
    const { server, repository } = await serveRepository({ auth: { kind: 'basic', users } }, options)
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere' } })
    server.misbehave({
      when: { server: 'elsewhere' },
      how: { kind: 'status', status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
    })
    const { host } = new URL(server.elsewhere)
    expect(await errorOf(readAll(repository, blob))).toMatchObject(code('UNAVAILABLE_REDIRECT', { host, status: 401 }))
    expect(server.requests.some(({ server: name, authorization }) => name === 'elsewhere' && authorization)).toBe(false)
  })

  test.each([400, 403, 404, 500])('what a registry repeats of them is not repeated: %i', async (status) => {
    const options = { credentials: async () => right, limits: { tries: 1 } }
    const { server, repository } = await serveRepository({ auth: { kind: 'basic', users } }, options)
    server.seedImage('org/app', 'v1')
    await repository.resolve('v1')
    server.misbehave({ how: { kind: 'echo', status } })
    const error = await errorOf(readAll(repository, blob))
    const sent = server.requests.at(-1)?.authorization ?? ''
    expect(sent).toMatch(/^Basic /)
    const shown = JSON.stringify([error.message, error.details])
    for (const secret of [sent, sent.slice(6), 'hunter2-secret']) expect(shown).not.toContain(secret)
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })
})

async function digestOf(bytes: Uint8Array) {
  const { digestBytes } = await import('@ocisign/core')
  return digestBytes(bytes)
}
