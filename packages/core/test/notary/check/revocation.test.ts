// SPDX-License-Identifier: Apache-2.0
// Revocation without a network: who could be revoked at all.
import { createFakeAuthority, type FakeCertificateOptions } from '@ocisign/conformance/fake'
import { describe, expect, test } from 'vitest'
import { validateChain } from '../../../src/notary/chain.js'
import { checkRevocation } from '../../../src/notary/check/revocation.js'
import { oids } from '../../../src/x509/oid.js'
import { code } from '../../families.js'
import { implicit, oid, sequence } from '../../x509/make.js'

const url = new TextEncoder().encode('http://127.0.0.1:9/')
const access = (...methods: readonly string[]) =>
  sequence(...methods.map((method) => sequence(oid(method), implicit(6, url))))
const caIssuers = '1.3.6.1.5.5.7.48.2'

interface Where {
  readonly leaf?: FakeCertificateOptions
  readonly intermediate?: FakeCertificateOptions
  readonly root?: FakeCertificateOptions
}

async function check({ leaf, intermediate, root }: Where) {
  const authority = await (await createFakeAuthority(root)).issueAuthority(intermediate)
  return checkRevocation(await validateChain((await authority.issue(leaf)).chain))
}

const crl: FakeCertificateOptions = { crlUrls: ['http://127.0.0.1:9/x.crl'] }
const ocsp: FakeCertificateOptions = { ocspUrls: ['http://127.0.0.1:9/'] }
const withAccess = (value: Uint8Array): FakeCertificateOptions => ({
  extensions: [{ oid: oids.authorityInformationAccess, critical: false, value }],
})

describe('nobody can be revoked', () => {
  test.each<[string, Where]>([
    ['where no certificate names anything to ask', {}],
    ['where only the root does, which is nobody’s to revoke', { root: crl }],
    ['where it is only said where the issuer is', { leaf: withAccess(access(caIssuers)) }],
  ])('%s', async (_, where) => expect(await check(where)).toEqual({ status: 'not-applicable' }))
})

describe('nobody knows', () => {
  test.each<[string, Where, string]>([
    ['where the leaf names a CRL', { leaf: crl }, 'fake leaf'],
    ['where the leaf names an OCSP server', { leaf: ocsp }, 'fake leaf'],
    ['where an intermediate does', { intermediate: crl }, 'fake intermediate'],
    ['where an OCSP server comes after others', { leaf: withAccess(access(caIssuers, oids.ocspAccess)) }, 'fake leaf'],
  ])('%s', async (_, where, who) => {
    const outcome = await check(where)
    expect(outcome).toMatchObject({
      status: 'inconclusive',
      error: code('UNAVAILABLE_REVOCATION', { details: { retryable: false, subject: expect.stringContaining(who) } }),
    })
  })

  test('where what is named cannot be read', async () => {
    const chain = await validateChain((await (await createFakeAuthority()).issue()).chain)
    for (const value of [new Uint8Array(), Uint8Array.of(0x30, 5, 1), sequence(Uint8Array.of(2, 1, 0))]) {
      const [leaf, ...others] = chain.certificates
      const extensions = [{ oid: oids.authorityInformationAccess, critical: false, value }]
      const outcome = checkRevocation({ ...chain, certificates: [{ ...leaf!, extensions }, ...others] })
      expect(outcome.status).toBe('inconclusive')
    }
  })
})
