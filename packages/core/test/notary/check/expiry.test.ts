// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { checkExpiry } from '../../../src/notary/check/expiry.js'
import { code } from '../../families.js'

const expiry = new Date('2026-01-02T03:04:05Z')

test('none: nothing to check', () => expect(checkExpiry(undefined, 0)).toEqual({ status: 'not-applicable' }))

test('from that very second on it is over', () => {
  expect(checkExpiry(expiry, Number(expiry) - 1)).toEqual({ status: 'passed' })
  for (const now of [Number(expiry), Number(expiry) + 1, Number.NaN])
    expect(checkExpiry(expiry, now)).toMatchObject({
      status: 'failed',
      error: code('UNTRUSTED_EXPIRED', { details: { expiry: '2026-01-02T03:04:05.000Z' } }),
    })
})
