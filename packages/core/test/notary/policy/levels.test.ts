// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { parseTrustPolicy } from '../../../src/notary/policy/parse.js'
import { documentOf, errorPaths, statement } from './documents.js'

const verified = (signatureVerification: object) => documentOf(statement({ signatureVerification }))
const levelOf = (signatureVerification: object) => {
  const [policy] = parseTrustPolicy(verified(signatureVerification), 'oci').policies
  if (policy!.skip) throw new Error('skips')
  return policy!.level
}
const checks = ['authenticity', 'authenticTimestamp', 'expiry', 'revocation'] as const
const place = 'trustPolicies[0].signatureVerification.override'

// trust-store-trust-policy, signature verification details.
test.each([
  ['strict', ['enforce', 'enforce', 'enforce', 'enforce']],
  ['permissive', ['enforce', 'log', 'log', 'log']],
  ['audit', ['log', 'log', 'log', 'log']],
] as const)('level %s', (name, actions) => {
  const level = levelOf({ level: name })
  expect(level.name).toBe(name)
  expect(level.custom).toBe(false)
  expect(checks.map((check) => level.actions[check])).toEqual(actions)
  expect(Object.keys(level.actions).sort()).toEqual([...checks].sort())
})

describe('overrides', () => {
  test('change exactly what they name', () => {
    const level = levelOf({ level: 'strict', override: { expiry: 'log', revocation: 'skip' } })
    expect(level.custom).toBe(true)
    expect(checks.map((check) => level.actions[check])).toEqual(['enforce', 'enforce', 'log', 'skip'])
    const audit = levelOf({ level: 'audit', override: { authenticity: 'enforce', authenticTimestamp: 'enforce' } })
    expect(checks.map((check) => audit.actions[check])).toEqual(['enforce', 'enforce', 'log', 'log'])
  })
  test('may be empty', () => expect(levelOf({ level: 'strict', override: {} }).custom).toBe(false))

  test.each([
    ['integrity', 'log'],
    ['integrity', 'enforce'],
    ['authenticity', 'skip'],
    ['authenticTimestamp', 'skip'],
    ['expiry', 'skip'],
    ['expiry', 'ignore'],
    ['expiry', 'Log'],
    ['expiry', null],
    ['Expiry', 'log'],
    ['everything', 'log'],
  ])('%s: %s is refused', (check, action) =>
    expect(errorPaths(verified({ level: 'strict', override: { [check]: action } }))).toEqual([`${place}.${check}`]),
  )
  test('that are no object are refused', () => {
    expect(errorPaths(verified({ level: 'strict', override: null }))).toEqual([place])
    expect(errorPaths(verified({ level: 'strict', override: ['expiry'] }))).toEqual([place])
  })
})

test('when timestamps are verified', () => {
  const of = (signatureVerification: object) => {
    const [policy] = parseTrustPolicy(verified(signatureVerification), 'oci').policies
    return policy!.skip ? undefined : policy!.verifyTimestamp
  }
  expect(of({ level: 'strict' })).toBe('always')
  expect(of({ level: 'strict', verifyTimestamp: 'always' })).toBe('always')
  expect(of({ level: 'strict', verifyTimestamp: 'afterCertExpiry' })).toBe('afterCertExpiry')
})
