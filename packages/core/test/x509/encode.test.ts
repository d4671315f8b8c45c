// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata'
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import * as peculiar from '@peculiar/x509'
import { expect, test } from 'vitest'
import type { Algorithm } from '../../src/algorithm.js'
import { encodeHex } from '../../src/bytes.js'
import type { SigningKey } from '../../src/key.js'
import {
  type CertificateTemplate,
  codeSigningProfile,
  encodeCertificate,
  keyIdentifier,
} from '../../src/x509/encode.js'
import { encodeName } from '../../src/x509/encode-name.js'
import { parseCertificate, validateCodeSigningChain, verifyChainSignatures } from '../../src/x509/index.js'

const pairs = {
  ECDSA: (bits: number) => generateKeyPairSync('ec', { namedCurve: `P-${bits}` }),
  RSA: (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits }),
}

function keyOf(algorithm: Algorithm, privateKey: KeyObject): SigningKey {
  const spki = new Uint8Array(createPublicKey(privateKey as never).export({ type: 'spki', format: 'der' }))
  const padding = algorithm.scheme === 'RSASSA-PSS' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  const options =
    algorithm.scheme === 'ECDSA'
      ? { key: privateKey, dsaEncoding: 'ieee-p1363' as const }
      : { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return {
    contract: 'signing-key/1',
    id: 'test',
    algorithm,
    sign: async (message) => ({
      signature: new Uint8Array(sign(algorithm.hash, message, options)),
      material: { kind: 'public-key', spki },
    }),
  }
}

const read = (bytes: Uint8Array) => new peculiar.X509Certificate(bytes as Uint8Array<ArrayBuffer>)
const subject = 'C=US,ST=WA,O=Acme\\, Inc,CN=build'
const template = (privateKey: KeyObject, more: Partial<CertificateTemplate> = {}): CertificateTemplate => ({
  subject,
  issuer: subject,
  serialNumber: Uint8Array.of(0xff, 1),
  notBefore: new Date('2026-01-02T03:04:05.678Z'),
  notAfter: new Date('2051-01-02T03:04:05Z'),
  publicKey: new Uint8Array(createPublicKey(privateKey as never).export({ type: 'spki', format: 'der' })),
  ...more,
})

test.each<[Algorithm, string]>([
  [{ scheme: 'ECDSA', hash: 'sha256', keyBits: 256 }, '2a8648ce3d040302'],
  [{ scheme: 'ECDSA', hash: 'sha384', keyBits: 384 }, '2a8648ce3d040303'],
  [{ scheme: 'ECDSA', hash: 'sha512', keyBits: 521 }, '2a8648ce3d040304'],
  [{ scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 2048 }, '2a864886f70d01010a'],
  [{ scheme: 'RSASSA-PSS', hash: 'sha384', keyBits: 2048 }, '2a864886f70d01010a'],
  [{ scheme: 'RSASSA-PSS', hash: 'sha512', keyBits: 2048 }, '2a864886f70d01010a'],
  [{ scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256', keyBits: 2048 }, '2a864886f70d01010b'],
  [{ scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha512', keyBits: 2048 }, '2a864886f70d01010d'],
])('a certificate signed with %o verifies', async (algorithm, objectIdentifier) => {
  const { privateKey } = pairs[algorithm.scheme === 'ECDSA' ? 'ECDSA' : 'RSA'](algorithm.keyBits)
  const bytes = await encodeCertificate(template(privateKey), keyOf(algorithm, privateKey))
  const certificate = new X509Certificate(bytes)
  expect(certificate.verify(createPublicKey(privateKey as never))).toBe(true)
  expect(certificate.checkPrivateKey(privateKey)).toBe(true)
  expect(certificate.subject).toBe('C=US\nST=WA\nO=Acme\\, Inc\nCN=build')
  expect(certificate.issuer).toBe(certificate.subject)
  expect(certificate.serialNumber).toBe('FF01')
  expect(certificate.validFrom).toBe('Jan  2 03:04:05 2026 GMT')
  expect(certificate.validTo).toBe('Jan  2 03:04:05 2051 GMT')
  expect(encodeHex(bytes)).toContain(
    `06${(objectIdentifier.length / 2).toString(16).padStart(2, '0')}${objectIdentifier}`,
  )
  expect(await read(bytes).verify()).toBe(true)
})

test.each<Algorithm>([
  { scheme: 'ECDSA', hash: 'sha384', keyBits: 384 },
  { scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 2048 },
  { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256', keyBits: 2048 },
])('a chain of the code signing profile, signed with %o, is one to our own reader', async (algorithm) => {
  const pair = () => pairs[algorithm.scheme === 'ECDSA' ? 'ECDSA' : 'RSA'](algorithm.keyBits).privateKey
  const [leafKey, rootKey] = [pair(), pair()]
  const root = keyOf(algorithm, rootKey)
  const certificates = [
    { ...template(leafKey), issuer: 'CN=root', ...codeSigningProfile() },
    { ...template(rootKey), subject: 'CN=root', issuer: 'CN=root', ...codeSigningProfile({ pathLength: 0 }) },
  ]
  const der = await Promise.all(certificates.map((each) => encodeCertificate(each, root)))
  const chain = der.map(parseCertificate)
  validateCodeSigningChain(chain)
  await verifyChainSignatures(chain)
  expect(chain.map(({ keyUsage, extendedKeyUsage }) => ({ keyUsage, extendedKeyUsage }))).toEqual([
    { keyUsage: ['digitalSignature'], extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'] },
    { keyUsage: ['keyCertSign', 'cRLSign'], extendedKeyUsage: undefined },
  ])
})

test('each extension says what the template says', async () => {
  const { privateKey } = pairs.ECDSA(256)
  const key = keyOf({ scheme: 'ECDSA', hash: 'sha256', keyBits: 256 }, privateKey)
  const identifier = await keyIdentifier(template(privateKey).publicKey)
  const bytes = await encodeCertificate(
    template(privateKey, {
      basicConstraints: { ca: true, pathLength: 1 },
      keyUsage: ['digitalSignature', 'keyCertSign', 'decipherOnly'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'],
      subjectKeyIdentifier: identifier,
      authorityKeyIdentifier: identifier,
      crlUrls: ['http://crl.example/a', 'http://crl.example/b'],
      ocspUrls: ['http://ocsp.example/'],
      extensions: [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }],
    }),
    key,
  )
  const parsed = read(bytes)
  const constraints = parsed.getExtension(peculiar.BasicConstraintsExtension)
  expect(constraints).toMatchObject({ ca: true, pathLength: 1, critical: true })
  const { keyCertSign, digitalSignature, decipherOnly } = peculiar.KeyUsageFlags
  expect(parsed.getExtension(peculiar.KeyUsagesExtension)).toMatchObject({
    usages: digitalSignature | keyCertSign | decipherOnly,
    critical: true,
  })
  const usage = parsed.getExtension(peculiar.ExtendedKeyUsageExtension)
  expect(usage).toMatchObject({ usages: ['1.3.6.1.5.5.7.3.3'], critical: false })
  const subjectKey = parsed.getExtension(peculiar.SubjectKeyIdentifierExtension)
  expect(subjectKey?.keyId).toBe(encodeHex(identifier))
  expect(parsed.getExtension(peculiar.AuthorityKeyIdentifierExtension)?.keyId).toBe(encodeHex(identifier))
  const raw = (type: string) => encodeHex(new Uint8Array(parsed.getExtension(type)?.value ?? []))
  expect(raw('2.5.29.31')).toContain(Buffer.from('http://crl.example/b').toString('hex'))
  expect(parsed.getExtension(peculiar.AuthorityInfoAccessExtension)?.ocsp[0]?.value).toBe('http://ocsp.example/')
  expect(parsed.getExtension('1.2.3.4')).toMatchObject({ critical: true })
  expect(raw('1.2.3.4')).toBe('0500')
  expect(new X509Certificate(bytes).ca).toBe(true)
})

test('a leaf says that it is none of an authority, and leaves out what it has not', async () => {
  const { privateKey } = pairs.ECDSA(256)
  const key = keyOf({ scheme: 'ECDSA', hash: 'sha256', keyBits: 256 }, privateKey)
  const leaf = await encodeCertificate(template(privateKey, { basicConstraints: { ca: false } }), key)
  expect(read(leaf).extensions.map(({ type }) => type)).toEqual(['2.5.29.19'])
  expect(new X509Certificate(leaf).ca).toBe(false)
  const bare = await encodeCertificate(template(privateKey), key)
  expect(read(bare).extensions).toEqual([])
})

test('a name keeps its order and its escapes', async () => {
  const { privateKey } = pairs.ECDSA(256)
  const key = keyOf({ scheme: 'ECDSA', hash: 'sha256', keyBits: 256 }, privateKey)
  const name = 'CN=a\\+b \\"c\\" , OU = Grüße,dc=example,UID=1\\\\2,C=DE'
  const bytes = await encodeCertificate(template(privateKey, { subject: name }), key)
  const { subjectName } = read(bytes)
  expect(subjectName.toJSON()).toEqual([
    { CN: ['a+b "c"'] },
    { OU: ['Grüße'] },
    { DC: ['example'] },
    { '0.9.2342.19200300.100.1.1': ['1\\2'] },
    { C: ['DE'] },
  ])
  const again = await encodeCertificate(template(privateKey, { subject: encodeName(name) }), key)
  expect(new X509Certificate(again).subject).toBe(new X509Certificate(bytes).subject)
})

test.each([
  '',
  'build',
  'CN=',
  'CN=a,',
  ',CN=a',
  'CN=a;O=b',
  'CN=a+O=b',
  'XX=a',
  '__proto__=a',
  'C=Ü',
  'DC=ü',
  'CN="a"',
  'CN=\\41',
])('the name %j is refused', (name) => {
  expect(() => encodeName(name)).toThrow(expect.objectContaining({ code: 'INVALID_DISTINGUISHED_NAME' }))
})

test.each<Partial<CertificateTemplate>>([
  { serialNumber: Uint8Array.of() },
  { serialNumber: Uint8Array.of(0) },
  { serialNumber: new Uint8Array(21).fill(1) },
  { notBefore: new Date(Number.NaN) },
  { notAfter: new Date('1949-12-31T23:59:59Z') },
  { extendedKeyUsage: ['3.1'] },
  { extendedKeyUsage: ['1.40'] },
  { extendedKeyUsage: ['1.02'] },
])('the template with %o is refused', async (more) => {
  const { privateKey } = pairs.ECDSA(256)
  const key = keyOf({ scheme: 'ECDSA', hash: 'sha256', keyBits: 256 }, privateKey)
  await expect(encodeCertificate(template(privateKey, more), key)).rejects.toMatchObject({ code: 'MISUSE_OPTION' })
})

test('a key whose signatures have no name here is refused before it signs', async () => {
  const { privateKey } = pairs.ECDSA(256)
  const key: SigningKey = {
    ...keyOf({ scheme: 'Ed25519', hash: 'sha512', keyBits: 255 }, privateKey),
    sign: () => Promise.reject(new Error('asked to sign')),
  }
  await expect(encodeCertificate(template(privateKey), key)).rejects.toMatchObject({ code: 'UNSUPPORTED_KEY' })
})
