// SPDX-License-Identifier: Apache-2.0
import { CertificateClient } from '@azure/keyvault-certificates'
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys'
import { SecretClient } from '@azure/keyvault-secrets'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { createFakeKeyVault } from '@ocisign/conformance/key-vault'
import { createNotarySigner, isOcisignError, jws, notaryAlgorithms } from '@ocisign/core'
import { createKeyVaultCertificateKey, createKeyVaultKey, type KeyClientLike } from '@ocisign/provider-azure'
import { openKey, scheme } from '@ocisign/provider-azure/uri'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const vault = await createFakeKeyVault({ token: 'secret' })
const { clientOptions, credential } = vault
const keyClient = new KeyClient(vault.origin, credential, clientOptions)
const certificateClient = new CertificateClient(vault.origin, credential, clientOptions)
const secretClient = new SecretClient(vault.origin, credential, clientOptions)
const cryptographyClient = (keyId: string) => new CryptographyClient(keyId, credential, clientOptions)
const authority = await createFakeAuthority()
const intermediate = await authority.issueAuthority()
afterAll(() => vault.close())
afterEach(() => {
  vault.recover()
  vault.forbid(undefined)
})

const retry = { wait: async () => undefined }
const message = new Uint8Array([1, 2, 3])
const open = (name: string, version?: string) =>
  createKeyVaultKey({ keyClient, cryptographyClient, name, version, retry })
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
  test('takes the newest, says which, and stays with it', async () => {
    vault.createKey('rotating', 'EC', 'P-256')
    const newest = vault.createKey('rotating', 'EC', 'P-256')
    const key = await open('rotating')
    expect(key.id).toBe(`azurekms://${vault.origin.slice(8)}/keys/rotating/${newest}`)
    const { material } = await key.sign(message)
    vault.createKey('rotating', 'EC', 'P-256')
    expect((await key.sign(message)).material).toEqual(material)
  })

  test('takes the newest that is enabled where the newest is not', async () => {
    const versions = Array.from({ length: 5 }, () => vault.createKey('disabled', 'RSA', 2048))
    vault.disable('disabled', versions[4]!)
    vault.disable('disabled', versions[3]!)
    expect((await open('disabled')).id.endsWith(versions[2]!)).toBe(true)
    expect(await codeOf(open('disabled', versions[4]))).toBe('UNAVAILABLE_KEY')
  })

  test.each([
    ['may not sign yet', { notBefore: new Date('2031-01-01') }],
    ['may not sign any more', { expiresOn: new Date('2029-01-01') }],
  ])('takes the one before where the newest %s', async (_, times) => {
    const name = `timed-${Object.keys(times)[0]}`
    const before = vault.createKey(name, 'EC', 'P-256')
    vault.restrict(name, vault.createKey(name, 'EC', 'P-256'), times)
    const clock = () => new Date('2030-01-01')
    const key = await createKeyVaultKey({ keyClient, cryptographyClient, name, retry, clock })
    expect(key.id.endsWith(before)).toBe(true)
  })

  test('does not guess which of too many is the newest', async () => {
    const version = vault.createKey('many', 'EC', 'P-256')
    vault.disable('many', vault.createKey('many', 'EC', 'P-256'))
    const listing = (count: number): KeyClientLike => ({
      vaultUrl: keyClient.vaultUrl,
      getKey: (...args) => keyClient.getKey(...args),
      async *listPropertiesOfKeyVersions() {
        for (let left = count; left > 0; left--) yield { version, enabled: true, createdOn: new Date(0) }
      },
    })
    const openAll = (count: number) =>
      createKeyVaultKey({ keyClient: listing(count), cryptographyClient, name: 'many', retry })
    expect(await codeOf(openAll(10_001))).toBe('UNAVAILABLE_LIMIT')
    expect((await openAll(10_000)).id.endsWith(version)).toBe(true)
  })

  test('says that none is enabled', async () => {
    vault.disable('off', vault.createKey('off', 'EC', 'P-384'))
    expect(await codeOf(open('off'))).toBe('UNAVAILABLE_KEY')
  })
})

test('refuses keys that sign nothing here', async () => {
  vault.createKey('small', 'RSA', 1024)
  vault.createKey('bitcoin', 'EC', 'secp256k1')
  expect(await codeOf(open('small'))).toBe('UNSUPPORTED_KEY')
  expect(await codeOf(open('bitcoin'))).toBe('UNSUPPORTED_KEY')
})

test.each([
  ['keys/get', /keys\/get/],
  ['keys/list', /keys\/list.*or name the version/],
  ['keys/sign', /keys\/sign.*Crypto User/],
])('names the permission that is missing: %s', async (operation, expected) => {
  vault.createKey('guarded', 'EC', 'P-256')
  if (operation === 'keys/list') vault.disable('guarded', vault.createKey('guarded', 'EC', 'P-256'))
  vault.forbid(operation)
  const error = await errorOf(open('guarded').then((key) => key.sign(message)))
  expect(isOcisignError(error, 'DENIED_KEY') && error.message).toMatch(expected)
})

test('tries again what may succeed later, and says how often', async () => {
  vault.createKey('busy', 'EC', 'P-256')
  const key = await open('busy')
  await key.sign(message)
  const before = vault.requests.length
  vault.fail({ status: 503, body: {} })
  const error = await errorOf(key.sign(message))
  expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details).toMatchObject({ tries: 4, retryable: true })
  expect(vault.requests.length - before).toBe(4)
  expect(await errorOf(open('busy'))).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { tries: 4 } })
})

test('does not trust a vault that nobody vouches for', async () => {
  const untrusting = new KeyClient(vault.origin, credential, { ...clientOptions, tlsOptions: {} })
  expect(await codeOf(createKeyVaultKey({ keyClient: untrusting, cryptographyClient, name: 'rotating' }))).toBe(
    'UNAVAILABLE_KEY',
  )
})

describe('certificates', () => {
  const openCertificate = (name: string, chain: 'self-signed' | 'merged' | readonly Uint8Array[], more = {}) =>
    createKeyVaultCertificateKey({ certificateClient, secretClient, cryptographyClient, name, chain, retry, ...more })
  const issue = (index: number) => intermediate.issue({ algorithm: notaryAlgorithms[index]! })
  const signed = async (key: Awaited<ReturnType<typeof openCertificate>>) => {
    const signer = createNotarySigner({ key, format: jws })
    const digest = `sha256:${'0'.repeat(64)}` as const
    return signer.sign({ digest, size: 1, mediaType: 'application/octet-stream' })
  }

  test.each([
    ['application/x-pem-file', 0],
    ['application/x-pkcs12', 0],
    ['application/x-pkcs12', 4],
  ])('merged with their chain sign, and bring it in order: %s, %i', async (contentType, index) => {
    const certificate = await issue(index)
    const name = `merged-${contentType.slice(14)}-${index}`
    vault.mergeCertificate(name, certificate, contentType)
    const key = await openCertificate(name, 'merged')
    expect((await key.sign(message)).material.chain).toEqual(certificate.chain)
    await signed(key)
  })

  test.each(['self-signed', 'merged'] as const)('of which the newest may not sign: %s', async (chain) => {
    const name = `rotating-${chain}`
    const [first, second, third] = [await issue(0), await issue(0), await issue(0)]
    vault.mergeCertificate(name, first)
    const version = vault.mergeCertificate(name, second)
    const newest = vault.mergeCertificate(name, third)
    const opened = async (time: string) => {
      const key = await openCertificate(name, chain, { clock: () => new Date(time) })
      const { material } = await key.sign(message)
      expect(material.chain).toEqual(chain === 'merged' ? second.chain : second.chain.slice(0, 1))
      expect(key.id).toBe(`azurekms://${vault.origin.slice(8)}/keys/${name}/${version}`)
    }
    vault.restrict(name, newest, { notBefore: new Date('2031-01-01') })
    await opened('2030-01-01')
    vault.restrict(name, newest, { expiresOn: new Date('2029-01-01') })
    await opened('2030-01-01')
    vault.disable(name, newest)
    await opened('2028-01-01')
    expect(await codeOf(openCertificate(name, chain, { version: newest }))).toBe('UNAVAILABLE_KEY')
  })

  test('of which none may sign are not opened', async () => {
    vault.disable('retired', vault.mergeCertificate('retired', await issue(0)))
    expect(await codeOf(openCertificate('retired', 'merged'))).toBe('UNAVAILABLE_KEY')
  })

  test('are completed with the chain that is given', async () => {
    const certificate = await issue(1)
    vault.mergeCertificate('given', certificate)
    vault.forbid('secrets/get')
    const key = await openCertificate('given', certificate.chain.slice(1))
    expect((await key.sign(message)).material.chain).toEqual(certificate.chain)
    await signed(key)
  })

  test('that are self-signed bring themselves', async () => {
    const own = await createFakeAuthority({ basicConstraints: undefined })
    vault.mergeCertificate('own', { ...(await own.issue()), chain: [own.certificate] })
    expect((await (await openCertificate('own', 'self-signed')).sign(message)).material.chain).toEqual([
      own.certificate,
    ])
  })

  test('in a chain that is another are refused when something is signed', async () => {
    vault.mergeCertificate('alien', await issue(0))
    const key = await openCertificate('alien', (await createFakeAuthority()).chain)
    expect(await codeOf(signed(key))).toBe('INVALID_CERTIFICATE_CHAIN')
  })

  test.each([
    ['certificates/get', /certificates\/get/],
    ['certificates/list', /certificates\/list.*or name the version/],
    ['secrets/get', /secrets\/get.*or give the chain yourself/],
  ])('name the permission that is missing, and the way without it: %s', async (operation, expected) => {
    const name = `guarded-${operation.replace('/', '-')}`
    vault.mergeCertificate(name, await issue(0))
    if (operation === 'certificates/list') vault.disable(name, vault.mergeCertificate(name, await issue(0)))
    vault.forbid(operation)
    const error = await errorOf(openCertificate(name, 'merged'))
    expect(isOcisignError(error, 'DENIED_KEY') && error.message).toMatch(expected)
  })

  test.each([
    ['application/x-pkcs12', 'not Base64'],
    ['application/x-pkcs12', 'AAAA'],
    ['application/x-pem-file', '-----BEGIN CERTIFICATE-----\nAAAA'],
    ['application/x-pem-file', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['text/plain', 'hello'],
    [undefined, undefined],
  ])('whose chain cannot be read say what to do: %s %s', async (contentType, value) => {
    vault.mergeCertificate('unreadable', await issue(0))
    vault.fail({ status: 200, body: { id: `${vault.origin}/secrets/x/1`, value, contentType } }, { path: /secrets/ })
    const error = await errorOf(openCertificate('unreadable', 'merged'))
    expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.message).toMatch(/give the chain yourself.*PEM/)
  })

  test('need a client for the secret, and to exist', async () => {
    vault.mergeCertificate('lonely', await issue(0))
    expect(await codeOf(openCertificate('lonely', 'merged', { secretClient: undefined }))).toBe('MISUSE_OPTION')
    expect(await codeOf(openCertificate('missing', 'self-signed'))).toBe('UNAVAILABLE_KEY')
  })
})

describe('openKey', () => {
  test.each([
    'azurekms:',
    'azurekms://vault',
    'azurekms://vault/a/b/c',
    'azurekms://vault/key?x=1',
    'azurekms://u@v/key',
  ])('refuses %s', async (uri) => {
    expect(scheme).toBe('azurekms')
    expect(await codeOf(openKey(uri))).toBe('INVALID_KEY')
  })
})
