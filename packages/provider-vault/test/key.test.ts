// SPDX-License-Identifier: Apache-2.0
import { createFakeVault, type FakeVault } from '@ocisign/conformance/vault'
import { isOcisignError, type PublicKeyMaterial, type SigningKey } from '@ocisign/core'
import { createVaultKey, type VaultKeyOptions } from '@ocisign/provider-vault'
import { openKey, scheme } from '@ocisign/provider-vault/uri'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

const token = 's.0123456789abcdefghij'
let vault: FakeVault
beforeAll(async () => {
  vault = await createFakeVault({ token })
  vault.createKey('release', 'ecdsa-p256')
  vault.createKey('release', 'ecdsa-p256')
  vault.createKey('rsa', 'rsa-2048')
  vault.createKey('small', 'ed25519')
  vault.createKey('secret', 'aes256-gcm96')
})
afterAll(() => vault.close())
beforeEach(() => vault.recover())

const retry = { wait: async () => undefined }
const open = (options: Partial<VaultKeyOptions> = {}) =>
  createVaultKey({ address: vault.origin, token, key: 'release', retry, ...options })
const message = new Uint8Array([1, 2, 3])
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    (error: unknown) => isOcisignError(error) && error.code,
  )
const lastBody = () => JSON.parse(new TextDecoder().decode(vault.requests.at(-1)!.body))
const spki = async (key: SigningKey<PublicKeyMaterial>) => (await key.sign(message)).material.spki

describe('versions', () => {
  test('takes the newest and says which', async () => {
    expect((await open()).id).toBe('hashivault://release?version=2')
  })

  test('takes the one that is asked for, and stays with it', async () => {
    const [first, second] = [await open({ version: 1 }), await open()]
    expect(first.id).toBe('hashivault://release?version=1')
    expect(await spki(first)).not.toEqual(await spki(second))
    vault.createKey('release', 'ecdsa-p256')
    await second.sign(message)
    expect(lastBody().key_version).toBe(2)
  })

  test('says which versions there are', async () => {
    expect(await codeOf(open({ version: 9 }))).toBe('UNAVAILABLE_KEY')
    await expect(open({ version: 9 })).rejects.toThrow(/has no version 9; it has 1, 2/)
  })

  test('refuses a signature of another version', async () => {
    const key = await open()
    vault.fail({ status: 200, body: { data: { signature: 'vault:v1:AAAA' } } })
    expect(await codeOf(key.sign(message))).toBe('UNAVAILABLE_KEY')
  })
})

test('asks for a salt as long as the hash', async () => {
  await (await open({ key: 'rsa' })).sign(message)
  expect(lastBody()).toMatchObject({
    prehashed: true,
    hash_algorithm: 'sha2-256',
    signature_algorithm: 'pss',
    salt_length: 'hash',
  })
})

test.each(['small', 'secret'])('refuses the key "%s", which signs nothing here', async (key) => {
  expect(await codeOf(open({ key }))).toBe('UNSUPPORTED_KEY')
})

test('names the namespace', async () => {
  const other = await createFakeVault({ token, namespace: 'team/a', mount: 'keys/transit' })
  other.createKey('release', 'ecdsa-p384')
  const key = await open({ address: other.origin, namespace: 'team/a', mount: 'keys/transit' })
  expect(key.algorithm.keyBits).toBe(384)
  expect(await codeOf(open({ address: other.origin, mount: 'keys/transit' }))).toBe('DENIED_KEY')
  await other.close()
})

test('asks for a token before each request', async () => {
  let asked = 0
  const ask = async () => {
    asked++
    return token
  }
  const key = await open({ token: ask })
  await key.sign(message)
  expect(asked).toBe(2)
  expect(await codeOf(open({ token: () => Promise.reject(new Error('no agent')) }))).toBe('DENIED_KEY')
})

test('tries again what may succeed later', async () => {
  const key = await open()
  vault.fail({ status: 429, body: { errors: [] } }, { times: 2 })
  await key.sign(message)
  vault.fail({ kind: 'reset' })
  const error = await key.sign(message).catch((reason: unknown) => reason)
  expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details).toMatchObject({ retryable: true, tries: 4 })
})

test('names the permission that is missing', async () => {
  const key = await open()
  const forbidden = { status: 403, body: { errors: ['permission denied'] } }
  const says = (text: string) => ({ code: 'DENIED_KEY', message: expect.stringContaining(text) })
  vault.fail(forbidden)
  await expect(key.sign(message)).rejects.toMatchObject(says('allows update on transit/sign/release ('))
  await expect(open()).rejects.toMatchObject(says('allows read on transit/keys/release ('))
})

test('says why the server cannot be reached', async () => {
  const failing = (code: string) =>
    open({ fetch: () => Promise.reject(new TypeError('fetch failed', { cause: { code } })) })
  const says = (text: string, retryable: boolean) => ({
    message: expect.stringContaining(text),
    details: { retryable },
  })
  await expect(failing('ENOTFOUND')).rejects.toMatchObject(
    says(`on ${new URL(vault.origin).host} cannot be reached (ENOTFOUND) (tried 4 times)`, true),
  )
  await expect(failing('CERT_HAS_EXPIRED')).rejects.toMatchObject(says('is not trusted (CERT_HAS_EXPIRED)', false))
})

test('tries again to open a key, too', async () => {
  const before = vault.requests.length
  vault.fail({ status: 503, body: { errors: ['Vault is sealed'] } }, { times: 3 })
  await open()
  expect(vault.requests.length - before).toBe(4)
})

test.each([
  '-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n',
  '-----BEGIN PUBLIC KEY-----\nAAAA',
  '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
])('has nothing to do with a public key that cannot be read: %j', async (public_key) => {
  vault.fail({ status: 200, body: { data: { type: 'ecdsa-p256', latest_version: 1, keys: { 1: { public_key } } } } })
  expect(await codeOf(open())).toBe('UNAVAILABLE_KEY')
})

test('does not take its token along a redirect', async () => {
  const other = await createFakeVault({ token })
  vault.fail({ status: 307, headers: { location: `${other.origin}/v1/transit/keys/release` } })
  expect(await codeOf(open())).toBe('UNAVAILABLE_KEY')
  expect(other.requests).toHaveLength(0)
  await other.close()
})

test('does not repeat what the server says as it is', async () => {
  vault.fail({ status: 403, body: { errors: ['\u001b[31mevil\u001b[0m'.repeat(1000)] } })
  const error = (await open().catch((reason: unknown) => reason)) as Error
  expect(error.message).not.toContain('\u001b')
  expect(error.message.length).toBeLessThan(400)
})

test.each<[string, Partial<VaultKeyOptions>]>([
  ['plain http to another machine', { address: 'http://vault.example.com:8200' }],
  ['an address with a user', { address: 'https://me:pass@vault.example.com' }],
  ['no address', { address: 'vault' }],
  ['a key that leads elsewhere', { key: '../sys/seal' }],
  ['a key with a query', { key: 'a?b' }],
  ['a mount that leads elsewhere', { mount: 'transit/../sys' }],
  ['a token with a line break', { token: 'a\nb' }],
])('refuses %s', async (_, options) => {
  expect(await codeOf(open(options))).toBe('MISUSE_OPTION')
})

describe('openKey', () => {
  const environment = () => ({ VAULT_ADDR: vault.origin, VAULT_TOKEN: token })

  test('opens a key by its URI', async () => {
    expect(scheme).toBe('hashivault')
    const key = await openKey('hashivault://release?version=1', { environment: environment() })
    expect(key.id).toBe('hashivault://release?version=1')
    await key.sign(message)
  })

  test.each([
    ['hashivault://', 'INVALID_KEY'],
    ['hashivault://a/b', 'INVALID_KEY'],
    ['hashivault://release?version=x', 'INVALID_KEY'],
    ['hashivault://release?version=1&version=2', 'INVALID_KEY'],
    ['hashivault://release?token=x', 'INVALID_KEY'],
    ['awskms://release', 'INVALID_KEY'],
  ])('refuses %s', async (uri, code) => {
    expect(await codeOf(openKey(uri, { environment: environment() }))).toBe(code)
  })

  test('says what is missing in the environment', async () => {
    expect(await codeOf(openKey('hashivault://release', { environment: {} }))).toBe('INVALID_KEY')
    expect(await codeOf(openKey('hashivault://release', { environment: { VAULT_ADDR: vault.origin } }))).toBe(
      'DENIED_KEY',
    )
  })
})
