// SPDX-License-Identifier: Apache-2.0
import { KeyManagementServiceClient } from '@google-cloud/kms'
import { createFakeCloudKms, type FakeCloudKms } from '@ocisign/conformance/cloud-kms'
import { isOcisignError } from '@ocisign/core'
import { type CloudKmsClientLike, createCloudKmsKey } from '@ocisign/provider-gcp'
import { openKey, scheme } from '@ocisign/provider-gcp/uri'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { crc32c } from '../src/checksum.js'

let kms: FakeCloudKms
let client: KeyManagementServiceClient
beforeAll(async () => {
  kms = await createFakeCloudKms()
  client = new KeyManagementServiceClient(kms.clientOptions)
})
afterEach(() => {
  kms.recover()
  vi.unstubAllEnvs()
})
afterAll(() => Promise.all([client.close(), kms.close()]))

const clientLike: CloudKmsClientLike = {
  getPublicKey: (request) => client.getPublicKey(request),
  asymmetricSign: (request) => client.asymmetricSign(request),
  listCryptoKeyVersionsAsync: (request) => client.listCryptoKeyVersionsAsync(request),
}
const retry = { wait: async () => undefined }
const message = new Uint8Array([1, 2, 3])
const open = (keyId: string) => createCloudKmsKey({ client, keyId, retry })
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )
const codeOf = async (call: Promise<unknown>) => {
  const error = await errorOf(call)
  return isOcisignError(error) && error.code
}

describe('versions', () => {
  test('takes the newest that is enabled, says which, and stays with it', async () => {
    const keyId = kms.createKey('rotating', 'EC_SIGN_P256_SHA256')
    for (let version = 2; version <= 11; version++) kms.createKey('rotating', 'EC_SIGN_P256_SHA256')
    kms.disable(`${keyId}/cryptoKeyVersions/11`)
    const key = await open(keyId)
    expect(key.id).toBe(`gcpkms://${keyId}/cryptoKeyVersions/10`)
    const { material } = await key.sign(message)
    kms.createKey('rotating', 'EC_SIGN_P256_SHA256')
    expect((await key.sign(message)).material).toEqual(material)
    expect((await open(keyId)).id).toBe(`gcpkms://${keyId}/cryptoKeyVersions/12`)
  })

  test('takes the one that is asked for, which has to be enabled', async () => {
    const keyId = kms.createKey('named', 'EC_SIGN_P384_SHA384')
    expect((await open(`${keyId}/cryptoKeyVersions/1`)).id).toBe(`gcpkms://${keyId}/cryptoKeyVersions/1`)
    kms.disable(`${keyId}/cryptoKeyVersions/1`)
    expect(await codeOf(open(`${keyId}/cryptoKeyVersions/1`))).toBe('UNAVAILABLE_KEY')
    expect(await codeOf(open(keyId))).toBe('UNAVAILABLE_KEY')
  })
})

test.each([
  'RSA_SIGN_PKCS1_2048_SHA256',
  'RSA_SIGN_PSS_3072_SHA256',
  'RSA_SIGN_PSS_4096_SHA256',
  'EC_SIGN_SECP256K1_SHA256',
])('refuses %s, and names those that fit', async (algorithm) => {
  const error = await errorOf(open(kms.createKey(algorithm.toLowerCase(), algorithm)))
  expect(isOcisignError(error, 'UNSUPPORTED_KEY') && error.details.supported).toHaveLength(4)
  expect((error as Error).message).toContain('RSA_SIGN_PSS_4096_SHA512')
})

test('notices a damaged public key, and that of another version', async () => {
  const keyId = kms.createKey('damaged', 'EC_SIGN_P256_SHA256')
  kms.damage('pem')
  expect(await errorOf(open(keyId))).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { tries: 4 } })
  kms.damage('name')
  expect(await codeOf(open(keyId))).toBe('UNAVAILABLE_KEY')
})

test.each([
  '-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n',
  '-----BEGIN PUBLIC KEY-----\nAAAA',
  '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
])('has nothing to do with a public key that cannot be read: %j', async (pem) => {
  const name = `${kms.createKey('unreadable', 'EC_SIGN_P256_SHA256')}/cryptoKeyVersions/1`
  const pemCrc32c = { value: crc32c(new TextEncoder().encode(pem)) }
  const answering: CloudKmsClientLike = {
    ...clientLike,
    getPublicKey: async () => [{ name, pem, pemCrc32c, algorithm: 'EC_SIGN_P256_SHA256' }],
  }
  expect(await codeOf(createCloudKmsKey({ client: answering, keyId: name }))).toBe('UNAVAILABLE_KEY')
})

test('does not guess which of too many versions is the newest', async () => {
  const keyId = kms.createKey('many', 'EC_SIGN_P256_SHA256')
  const listing = (count: number): CloudKmsClientLike => ({
    ...clientLike,
    async *listCryptoKeyVersionsAsync() {
      for (let left = count; left > 0; left--) yield { name: `${keyId}/cryptoKeyVersions/1`, state: 'ENABLED' }
    },
  })
  expect(await codeOf(createCloudKmsKey({ client: listing(10_001), keyId }))).toBe('UNAVAILABLE_LIMIT')
  expect((await createCloudKmsKey({ client: listing(10_000), keyId })).id).toContain('cryptoKeyVersions/1')
})

test('names the permission that is missing', async () => {
  const keyId = kms.createKey('guarded', 'EC_SIGN_P256_SHA256')
  const key = await open(keyId)
  kms.fail({ code: 7 })
  const says = (text: string) => ({ code: 'DENIED_KEY', message: expect.stringContaining(text) })
  expect(await errorOf(key.sign(message))).toMatchObject(says('cryptoKeyVersions.useToSign'))
  expect(await errorOf(open(keyId))).toMatchObject(says('cryptoKeyVersions.list'))
  expect(await errorOf(open(`${keyId}/cryptoKeyVersions/1`))).toMatchObject(says('cryptoKeyVersions.viewPublicKey'))
})

test('says why nobody was reached', async () => {
  const details = 'No connection established. Last error: certificate has expired\u001b'
  const failing: CloudKmsClientLike = {
    ...clientLike,
    getPublicKey: () => Promise.reject(Object.assign(new Error('14'), { code: 14, details })),
  }
  const keyId = `${kms.createKey('far', 'EC_SIGN_P256_SHA256')}/cryptoKeyVersions/1`
  const error = (await errorOf(createCloudKmsKey({ client: failing, keyId, retry: { tries: 1 } }))) as Error
  expect(error.message).toContain(
    'cannot be reached (14: No connection established. Last error: certificate has expired',
  )
  expect(error.message).not.toContain('\u001b')
})

test('tries again what may succeed later, and says how often', async () => {
  const key = await open(kms.createKey('busy', 'EC_SIGN_P256_SHA256'))
  const before = kms.requests.length
  kms.fail({ code: 8 })
  const error = await errorOf(key.sign(message))
  expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details).toMatchObject({ tries: 4, retryable: true })
  expect(kms.requests.length - before).toBe(4)
})

test('knows CRC-32C', () => {
  // RFC 3720, B.4.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
})

describe('openKey', () => {
  test.each(['gcpkms:', 'gcpkms://', 'gcpkms://key', 'gcpkms://projects/p', 'gcpkms://projects/p?x=1', 'file:key.pem'])(
    'refuses %s',
    async (uri) => {
      expect(scheme).toBe('gcpkms')
      expect(await codeOf(openKey(uri))).toBe('INVALID_KEY')
    },
  )

  test('has a client that tries nothing again, for that is what the key does', async () => {
    const clients: unknown[] = []
    vi.spyOn(KeyManagementServiceClient.prototype, 'initialize').mockImplementation(async function (
      this: KeyManagementServiceClient,
    ) {
      clients.push(this)
      throw new Error('far enough')
    })
    const keyId = kms.createKey('once', 'EC_SIGN_P256_SHA256')
    expect(await codeOf(openKey(`gcpkms://${keyId}`))).toBe('DENIED_KEY')
    vi.restoreAllMocks()
    const defaults = (clients[0] as { _defaults: Record<string, { retry: { retryCodes: number[] } }> })._defaults
    for (const method of ['asymmetricSign', 'getPublicKey', 'listCryptoKeyVersions'])
      expect(defaults[method]?.retry.retryCodes).toEqual([])
  })

  test('leaves no connection open where the key cannot be opened', async () => {
    const own = KeyManagementServiceClient.prototype
    vi.spyOn(own, 'initialize').mockResolvedValue({})
    const asked = vi.spyOn(own, 'getPublicKey').mockRejectedValue(Object.assign(new Error('NOT_FOUND'), { code: 5 }))
    const closed = vi.spyOn(own, 'close')
    expect(await codeOf(openKey('gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/2'))).toBe(
      'UNAVAILABLE_KEY',
    )
    expect(asked).toHaveBeenCalledOnce()
    expect(closed.mock.contexts).toEqual(asked.mock.contexts)
    vi.restoreAllMocks()
  })

  test('says that there are no credentials', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nonexistent/credentials.json')
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
    const uri = `gcpkms://${kms.createKey('uri', 'EC_SIGN_P256_SHA256')}/versions/1`
    expect(await codeOf(openKey(uri))).toBe('DENIED_KEY')
  })
})
