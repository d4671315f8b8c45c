// SPDX-License-Identifier: Apache-2.0
import { KMS } from '@aws-sdk/client-kms'
import { createFakeKms, type FakeKms } from '@ocisign/conformance/aws-kms'
import { isOcisignError } from '@ocisign/core'
import { createKmsKey } from '@ocisign/provider-aws'
import { openKey, scheme } from '@ocisign/provider-aws/uri'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

let kms: FakeKms
let client: KMS
let arn: string
beforeAll(async () => {
  kms = await createFakeKms()
  client = new KMS({
    region: 'us-east-1',
    endpoint: kms.origin,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })
  arn = kms.createKey('ECC_NIST_P256')
  kms.createAlias('alias/release', arn)
})
afterEach(() => kms.recover())
afterAll(() => kms.close())

const retry = { wait: async () => undefined }
const message = new Uint8Array([1, 2, 3])
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )
const codeOf = (call: Promise<unknown>) =>
  errorOf(call).then((error) => (isOcisignError(error) ? error.code : String(error)))

describe('which key', () => {
  test.each(['alias', 'id', 'ARN of the alias'])('is opened by its %s', async (by) => {
    const names: Record<string, string> = {
      alias: 'alias/release',
      id: arn.slice(arn.indexOf('/') + 1),
      'ARN of the alias': arn.replace(/:key\/.*/, ':alias/release'),
    }
    const key = await createKmsKey({ client, keyId: names[by]! })
    expect(key.id).toBe(`awskms:///${arn}`)
  })

  test('stays with the key that an alias named when it was opened', async () => {
    const key = await createKmsKey({ client, keyId: 'alias/release' })
    const { material } = await key.sign(message)
    kms.createAlias('alias/release', kms.createKey('ECC_NIST_P256'))
    expect((await key.sign(message)).material).toEqual(material)
    kms.createAlias('alias/release', arn)
  })

  test('fetches the public key once', async () => {
    const before = kms.requests.length
    const key = await createKmsKey({ client, keyId: arn })
    await Promise.all([key.sign(message), key.sign(message)])
    expect(kms.requests.slice(before).map(({ headers }) => headers['x-amz-target'])).toEqual([
      'TrentService.GetPublicKey',
      'TrentService.Sign',
      'TrentService.Sign',
    ])
  })

  test('refuses a signature of another key', async () => {
    const key = await createKmsKey({ client, keyId: arn })
    kms.fail({ status: 200, body: { KeyId: `${arn}0`, Signature: 'AAAA' } })
    expect(await codeOf(key.sign(message))).toBe('UNAVAILABLE_KEY')
  })

  test('refuses keys that sign nothing here', async () => {
    expect(await codeOf(createKmsKey({ client, keyId: kms.createKey('ECC_SECG_P256K1') }))).toBe('UNSUPPORTED_KEY')
    const encrypting = kms.createKey('RSA_2048', 'ENCRYPT_DECRYPT')
    expect(await codeOf(createKmsKey({ client, keyId: encrypting }))).toBe('UNSUPPORTED_KEY')
  })
})

test.each([
  ['ThrottlingException', 400, 4],
  ['KMSInternalException', 500, 4],
  ['KeyUnavailableException', 500, 4],
  ['KMSInvalidStateException', 400, 1],
  ['AccessDeniedException', 400, 1],
])('asks as often as %s is worth it', async (type, status, tries) => {
  const key = await createKmsKey({ client, keyId: arn, retry })
  const before = kms.requests.length
  kms.fail({ status, body: { __type: type, message: 'on command' } })
  const error = await key.sign(message).catch((reason: unknown) => reason)
  expect(kms.requests.length - before).toBe(tries)
  expect(isOcisignError(error) && (error.cause as Error).name).toBe(type)
  await expect(createKmsKey({ client, keyId: arn, retry })).rejects.toMatchObject({
    code: (error as { code: string }).code,
  })
  expect(kms.requests.length - before).toBe(2 * tries)
})

test('says that a service that nobody listens for is unavailable, and may be tried again', async () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const nobody = new KMS({ region: 'us-east-1', endpoint: 'http://127.0.0.1:1', credentials, maxAttempts: 1 })
  const error = await errorOf(createKmsKey({ client: nobody, keyId: arn, retry }))
  expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details.retryable).toBe(true)
  expect(error).toMatchObject({ message: expect.stringContaining('cannot be reached (ECONNREFUSED)') })
})

test('names the permission that is missing', async () => {
  const key = await createKmsKey({ client, keyId: arn })
  kms.fail({ status: 400, body: { __type: 'AccessDeniedException', message: 'on command' } })
  expect(await errorOf(key.sign(message))).toMatchObject({ message: expect.stringContaining('allow kms:Sign (') })
  expect(await errorOf(createKmsKey({ client, keyId: arn }))).toMatchObject({
    message: expect.stringContaining('allow kms:GetPublicKey ('),
  })
})

describe('openKey', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('opens a key by its URI, and tries no more often than it says', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
    expect(scheme).toBe('awskms')
    const host = kms.origin.slice('http://'.length)
    const key = await openKey(`awskms://${host}/${arn}`)
    await key.sign(message)
    const before = kms.requests.length
    kms.fail({ status: 400, body: { __type: 'AccessDeniedException', message: 'no' } })
    expect(await codeOf(openKey(`awskms://${host}/alias/release`, { environment: { AWS_REGION: 'eu-west-1' } }))).toBe(
      'DENIED_KEY',
    )
    expect(kms.requests.length - before).toBe(1)
  })

  test('asks in the region of the ARN, else in that of the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
    const uri = `awskms://${kms.origin.slice('http://'.length)}`
    const regionOf = async (keyId: string) => {
      await openKey(`${uri}/${keyId}`, { environment: { AWS_REGION: 'eu-west-1' } })
      return /Credential=[^/]+\/\d+\/([\w-]+)\/kms/.exec(kms.requests.at(-1)?.headers.authorization ?? '')?.[1]
    }
    expect(await regionOf(arn)).toBe(arn.split(':')[3])
    expect(await regionOf('alias/release')).toBe('eu-west-1')
    expect(arn.split(':')[3]).not.toBe('eu-west-1')
  })

  test('says, once, that there are no region and no credentials', async () => {
    for (const name of [
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
      'AWS_PROFILE',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
    ])
      vi.stubEnv(name, undefined)
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nowhere')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const host = kms.origin.slice('http://'.length)
    const region = await errorOf(openKey(`awskms://${host}/alias/release`))
    expect(region).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { retryable: false } })
    expect(region).toMatchObject({ message: expect.stringContaining('set AWS_REGION') })
    const credentials = await errorOf(openKey(`awskms://${host}/${arn}`))
    expect(credentials).toMatchObject({ code: 'DENIED_KEY', message: expect.stringContaining('no credentials') })
  })

  test.each(['awskms:', 'awskms://', 'awskms:///', 'awskms:///a b', 'awskms:///key?x=1', 'file:key.pem'])(
    'refuses %s',
    async (uri) => expect(await codeOf(openKey(uri))).toBe('INVALID_KEY'),
  )
})
