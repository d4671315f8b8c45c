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
    const newest = vault.createKey(name, 'EC', 'P-256')
    const timed = (properties: object, version: string | undefined) =>
      version === newest ? { ...properties, ...times } : properties
    const timedClient: KeyClientLike = {
      vaultUrl: keyClient.vaultUrl,
      async getKey(...args) {
        const key = await keyClient.getKey(...args)
        return { ...key, properties: timed(key.properties, key.properties.version) }
      },
      async *listPropertiesOfKeyVersions(...args) {
        for await (const each of keyClient.listPropertiesOfKeyVersions(...args)) yield timed(each, each.version)
      },
    }
    const clock = () => new Date('2030-01-01')
    const key = await createKeyVaultKey({ keyClient: timedClient, cryptographyClient, name, retry, clock })
    expect(key.id.endsWith(before)).toBe(true)
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
  ['keys/sign', /keys\/sign.*Crypto User/],
])('names the permission that is missing: %s', async (operation, expected) => {
  vault.createKey('guarded', 'EC', 'P-256')
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

  test.each([0, 4])('merged with their chain sign, and bring it', async (index) => {
    const certificate = await issue(index)
    vault.mergeCertificate(`merged-${index}`, certificate)
    const key = await openCertificate(`merged-${index}`, 'merged')
    expect((await key.sign(message)).material.chain).toEqual(certificate.chain)
    await signed(key)
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

  test('name the permission that is missing, and the way without it', async () => {
    vault.mergeCertificate('guarded-certificate', await issue(0))
    vault.forbid('secrets/get')
    const error = await errorOf(openCertificate('guarded-certificate', 'merged'))
    expect(isOcisignError(error, 'DENIED_KEY') && error.message).toMatch(/secrets\/get.*or give the chain yourself/)
  })

  test('whose chain is in PKCS#12 say what to do', async () => {
    vault.mergeCertificate('pfx', await issue(0), 'application/x-pkcs12')
    const error = await errorOf(openCertificate('pfx', 'merged'))
    expect(isOcisignError(error, 'UNSUPPORTED_KEY') && error.message).toMatch(/content type PEM/)
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
