// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { algorithmName, notaryAlgorithms, parseCertificate, type SigningKey, withCertificates } from '@ocisign/core'
import { createTestCertificate, createTestChain, generateKey, parsePrivateKey } from '@ocisign/provider-local'
import { describe, expect, test } from 'vitest'
import { validateCodeSigningChain, verifyChainSignatures } from '../../core/src/x509/index.js'

const subject = 'C=US,ST=WA,O=Acme,CN=build'

async function check(chain: readonly Uint8Array[]) {
  const certificates = chain.map(parseCertificate)
  validateCodeSigningChain(certificates)
  await verifyChainSignatures(certificates)
  return certificates
}

describe.each(notaryAlgorithms.map((algorithm) => ({ algorithm, name: algorithmName(algorithm) })))(
  '$name',
  ({ algorithm }) => {
    test('a chain fulfils the profile and comes with its key, which may certify itself, too', async () => {
      const authorityAlgorithm = notaryAlgorithms[0]!
      const { key, chain, keyPem } = await createTestChain({ algorithm, authorityAlgorithm, length: 3, subject })
      expect(chain).toHaveLength(3)
      const [leaf] = await check(chain)
      expect(key.algorithm).toEqual(algorithm)
      const { material } = await key.sign(new Uint8Array())
      expect(leaf!.publicKey).toMatchObject({ spki: material.spki })
      expect((await (await parsePrivateKey(keyPem)).sign(new Uint8Array())).material).toEqual(material)
      const privateKey = createPrivateKey(keyPem)
      expect(new X509Certificate(chain[0]!).checkPrivateKey(privateKey)).toBe(true)
      // The same key certifies itself, through the contract or as it is.
      for (const each of [privateKey, key]) {
        const der = await createTestCertificate({ key: each, subject, days: 2 })
        await check([der])
        const certificate = new X509Certificate(der)
        expect(certificate.subject).toBe('C=US\nST=WA\nO=Acme\nCN=build')
        expect(certificate.checkPrivateKey(privateKey)).toBe(true)
      }
    })
  },
)

test.each([1, 2, 10])('a chain may have %i certificates, each issued by the next', async (length) => {
  const { chain } = await createTestChain({ length })
  await check(chain)
  const parsed = chain.map((der) => new X509Certificate(der))
  for (const [position, certificate] of parsed.entries()) {
    const issuer = parsed[position + 1] ?? certificate
    // A leaf that signed itself may not issue anything, and OpenSSL says so.
    expect(certificate.checkIssued(issuer)).toBe(length > 1)
    expect(certificate.verify(issuer.publicKey)).toBe(true)
    expect(certificate.ca).toBe(position > 0)
  }
  expect(new Set(parsed.map(({ serialNumber }) => serialNumber)).size).toBe(length)
})

test('validity is what is asked for', async () => {
  const clock = () => new Date('2030-01-01T00:00:00.999Z')
  const times = async (options: object) => {
    const { chain } = await createTestChain({ length: 1, clock, ...options })
    const { notBefore, notAfter } = parseCertificate(chain[0]!)
    return [new Date(notBefore).toISOString(), new Date(notAfter).toISOString()]
  }
  expect(await times({})).toEqual(['2030-01-01T00:00:00.000Z', '2030-01-02T00:00:00.000Z'])
  expect(await times({ days: 0.5 })).toEqual(['2030-01-01T00:00:00.000Z', '2030-01-01T12:00:00.000Z'])
  const [notBefore, notAfter] = [new Date('2020-01-01Z'), new Date('2055-01-01Z')]
  expect(await times({ notBefore, notAfter })).toEqual(['2020-01-01T00:00:00.000Z', '2055-01-01T00:00:00.000Z'])
  const { notAfter: end } = parseCertificate(
    await createTestCertificate({ key: await generateKey(notaryAlgorithms[0]!), subject, clock, days: 10 }),
  )
  expect(new Date(end).toISOString()).toBe('2030-01-11T00:00:00.000Z')
})

test.each([
  [{ length: 0 }, 'MISUSE_OPTION'],
  [{ length: 1.5 }, 'MISUSE_OPTION'],
  [{ length: 11 }, 'MISUSE_OPTION'],
  [{ days: 0 }, 'MISUSE_OPTION'],
  [{ days: Number.NaN }, 'MISUSE_OPTION'],
  [{ notBefore: new Date('2030-01-02Z'), notAfter: new Date('2030-01-01Z') }, 'MISUSE_OPTION'],
  [{ subject: 'build' }, 'INVALID_DISTINGUISHED_NAME'],
  [{ algorithm: { scheme: 'Ed25519', hash: 'sha512', keyBits: 255 } as const }, 'UNSUPPORTED_KEY'],
])('a chain with %o is refused', async (options, code) => {
  await expect(createTestChain(options)).rejects.toMatchObject({ code })
})

test('a key that has certificates, or no private half, is refused', async () => {
  const { key, chain } = await createTestChain()
  const certified: SigningKey = withCertificates(key, chain)
  await expect(createTestCertificate({ key: certified, subject })).rejects.toMatchObject({ code: 'MISUSE_OPTION' })
  const { privateKey } = generateKeyPairSync('ed25519')
  await expect(createTestCertificate({ key: privateKey, subject })).rejects.toMatchObject({ code: 'UNSUPPORTED_KEY' })
})
