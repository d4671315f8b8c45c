// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { createSpoiled, signingKeyCases } from '@ocisign/conformance'
import { createFakeTrustedSigning } from '@ocisign/conformance/trusted-signing'
import { createNotarySigner, isOcisignError, jws } from '@ocisign/core'
import {
  createTrustedSigningKey,
  openKey,
  scheme,
  type TrustedSigningKeyOptions,
} from '@ocisign/provider-azure/trusted-signing'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

const token = 'eyJ0eXAiOiJKV1QifQ.secret'
const service = await createFakeTrustedSigning({ token })
const { origin: endpoint, account, profile } = service
const credential = { getToken: async () => ({ token, expiresOnTimestamp: Number.POSITIVE_INFINITY }) }
const retry = { wait: async () => undefined }
const open = (options: Partial<TrustedSigningKeyOptions> = {}) =>
  createTrustedSigningKey({ endpoint, account, profile, credential, retry, ...options })
afterAll(() => service.close())
beforeEach(() => {
  service.recover()
  service.endWith('Succeeded')
})

const message = new Uint8Array([1, 2, 3])
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )
const codeOf = async (call: Promise<unknown>) => {
  const error = await errorOf(call)
  return isOcisignError(error) && error.code
}

describe('conformance', () => {
  const create = async () => open()
  const failing = (status: number) => () => createSpoiled(create, () => service.fail({ status, body: {} }))
  const failures = [
    { name: 'calls are throttled', code: 'UNAVAILABLE_KEY', create: failing(429) },
    { name: 'the caller may not sign', code: 'DENIED_KEY', create: failing(403) },
    { name: 'there is no such profile', code: 'UNAVAILABLE_KEY', create: async () => open({ profile: 'missing' }) },
  ]
  const createStalled = () => createSpoiled(create, () => service.fail({ kind: 'stall' }))
  for (const { name, run } of signingKeyCases({ create, failures, createStalled, secrets: [token], inspect }))
    test(name, run)
})

test('brings the chain of the day with each signature, leaf first', async () => {
  const key = open()
  const first = (await key.sign(message)).material.chain
  await service.renew()
  const second = (await key.sign(message)).material.chain
  expect(first).toHaveLength(3)
  expect(first[0]).not.toEqual(second[0])
  expect(second.slice(1)).toEqual(first.slice(1))
  expect(second[2]).toEqual(service.authority.certificate)
})

test('is refused by a signer without a timestamp, unless that is asked for by name', async () => {
  expect(() => createNotarySigner({ key: open(), format: jws })).toThrowError(
    expect.objectContaining({ code: 'MISUSE_TIMESTAMP_REQUIRED' }),
  )
  const signer = createNotarySigner({ key: open(), format: jws, timestamper: 'none' })
  const digest = `sha256:${'0'.repeat(64)}` as const
  await signer.sign({ digest, size: 1, mediaType: 'application/octet-stream' })
})

test.each([
  ['Failed', 1, false],
  ['TimedOut', 4, true],
  ['NotFound', 1, false],
  ['\u001b[31mOdd', 1, false],
])('an operation that ends with %s was no success', async (status, times, retryable) => {
  service.endWith(status)
  const before = service.requests.filter(({ method }) => method === 'POST').length
  const error = await errorOf(open().sign(message))
  expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details.retryable).toBe(retryable)
  expect(service.requests.filter(({ method }) => method === 'POST').length - before).toBe(times)
  expect(String(error)).not.toContain('\u001b')
})

test('is not asked for ever', async () => {
  const slow = await createFakeTrustedSigning({ token, polls: 1000 })
  const key = open({ endpoint: slow.origin, deadlineMilliseconds: 10_000 })
  expect(await codeOf(key.sign(message))).toBe('UNAVAILABLE_KEY')
  expect(slow.requests.length).toBeLessThan(10)
  await slow.close()
})

test('does not wait for ever for a service that does not answer', async () => {
  service.fail({ kind: 'stall' })
  const error = await errorOf(open({ deadlineMilliseconds: 50 }).sign(message))
  expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details).toMatchObject({ retryable: false })
})

test('does not take its token along a redirect', async () => {
  const other = await createFakeTrustedSigning({ token })
  service.fail({ status: 307, headers: { location: `${other.origin}/` } })
  expect(await codeOf(open().sign(message))).toBe('UNAVAILABLE_KEY')
  expect(other.requests).toHaveLength(0)
  await other.close()
})

test.each<[string, unknown]>([
  ['no certificate', { status: 'Succeeded', operationId: 'x', signature: 'AAAA' }],
  [
    'a certificate that is none',
    { status: 'Succeeded', operationId: 'x', signature: 'AAAA', signingCertificate: 'AAAA' },
  ],
  ['no operation', { status: 'InProgress' }],
  ['an operation that leads elsewhere', { status: 'InProgress', operationId: '../../x' }],
])('refuses an answer with %s', async (_, body) => {
  service.fail({ status: 200, body })
  expect(await codeOf(open().sign(message))).toBe('UNAVAILABLE_KEY')
})

test.each<[string, Partial<TrustedSigningKeyOptions>]>([
  ['plain http to another machine', { endpoint: 'http://weu.codesigning.azure.net' }],
  ['an endpoint with a path', { endpoint: 'https://weu.codesigning.azure.net/x' }],
  ['an account that leads elsewhere', { account: '../x' }],
  ['a profile with a query', { profile: 'x?y' }],
])('refuses %s', (_, options) => {
  expect(() => open(options)).toThrowError(expect.objectContaining({ code: 'MISUSE_OPTION' }))
})

test.each(['trustedsigning:', 'trustedsigning://weu', 'trustedsigning://weu/account', 'trustedsigning://weu/a/b/c'])(
  'refuses the URI %s',
  async (uri) => {
    expect(scheme).toBe('trustedsigning')
    expect(await codeOf(openKey(uri))).toBe('INVALID_KEY')
  },
)
