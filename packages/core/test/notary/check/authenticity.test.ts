// SPDX-License-Identifier: Apache-2.0
// Whom the policy trusts.
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { describe, expect, test } from 'vitest'
import type { Anchors } from '../../../src/notary/anchors.js'
import { type ValidatedChain, validateChain } from '../../../src/notary/chain.js'
import { checkAnchor, checkIdentity } from '../../../src/notary/check/authenticity.js'
import { parseTrustedIdentity } from '../../../src/notary/identity.js'
import { parseCertificate } from '../../../src/x509/certificate.js'
import { code, unprintable } from '../../families.js'

const chainOf = async (subject?: string): Promise<ValidatedChain> =>
  validateChain((await (await createFakeAuthority()).issue(subject === undefined ? {} : { subject })).chain)
const anchorsOf = (stores: readonly string[], ...certificates: readonly Uint8Array[]): Anchors => ({
  certificates: certificates.map((der) => parseCertificate(der)),
  stores,
  findRoot: () => undefined,
})

describe('anchors', () => {
  test('any certificate of the chain, byte for byte', async () => {
    const chain = await chainOf()
    for (const der of chain.der) expect(checkAnchor(chain, anchorsOf(['ca:a'], der)).status).toBe('passed')
    const other = await chainOf()
    expect(checkAnchor(chain, anchorsOf(['ca:a'], ...other.der))).toMatchObject({
      status: 'failed',
      error: code('UNTRUSTED_ANCHOR', { details: { stores: ['ca:a'] } }),
    })
  })

  test('none at all: nobody is trusted', async () => {
    expect(checkAnchor(await chainOf(), anchorsOf([]))).toMatchObject({
      error: code('UNTRUSTED_ANCHOR', { details: { stores: [] } }),
    })
  })
})

describe('identities', () => {
  const subject = 'C=US,ST=WA,O=Acme,CN=build'
  const identities = (...texts: readonly string[]) => texts.map(parseTrustedIdentity)

  test('one of them is enough', async () => {
    const chain = await chainOf(subject)
    const check = (...texts: readonly string[]) => checkIdentity(chain, identities(...texts)).status
    expect(check('*')).toBe('passed')
    expect(check('x509.subject: C=US, ST=WA, O=Other', 'x509.subject: C=US, ST=WA, O=Acme')).toBe('passed')
    expect(check('x509.subject: C=US, ST=WA, O=Acme, CN=release')).toBe('failed')
    expect(check('aws.profile:x')).toBe('failed')
    expect(check()).toBe('failed')
  })

  test('a subject nobody can read in one way is only for "*"', async () => {
    const chain = await chainOf('C=US,ST=WA,O=Acme,O=Evil')
    expect(checkIdentity(chain, identities('x509.subject: C=US, ST=WA, O=Acme')).status).toBe('failed')
    expect(checkIdentity(chain, identities('*')).status).toBe('passed')
  })

  test('J10: what a certificate calls itself is escaped in what is said of it', async () => {
    const chain = { ...(await chainOf(subject)), subject: 'CN=x\u001b[2J\r\nverified\u202e' }
    for (const outcome of [checkAnchor(chain, anchorsOf([])), checkIdentity(chain, identities('aws.profile:x'))])
      expect('error' in outcome && outcome.error.message).not.toMatch(unprintable)
  })
})
