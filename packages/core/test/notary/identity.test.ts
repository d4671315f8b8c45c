// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isOcisignError } from '../../src/index.js'
import { matchesIdentity, parseTrustedIdentity } from '../../src/notary/identity.js'
import { fuzzParameters } from '../fuzz.js'

const subject = [
  { type: 'C', value: 'US' },
  { type: 'ST', value: 'WA' },
  { type: 'O', value: 'Acme, Inc' },
  { type: 'CN', value: 'release' },
]
const ours = parseTrustedIdentity('x509.subject: C=US, ST=WA, O=Acme\\, Inc')

describe('kinds of identity', () => {
  test.each([
    ['*', 'any'],
    ['x509.subject:C=US,ST=WA,O=x', 'x509.subject'],
    ['X509.Subject:C=US,ST=WA,O=x', 'other'],
    ['x509.subject :C=US,ST=WA,O=x', 'other'],
    ['x509.subjectRegExp: .*', 'other'],
    ['plugin:anything', 'other'],
    [':', 'other'],
  ])('%j is %s', (text, kind) => expect(parseTrustedIdentity(text).kind).toBe(kind))

  test.each([
    [''],
    ['**'],
    ['C=US'],
    ['x509.subject:'],
    ['x509.subject:*'],
    ['x509.subject:C=US,ST=WA,O=#0484FFFFFFFF41'],
  ])('%j is refused', (text) => {
    expect(() => parseTrustedIdentity(text)).toThrow()
    try {
      parseTrustedIdentity(text)
    } catch (error) {
      expect(isOcisignError(error, 'INVALID_DISTINGUISHED_NAME')).toBe(true)
    }
  })

  test('an identity is frozen through and through', () => {
    expect(Object.isFrozen(ours)).toBe(true)
    expect(ours.kind === 'x509.subject' && ours.attributes.every(Object.isFrozen)).toBe(true)
  })
})

describe('X9: which subjects an identity matches', () => {
  const matches = (attributes: readonly { type?: string; value: string }[]) => matchesIdentity(attributes, ours)
  test('the attributes it names, whatever else is there, in any order', () => {
    expect(matches(subject)).toBe(true)
    expect(matches([...subject].reverse())).toBe(true)
    expect(matchesIdentity(subject, parseTrustedIdentity('x509.subject:CN=release,C=US,S=WA,O=Acme\\2c Inc'))).toBe(
      true,
    )
    expect(matchesIdentity('CN=release,O=Acme\\, Inc,ST=WA,C=US', ours)).toBe(true)
  })
  test('nothing else', () => {
    const swap = (type: string, value: string) => subject.map((each) => (each.type === type ? { type, value } : each))
    expect(matches(swap('O', 'Acme, inc'))).toBe(false)
    expect(matches(swap('O', 'Acme, Inc '))).toBe(false)
    expect(matches(swap('C', 'us'))).toBe(false)
    expect(matches(subject.slice(1))).toBe(false)
    expect(matchesIdentity(subject, parseTrustedIdentity('x509.subject:C=US,ST=WA,O=Acme\\, Inc,OU=a'))).toBe(false)
    expect(matchesIdentity(subject, parseTrustedIdentity('x509.subject:C=US,ST=WA,O=Acme\\, Inc,cn=release'))).toBe(
      false,
    )
  })
  test('CVE-2023-25656: no subject with an attribute that the reference writes as "=#"', () => {
    expect(matches([...subject, { value: 'a@example.com' }])).toBe(false)
    expect(matches([...subject, { type: '1.2.840.113549.1.9.1', value: 'a@example.com' }])).toBe(false)
    expect(matches([...subject, { type: 'OU', value: 'a=#b' }])).toBe(false)
    expect(matches([...subject, { type: 'OU', value: '#b' }])).toBe(true)
    expect(matchesIdentity('C=US,ST=WA,O=Acme\\, Inc,1.2.3=#0484FFFFFFFF41', ours)).toBe(false)
  })
  test('no subject with an attribute twice, not even the same value', () => {
    expect(matches([...subject, { type: 'CN', value: 'release' }])).toBe(false)
    expect(matches([...subject, { type: 'O', value: '' }])).toBe(false)
    expect(matchesIdentity('C=US,ST=WA,O=Acme\\, Inc,OU=a+OU=b', ours)).toBe(false)
  })
  test('no subject without C, ST or O, even where the identity would be satisfied', () => {
    expect(matches([])).toBe(false)
    expect(matchesIdentity('', ours)).toBe(false)
    expect(matches(subject.map((each) => (each.type === 'ST' ? { type: 'ST', value: '' } : each)))).toBe(false)
  })
  test('"*" matches the subject nobody can read, an identity of another kind nothing', () => {
    expect(matchesIdentity([], parseTrustedIdentity('*'))).toBe(true)
    expect(matchesIdentity(subject, parseTrustedIdentity('X509.subject:C=US,ST=WA,O=Acme\\, Inc'))).toBe(false)
  })
  test('CVE-2025-29778: an identity by regular expression matches nothing rather than everything', () => {
    expect(matchesIdentity(subject, parseTrustedIdentity('x509.subjectRegExp:.*'))).toBe(false)
  })
})

const nameText = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.constantFrom(
        'C=US',
        'ST=WA',
        'S=WA',
        'O=x',
        ',',
        ';',
        '+',
        '=',
        '\\',
        '#',
        ' ',
        '"',
        '\\2C',
        '\\ff',
        '\0',
        'é',
      ),
    )
    .map((parts) => parts.join('')),
)

test('fuzz: parseTrustedIdentity throws INVALID_DISTINGUISHED_NAME only', () => {
  fc.assert(
    fc.property(nameText, fc.constantFrom('', 'x509.subject:', 'x509.subject: C=US,ST=WA,O=x,'), (text, prefix) => {
      try {
        const identity = parseTrustedIdentity(prefix + text)
        expect(identity.text).toBe(prefix + text)
      } catch (error) {
        expect(isOcisignError(error, 'INVALID_DISTINGUISHED_NAME')).toBe(true)
      }
    }),
    fuzzParameters('parseTrustedIdentity'),
  )
})

// What Go's pkix.Name writes for a value.
const escapeValue = (value: string) => value.replace(/[,+"\\<>;]|^[ #]| $/g, '\\$&')

test('fuzz: a value survives being written as the reference writes it', () => {
  const value = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.array(fc.constantFrom(...' ,+"\\#=;<a'), { minLength: 1 }).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(value, (organization) => {
      const text = `O=${escapeValue(organization)},ST=WA,C=US`
      fc.pre(!text.includes('=#'))
      const identity = parseTrustedIdentity(`x509.subject:${text}`)
      expect(matchesIdentity([...subject.slice(0, 2), { type: 'O', value: organization }], identity)).toBe(true)
      expect(matchesIdentity([...subject.slice(0, 2), { type: 'O', value: `${organization}.` }], identity)).toBe(false)
    }),
    fuzzParameters('identity values'),
  )
})
