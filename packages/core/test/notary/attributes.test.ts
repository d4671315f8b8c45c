// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import {
  attributeNames,
  attributesProblem,
  criticalProblem,
  parseVerificationPlugin,
  requiredCritical,
  verificationPluginAttributes,
} from '../../src/notary/attributes.js'
import type { ExtendedAttribute, SignedAttributes } from '../../src/notary/envelope.js'
import { codeOf } from '../x509/code.js'

const { signingScheme, authenticSigningTime, expiry, signingTime } = attributeNames
const at = (text: string) => new Date(text)
const noon = at('2026-11-20T12:00:00Z')
const later = at('2026-11-20T12:00:01Z')
const x509: SignedAttributes = { signingScheme: 'notary.x509', signingTime: noon, extended: [] }
const authority: SignedAttributes = {
  signingScheme: 'notary.x509.signingAuthority',
  authenticSigningTime: noon,
  extended: [],
}

describe('signed attributes', () => {
  test.each<[string, SignedAttributes]>([
    ['notary.x509', x509],
    ['notary.x509.signingAuthority', authority],
    ['an expiry after the signing time', { ...x509, expiry: later }],
    ['an expiry after the authentic signing time', { ...authority, expiry: later }],
    ['the first year', { ...x509, signingTime: at('0000-01-01T00:00:00Z') }],
    ['the last second', { ...x509, signingTime: at('9999-12-31T23:59:59Z') }],
    ['1970', { ...x509, signingTime: new Date(0) }],
  ])('accepts %s', (_, attributes) => {
    expect(attributesProblem(attributes)).toBeUndefined()
  })

  test.each<[string, object]>([
    ['no scheme', { signingScheme: undefined }],
    ['an unknown scheme', { signingScheme: 'notary.x510' }],
    ['a scheme in another case', { signingScheme: 'Notary.X509' }],
    ['a scheme with white space', { signingScheme: 'notary.x509 ' }],
    ['a scheme that is no text', { signingScheme: 5 }],
    ['a name of Object', { signingScheme: 'constructor' }],
    ['no signing time', { signingTime: undefined }],
    ['both times', { authenticSigningTime: noon }],
    ['the wrong time', { signingTime: undefined, authenticSigningTime: noon }],
    ['E8: an expiry at the signing time', { expiry: noon }],
    ['E8: an expiry before the signing time', { expiry: new Date(0) }],
    ['E8: an invalid Date (J8)', { signingTime: new Date(Number.NaN) }],
    ['E8: an invalid expiry (J8)', { expiry: new Date(Number.NaN) }],
    ['E8: a fraction of a second', { signingTime: new Date(1500) }],
    ['E8: an expiry with a fraction of a second', { expiry: new Date(noon.getTime() + 1500) }],
    ['E8: a year before 0', { signingTime: at('-000001-12-31T23:59:59Z') }],
    ['E8: a year after 9999', { signingTime: at('+010000-01-01T00:00:00Z') }],
    ['E8: an expiry after 9999', { expiry: at('+010000-01-01T00:00:00Z') }],
    ['E8: the time that Go reads as none', { signingTime: at('0001-01-01T00:00:00Z') }],
  ])('refuses %s', (_, changes) => {
    expect(attributesProblem({ ...x509, ...changes } as SignedAttributes)).toBeTypeOf('string')
  })

  test.each<[string, object]>([
    ['no authentic signing time', { authenticSigningTime: undefined }],
    ['both times', { signingTime: noon }],
    ['the wrong time', { signingTime: noon, authenticSigningTime: undefined }],
    ['an expiry that is not later', { expiry: noon }],
  ])('refuses %s for a signing authority', (_, changes) => {
    expect(attributesProblem({ ...authority, ...changes })).toBeTypeOf('string')
  })
})

describe('E3: critical attributes', () => {
  const extended = (key: string, critical: boolean): ExtendedAttribute => ({ key, value: 1, critical })
  const problem = (attributes: SignedAttributes, critical: readonly (string | number)[]) =>
    criticalProblem(attributes, critical, (key) => key !== 'registered')

  test('what has to be critical', () => {
    expect(requiredCritical(x509)).toEqual([signingScheme])
    expect(requiredCritical({ ...x509, expiry: later })).toEqual([signingScheme, expiry])
    expect(requiredCritical({ ...authority, expiry: later })).toEqual([signingScheme, authenticSigningTime, expiry])
  })

  test('accepts what it has to be, in any order, with extended attributes', () => {
    expect(problem(x509, [signingScheme])).toBeUndefined()
    expect(problem({ ...authority, expiry: later }, [expiry, authenticSigningTime, signingScheme])).toBeUndefined()
    const attributes = { ...x509, extended: [extended('a', true), extended('b', false)] }
    expect(problem(attributes, ['a', signingScheme])).toBeUndefined()
  })

  test.each<[string, SignedAttributes, readonly (string | number)[]]>([
    ['an empty list', x509, []],
    ['a list without the scheme', { ...x509, extended: [extended('a', true)] }, ['a']],
    ['a list without the expiry', { ...x509, expiry: later }, [signingScheme]],
    ['a list without the authentic signing time', authority, [signingScheme]],
    ['a name twice', x509, [signingScheme, signingScheme]],
    ['a name that is not there', x509, [signingScheme, 'ghost']],
    ['an expiry that is not there', x509, [signingScheme, expiry]],
    ['the signing time', x509, [signingScheme, signingTime]],
    ['a registered name', { ...x509, extended: [extended('registered', true)] }, [signingScheme, 'registered']],
    ['a name of Object', x509, [signingScheme, 'constructor']],
    ['a number', x509, [signingScheme, 1]],
  ])('refuses %s', (_, attributes, critical) => {
    expect(problem(attributes, critical)).toBeTypeOf('string')
  })
})

describe('verification plugins', () => {
  const [nameKey, versionKey] = verificationPluginAttributes as [string, string]
  const parse = (...extended: ExtendedAttribute[]) => parseVerificationPlugin(extended, 'application/cose')
  const name = { key: nameKey, value: 'com.example.plugin', critical: true }
  const version = { key: versionKey, value: '1.2.3-rc.1+build.5', critical: true }

  test('are named as the specification does', () => {
    expect(nameKey).toBe('io.cncf.notary.verificationPlugin')
    expect(versionKey).toBe('io.cncf.notary.verificationPluginMinVersion')
  })

  test('a request', () => {
    expect(parse(name)).toEqual({ name: 'com.example.plugin' })
    expect(parse(version, name)).toEqual({ name: 'com.example.plugin', minimumVersion: '1.2.3-rc.1+build.5' })
  })

  test('no request', () => {
    expect(parse()).toBeUndefined()
    expect(parse({ key: 'other', value: 'x', critical: true })).toBeUndefined()
    expect(parse(version)).toBeUndefined()
  })

  test.each<[string, Partial<ExtendedAttribute>]>([
    ['not critical', { critical: false }],
    ['empty', { value: '' }],
    ['blank', { value: '  ' }],
    ['a number', { value: 5 }],
    ['G1: a path', { value: '../../tmp/x' }],
    ['G1: the parent directory', { value: '..' }],
    ['G1: this directory', { value: '.' }],
    ['G1: a Windows path', { value: 'a\\b' }],
    ['a NUL', { value: 'a\0' }],
    ['a line feed', { value: 'a\n' }],
    ['too long', { value: 'a'.repeat(256) }],
  ])('refuses a name that is %s', (_, changes) => {
    expect(codeOf(() => parse({ ...name, ...changes }))).toBe('INVALID_ENVELOPE')
  })

  test.each<[string, Partial<ExtendedAttribute>]>([
    ['not critical', { critical: false }],
    ['a number', { value: 1 }],
    ['empty', { value: '' }],
    ['v1.0.0', { value: 'v1.0.0' }],
    ['1.0', { value: '1.0' }],
    ['01.0.0', { value: '01.0.0' }],
    ['1.0.0-', { value: '1.0.0-' }],
    ['1.0.0-01', { value: '1.0.0-01' }],
    ['1.0.0+', { value: '1.0.0+' }],
    ['J5: a megabyte', { value: `1.0.0-${'0'.repeat(1024 * 1024)}` }],
    ['J5: what could make a pattern go back and forth', { value: `1.0.0-${'0a.'.repeat(80)}!` }],
  ])('refuses a minimum version that is %s', (_, changes) => {
    expect(codeOf(() => parse(name, { ...version, ...changes }))).toBe('INVALID_ENVELOPE')
  })
})
