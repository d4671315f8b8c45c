// SPDX-License-Identifier: Apache-2.0
// Whether every certificate was valid when it was used.
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { beforeAll, describe, expect, test } from 'vitest'
import { type ValidatedChain, validateChain } from '../../../src/notary/chain.js'
import { checkAuthenticTimestamp } from '../../../src/notary/check/timestamp.js'
import type { SignedAttributes, UnsignedAttributes } from '../../../src/notary/envelope.js'
import type { VerifyingPolicy } from '../../../src/notary/policy/document.js'
import { code } from '../../families.js'
import { policyOf } from '../scene.js'

const [begin, end] = [new Date('2025-01-01Z'), new Date('2025-02-01Z')]
let chain: ValidatedChain
beforeAll(async () => {
  const root = await createFakeAuthority({ notBefore: new Date('2020-01-01Z'), notAfter: new Date('2030-01-01Z') })
  const middle = await root.issueAuthority({ notBefore: begin, notAfter: end })
  chain = await validateChain(
    (await middle.issue({ notBefore: new Date('2021-01-01Z'), notAfter: new Date('2029-01-01Z') })).chain,
  )
})

const own: SignedAttributes = { signingScheme: 'notary.x509', signingTime: begin, extended: [] }
const policy = (trustStores = ['ca:test'], verifyTimestamp?: string) =>
  policyOf({ trustStores, ...(verifyTimestamp && { verifyTimestamp }) }).policies[0] as VerifyingPolicy
const stamped: UnsignedAttributes = { timestamp: new Uint8Array(9) }

const check = (
  now: number | Date,
  signed: SignedAttributes = own,
  unsigned: UnsignedAttributes = {},
  under: VerifyingPolicy = policy(),
) => checkAuthenticTimestamp(chain, signed, unsigned, under, Number(now))

describe('without a timestamping authority: now', () => {
  test('X7, CVE-2026-24122: every certificate of the chain has to be valid, to the second and inclusive', () => {
    expect(check(begin).status).toBe('passed')
    expect(check(end).status).toBe('passed')
    for (const now of [Number(begin) - 1, Number(end) + 1])
      expect(check(now)).toMatchObject({
        status: 'failed',
        error: code('UNTRUSTED_VALIDITY', {
          details: {
            subject: expect.stringContaining('fake intermediate'),
            notBefore: begin.toISOString(),
            notAfter: end.toISOString(),
          },
        }),
      })
  })

  test('a timestamp in the envelope proves nothing here', () => {
    expect(check(Number(end) + 1, own, stamped).status).toBe('failed')
    expect(check(begin, own, stamped).status).toBe('passed')
  })
})

describe('the time that a signing authority states', () => {
  const authority = (authenticSigningTime?: Date): SignedAttributes => ({
    signingScheme: 'notary.x509.signingAuthority',
    authenticSigningTime,
    extended: [],
  })

  test('counts instead of now', () => {
    expect(check(Number(end) + 1, authority(end)).status).toBe('passed')
    expect(check(begin, authority(new Date(Number(end) + 1000))).status).toBe('failed')
    expect(check(begin, authority(new Date(Number(begin) - 1000))).status).toBe('failed')
  })

  test('is none where it is not there', () => expect(check(begin, authority()).status).toBe('failed'))

  test('T11: a timestamping authority changes nothing about it', () => {
    const under = policy(['signingAuthority:test', 'tsa:test'])
    expect(check(Number(end) + 1, authority(end), {}, under).status).toBe('passed')
  })
})

describe('with a timestamping authority', () => {
  test('always: one is asked for, and without it the answer is no', () => {
    const under = policy(['ca:test', 'tsa:test'])
    for (const now of [begin, Number(end) + 1])
      expect(check(now, own, {}, under)).toMatchObject({ status: 'failed', error: code('UNTRUSTED_TIMESTAMP') })
  })

  test('one that is there cannot be verified yet, which is no pass', () => {
    expect(check(begin, own, stamped, policy(['ca:test', 'tsa:test']))).toMatchObject({
      status: 'inconclusive',
      error: code('UNAVAILABLE_TIMESTAMP', { details: { retryable: false } }),
    })
  })

  test('after expiry: only then, and never before the certificates begin', () => {
    const under = policy(['ca:test', 'tsa:test'], 'afterCertExpiry')
    expect(check(end, own, {}, under).status).toBe('passed')
    expect(check(Number(end) + 1, own, {}, under)).toMatchObject({ error: code('UNTRUSTED_TIMESTAMP') })
    expect(check(Number(end) + 1, own, stamped, under)).toMatchObject({ error: code('UNAVAILABLE_TIMESTAMP') })
    expect(check(Number(begin) - 1, own, stamped, under)).toMatchObject({ error: code('UNTRUSTED_VALIDITY') })
  })
})
