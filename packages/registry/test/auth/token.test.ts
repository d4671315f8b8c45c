// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { requestToken } from '../../src/auth/token.js'
import type { Credential } from '../../src/auth/types.js'
import { basicOf, caught, type Reply, type Seen, serve, textOf, transport } from './support.js'

const secret = 'hunter2-s\u00e9cret'
const password = { username: 'alice', password: secret }

async function ask(
  reply: Reply | ((request: Seen) => Reply),
  credential?: Exclude<Credential, { readonly registryToken: string }>,
  more: { readonly service?: string; readonly scopes?: readonly string[]; readonly query?: string } = {},
) {
  const server = await serve((request) => (typeof reply === 'function' ? reply(request) : reply))
  const run = () =>
    requestToken(transport, {
      realm: new URL(`${server.origin}/token${more.query ?? ''}`),
      service: more.service,
      scopes: more.scopes ?? [],
      credential,
      host: 'registry.example',
    })
  return { ...server, run }
}

describe('the request', () => {
  test('anonymous: GET with the service and the scopes, and no more', async () => {
    const scopes = ['repository:org/app:pull,push', 'repository:org/base:pull']
    const { run, seen } = await ask({ body: { token: 'abc' } }, undefined, {
      service: 'a service',
      scopes,
      query: '?x=1',
    })
    expect(await run()).toEqual({ token: 'abc', seconds: 60 })
    expect(seen).toHaveLength(1)
    expect(seen[0]?.method).toBe('GET')
    expect([...seen[0]!.url.searchParams]).toEqual([
      ['x', '1'],
      ['service', 'a service'],
      ...scopes.map((scope) => ['scope', scope]),
    ])
    expect(seen[0]?.headers.authorization).toBeUndefined()
  })

  test('a name and a password: GET with Basic, in UTF-8', async () => {
    const { run, seen } = await ask({ body: { token: 'abc' } }, password)
    await run()
    expect(basicOf(seen[0]?.headers.authorization)).toBe(`alice:${secret}`)
    expect(seen[0]?.url.href).not.toContain(secret)
  })

  test('an identity token: POST, as OAuth 2.0 has it', async () => {
    const scopes = ['repository:org/app:pull', 'repository:b:pull']
    const { run, seen } = await ask(
      { body: { access_token: 'abc' } },
      { identityToken: secret },
      { service: 's', scopes },
    )
    expect(await run()).toEqual({ token: 'abc', seconds: 60 })
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ method: 'POST' })
    expect(seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(seen[0]?.headers.authorization).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: secret,
      service: 's',
      client_id: 'ocisign',
      scope: scopes.join(' '),
    })
  })

  test.each([404, 405])('a service that answers GET with %d is asked by POST', async (status) => {
    const { run, seen } = await ask(
      ({ method }) => (method === 'GET' ? { status } : { body: { access_token: 'abc' } }),
      password,
    )
    expect(await run()).toEqual({ token: 'abc', seconds: 60 })
    const form = Object.fromEntries(new URLSearchParams(seen[1]?.body))
    expect(form).toEqual({ grant_type: 'password', username: 'alice', password: secret, client_id: 'ocisign' })
  })

  test('but not where there is nothing to say', async () => {
    const { run, seen } = await ask({ status: 404 })
    expect((await caught(run)).code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(seen).toHaveLength(1)
  })
})

describe('the answer', () => {
  test.each<[unknown, unknown]>([
    [{ token: 'a' }, { token: 'a', seconds: 60 }],
    [{ access_token: 'a' }, { token: 'a', seconds: 60 }],
    [
      { token: 'a', access_token: 'b', expires_in: 300 },
      { token: 'a', seconds: 300 },
    ],
    [
      { token: '', access_token: 'b' },
      { token: 'b', seconds: 60 },
    ],
    [
      { token: null, access_token: 'b', refresh_token: 'c' },
      { token: 'b', seconds: 60 },
    ],
    [
      { token: 'a', expires_in: 0 },
      { token: 'a', seconds: 60 },
    ],
    [
      { token: 'a', expires_in: -5 },
      { token: 'a', seconds: 60 },
    ],
    [
      { token: 'a', expires_in: '300' },
      { token: 'a', seconds: 60 },
    ],
    [
      { token: 'a', expires_in: 1e300 },
      { token: 'a', seconds: 86_400 },
    ],
    ['{"token":"a","expires_in":1e999}', { token: 'a', seconds: 86_400 }],
    [
      { token: 'a', issued_at: '1970-01-01T00:00:00Z', expires_in: 10 },
      { token: 'a', seconds: 10 },
    ],
  ])('%j', async (body, expected) => {
    const { run } = await ask({ body })
    expect(await run()).toEqual(expected)
  })

  test.each<unknown>([
    {},
    [],
    '',
    'null',
    '<html>',
    '{"token":"a","token":"b"}',
    { token: 5 },
    { token: 'a b' },
    { token: 'a\r\nX-Injected: 1' },
    { token: 'gar\u00e7on' },
    new Uint8Array([0x7b, 0xff, 0x7d]),
    `${'['.repeat(1000)}${']'.repeat(1000)}`,
  ])('%j is no token', async (body) => {
    const { run } = await ask({ body })
    const error = await caught(run)
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(error.details).toMatchObject({ host: 'registry.example', status: 200, retryable: false })
  })

  test('is at most 64 KiB', async () => {
    const { run } = await ask({ body: { token: 'a'.repeat(64 * 1024) } })
    expect((await caught(run)).code).toBe('UNAVAILABLE_LIMIT')
    const fits = await ask({ body: { token: 'a'.repeat(63 * 1024) } })
    expect(await fits.run()).toMatchObject({ seconds: 60 })
  })

  test.each([401, 403])('%d is a refusal', async (status) => {
    expect(await (await ask({ status }, password)).run()).toEqual({ refused: status })
    expect(await (await ask({ status }, { identityToken: 'x' })).run()).toEqual({ refused: status })
  })

  test('400 is one for a grant only', async () => {
    expect(await (await ask({ status: 400 }, { identityToken: 'x' })).run()).toEqual({ refused: 400 })
    expect((await caught((await ask({ status: 400 }, password)).run)).code).toBe('UNAVAILABLE_CREDENTIALS')
  })

  test.each([
    [500, true],
    [503, true],
    [429, true],
    [201, false],
    [204, false],
    [418, false],
  ])('%d is no answer (retryable: %j)', async (status, retryable) => {
    const error = await caught((await ask({ status, body: status === 204 ? '' : { token: 'a' } })).run)
    expect(error.code).toBe('UNAVAILABLE_CREDENTIALS')
    expect(error.details).toMatchObject({ status, retryable })
  })
})

describe('secrets', () => {
  test('R15: a service that echoes what it was sent finds none of it in the error', async () => {
    for (const status of [200, 400, 418, 500])
      for (const credential of [password, { identityToken: secret }]) {
        const { run } = await ask(
          ({ headers, body, url }) => ({ status, body: `${JSON.stringify(headers)}${body}${url}\u001b[31m` }),
          credential,
        )
        const error = await run().then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        for (const each of [
          secret,
          Buffer.from(`alice:${secret}`).toString('base64'),
          '\u001b',
          encodeURIComponent(secret),
        ])
          expect(textOf(error)).not.toContain(each)
      }
  })

  test.each([301, 302, 303, 307, 308])('a redirect (%d) to another origin gets no request at all', async (status) => {
    const other = await serve(() => ({ body: { token: 'stolen' } }))
    for (const credential of [password, { identityToken: secret }, undefined]) {
      const { run } = await ask({ status, headers: { location: `${other.origin}/token` } }, credential)
      expect((await caught(run)).code).toBe('UNAVAILABLE_REDIRECT')
    }
    expect(other.seen).toHaveLength(0)
  })

  test('one within the origin is followed', async () => {
    const { run, seen } = await ask(
      ({ url }) =>
        url.pathname === '/token' ? { status: 307, headers: { location: '/new' } } : { body: { token: 'a' } },
      password,
    )
    expect(await run()).toMatchObject({ token: 'a' })
    expect(seen.map(({ headers }) => basicOf(headers.authorization))).toEqual([`alice:${secret}`, `alice:${secret}`])
  })
})
