// SPDX-License-Identifier: Apache-2.0

import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { inspect } from 'node:util'
import { AggregateAuthenticationError, AuthenticationError } from '@azure/identity'
import { createFakeKeyVault } from '@ocisign/conformance/key-vault'
import { describeKey, isOcisignError } from '@ocisign/core'
import { createTrustedSigningKey, openKey as openProfile } from '@ocisign/provider-azure/trusted-signing'
import { openKey } from '@ocisign/provider-azure/uri'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openCredential } from '../src/uri/credential.js'

const token = 'eyJ0eXAiOiJKV1QifQ.secret'
const retry = { wait: async () => undefined }
const started: Server[] = []
const listen = async (listener: RequestListener) => {
  const server = createServer(listener)
  started.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** What gives tokens to managed identities, and counts how often it is asked. */
let answer: number | 'reset' = 200
let asked = 0
const metadata = await listen((request, response) => {
  asked++
  if (answer === 'reset') return void request.socket.destroy()
  const expires = String(Math.floor(Date.now() / 1000) + 3600)
  const good = { access_token: token, expires_in: '3600', expires_on: expires, resource: 'r', token_type: 'Bearer' }
  response.writeHead(answer, { 'content-type': 'application/json', 'retry-after': '0' })
  response.end(JSON.stringify(answer === 200 ? good : { error: 'e', error_description: 'on command' }))
})
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

beforeEach(() => {
  asked = 0
  // Whatever this machine has would be in between.
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'])
    for (const each of [name, name.toLowerCase()]) vi.stubEnv(each, undefined)
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', metadata.origin)
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => {
  for (const server of started) server.closeAllConnections()
  for (const server of started) server.close()
})

describe.each(['prod', 'ManagedIdentityCredential'])('credentials of the environment: %s', (wanted) => {
  const sign = async () => {
    vi.stubEnv('AZURE_TOKEN_CREDENTIALS', wanted)
    const credential = await openCredential('azurekms:', process.env)
    const options = { endpoint: 'http://127.0.0.1:1', account: 'a', profile: 'p', credential, retry }
    return errorOf(createTrustedSigningKey(options).sign(new Uint8Array()))
  }

  test.each([503, 429, 404, 410, 'reset'] as const)(
    'try once where it fails with %s, and we four times',
    async (how) => {
      answer = how
      expect(await sign()).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { tries: 4, retryable: true } })
      expect(asked).toBe(4)
    },
  )

  test('are refused once, and for good', async () => {
    answer = 400
    const error = await sign()
    expect(isOcisignError(error, 'DENIED_KEY')).toBe(true)
    expect(asked).toBe(1)
  })
})

test('of App Service, too', async () => {
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'prod')
  vi.stubEnv('IDENTITY_ENDPOINT', `${metadata.origin}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'header')
  answer = 503
  const key = await openProfile('trustedsigning://127.0.0.1:1/account/profile')
  const error = await errorOf(key.sign(new Uint8Array()))
  expect(error).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { tries: 4 } })
  expect(asked).toBe(4)
})

test('that there are not are said to be missing', async () => {
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'nonsense')
  expect(await errorOf(openKey('azurekms://vault/key'))).toMatchObject({ code: 'DENIED_KEY' })
})

describe('a service principal', () => {
  const signWith = (description: string) => {
    const failing = new AuthenticationError(400, {
      error: 'EnvironmentCredential failed',
      error_description: description,
    })
    const credential = { getToken: () => Promise.reject(new AggregateAuthenticationError([failing])) }
    const options = { endpoint: 'http://127.0.0.1:1', account: 'a', profile: 'p', credential, retry }
    return errorOf(createTrustedSigningKey(options).sign(new Uint8Array()))
  }

  test('that cannot be asked for is not one that is refused', async () => {
    vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'EnvironmentCredential')
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1')
    for (const [name, value] of Object.entries({ TENANT_ID: 'tenant', CLIENT_ID: 'client', CLIENT_SECRET: 'secret-1' }))
      vi.stubEnv(`AZURE_${name}`, value)
    const credential = await openCredential('azurekms:', process.env)
    const options = { endpoint: 'http://127.0.0.1:1', account: 'a', profile: 'p', credential, retry }
    const error = await errorOf(createTrustedSigningKey(options).sign(new Uint8Array()))
    expect(error).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { tries: 4 } })
    expect(inspect(error, { depth: 9 })).not.toContain('secret-1')
  })

  test('that is refused is refused with the number of the reason', async () => {
    const error = await signWith('invalid_client: AADSTS7000222: The provided client secret keys are expired.')
    expect(error).toMatchObject({ code: 'DENIED_KEY', message: expect.stringContaining(', AADSTS7000222)') })
  })
})

describe('a key URI', async () => {
  const vault = await createFakeKeyVault({ token })
  const version = vault.createKey('release', 'EC', 'P-256')
  afterAll(() => vault.close())
  // A vault has the name of Microsoft's, or its challenge is not believed: a proxy leads there.
  const proxy = await listen(() => undefined)
  proxy.server.on('connect', (_request, socket) => {
    const upstream = connect(Number(new URL(vault.origin).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  beforeEach(() => {
    vault.recover()
    vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'prod')
    vi.stubEnv('HTTPS_PROXY', proxy.origin)
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  })
  const open = (uri = 'azurekms://my-vault/release') => openKey(uri)

  test('opens a key, with one request for a token, and one for the key after the challenge', async () => {
    answer = 200
    const before = vault.requests.length
    expect((await open()).id.endsWith(`/keys/release/${version}`)).toBe(true)
    expect([asked, vault.requests.length - before]).toEqual([1, 2])
  })

  test.each([
    ['azurekms://my-vault/release', 'my-vault.vault.azure.net'],
    ['azurekms://my-hsm.managedhsm.azure.net/release', 'my-hsm.managedhsm.azure.net'],
  ])('%s signs at %s', async (uri, host) => {
    answer = 200
    const before = vault.requests.length
    const key = await open(uri)
    expect(key.id).toBe(`azurekms://${host}/keys/release/${version}`)
    // Verifies what it signs.
    await describeKey(key)
    expect(new Set(vault.requests.slice(before).map(({ headers }) => headers.host))).toEqual(new Set([host]))
  })

  test('has clients that try once, and we four times', async () => {
    answer = 200
    const before = vault.requests.length
    vault.fail({ status: 503, body: {}, headers: { 'retry-after': '0' } })
    expect(await errorOf(open())).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { tries: 4 } })
    expect(vault.requests.length - before).toBe(4)
  })

  test('has credentials that try once, and we four times', async () => {
    answer = 503
    const before = vault.requests.length
    expect(await errorOf(open())).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { tries: 4 } })
    expect(asked).toBe(4)
    expect(vault.requests.length - before).toBe(4)
  })
})
