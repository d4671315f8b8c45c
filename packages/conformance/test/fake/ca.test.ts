// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createFakeAuthority, createFakeLeaf, oddLeaves, oddValidities, unusualLeaves } from '@ocisign/conformance/fake'
import { notaryAlgorithms, parseCertificate } from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { validateCodeSigningChain, verifyChainSignatures } from '../../../core/src/x509/index.js'

/** What Notary's profile says of a chain, once its signatures are verified. */
async function check(chain: readonly Uint8Array[]) {
  const certificates = chain.map(parseCertificate)
  validateCodeSigningChain(certificates)
  await verifyChainSignatures(certificates)
}

test.each(notaryAlgorithms.filter(({ keyBits }) => keyBits < 3072))(
  'a chain of three with %o is right',
  async (algorithm) => {
    const root = await createFakeAuthority({ algorithm })
    const intermediate = await root.issueAuthority({ algorithm })
    const leaf = await intermediate.issue({ algorithm, subject: 'C=US,ST=WA,O=Acme,CN=build' })
    expect(leaf.chain).toEqual([leaf.chain[0], intermediate.certificate, root.certificate])
    expect(intermediate.chain).toEqual([intermediate.certificate, root.certificate])
    await check(leaf.chain)
    const [parsed, issuer] = leaf.chain.map((der) => new X509Certificate(der))
    expect(parsed!.subject).toBe('C=US\nST=WA\nO=Acme\nCN=build')
    expect(parsed!.verify(issuer!.publicKey)).toBe(true)
    expect(parsed!.checkIssued(issuer!)).toBe(true)
    expect(parsed!.checkPrivateKey(createPrivateKey(leaf.keyPem))).toBe(true)
    const { material } = await leaf.key.sign(new Uint8Array())
    expect(material.chain).toBe(leaf.chain)
  },
)

test('a leaf that signed itself is right', async () => {
  const { chain } = await createFakeLeaf({ clock: () => new Date('2030-06-01T12:00:00Z') })
  await check(chain)
  const { validFrom, validTo } = new X509Certificate(chain[0]!)
  expect([validFrom, validTo]).toEqual(['Jun  1 11:00:00 2030 GMT', 'Jun  2 11:00:00 2030 GMT'])
})

describe('leaves', async () => {
  const root = await createFakeAuthority()

  test.each(oddLeaves)('$name are refused', async ({ options }) => {
    const { chain } = await root.issue(options)
    await expect(check(chain)).rejects.toMatchObject({ code: 'INVALID_CERTIFICATE_CHAIN' })
  })

  test.each(unusualLeaves)('$name are right', async ({ options }) => {
    await check((await root.issue(options)).chain)
  })

  const now = new Date('2026-06-01T12:00:00Z')
  test.each(oddValidities(now))('$name are so at the time', async ({ options }) => {
    const certificate = parseCertificate((await root.issue(options)).chain[0]!)
    expect(certificate.notBefore <= now.getTime() && now.getTime() <= certificate.notAfter).toBe(false)
  })
})

test('an authority with too short a path is refused above another', async () => {
  const root = await createFakeAuthority({ basicConstraints: { ca: true, pathLength: 0 } })
  const intermediate = await root.issueAuthority()
  await check((await root.issue()).chain)
  await expect(check((await intermediate.issue()).chain)).rejects.toMatchObject({ code: 'INVALID_CERTIFICATE_CHAIN' })
})

test('an authority that is none is refused', async () => {
  for (const options of [
    { basicConstraints: { ca: false } },
    { keyUsage: ['cRLSign'] },
    { keyUsage: undefined },
  ] as const) {
    const { chain } = await (await createFakeAuthority(options)).issue()
    await expect(check(chain)).rejects.toMatchObject({ code: 'INVALID_CERTIFICATE_CHAIN' })
  }
})

test('addresses for revocation can be read', async () => {
  const { chain } = await createFakeLeaf({ crlUrls: ['http://crl.test/a'], ocspUrls: ['http://ocsp.test/'] })
  expect(new X509Certificate(chain[0]!).infoAccess).toContain('OCSP - URI:http://ocsp.test/')
})
