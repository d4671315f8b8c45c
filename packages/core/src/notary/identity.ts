// SPDX-License-Identifier: Apache-2.0
import { OcisignError, printable } from '../errors.js'
import {
  findRepeatedType,
  type IdentityAttribute,
  identityAttributeTypes,
  mandatoryTypes,
  parseDistinguishedName,
} from './distinguished-name.js'

/** Who may have signed (trust-store-trust-policy, trusted identities constraints). */
export type TrustedIdentity =
  /** `*`: whoever the trust stores vouch for. */
  | { readonly kind: 'any'; readonly text: '*' }
  /** `x509.subject: C=…, ST=…, O=…`: whoever has all these attributes in the subject of the signing certificate. */
  | { readonly kind: 'x509.subject'; readonly text: string; readonly attributes: readonly IdentityAttribute[] }
  /** Of a kind that only an extension knows; it matches no certificate. */
  | { readonly kind: 'other'; readonly text: string }

/** One attribute of a certificate's subject; without a type where Notation has no name for it. */
export interface SubjectAttribute {
  readonly type?: string
  readonly value: string
}

const subjectPrefix = 'x509.subject'

/**
 * Reads one trusted identity of a trust policy: `*`, or `x509.subject:` followed by a distinguished name.
 *
 * A text with another prefix is an identity that matches nothing here; the linter warns of it.
 * @throws INVALID_DISTINGUISHED_NAME
 *
 * @example
 * ```ts
 * import { matchesIdentity, parseTrustedIdentity } from '@ocisign/core'
 *
 * const identity = parseTrustedIdentity('x509.subject: C=US, ST=WA, O=Acme\\, Inc')
 * console.log(matchesIdentity('CN=release,O=Acme\\, Inc,ST=WA,C=US', identity))
 * ```
 */
export function parseTrustedIdentity(text: string): TrustedIdentity {
  if (text === '*') return anyone
  const colon = text.indexOf(':')
  if (colon < 0) throw invalid(text, 'is neither "*" nor of the form "x509.subject: C=…, ST=…, O=…"')
  if (text.slice(0, colon) !== subjectPrefix) return Object.freeze({ kind: 'other', text })
  const name = text.slice(colon + 1)
  if (name === '') throw invalid(text, 'names nobody; add C=…, ST=…, O=… after the colon')
  return Object.freeze({ kind: subjectPrefix, text, attributes: parseDistinguishedName(name) })
}

const anyone: TrustedIdentity = Object.freeze({ kind: 'any', text: '*' })

const invalid = (text: string, why: string) =>
  new OcisignError('INVALID_DISTINGUISHED_NAME', `the trusted identity "${printable(text)}" ${why}`, {
    name: printable(text),
  })

/**
 * Tells whether a certificate's subject has every attribute of the identity, exactly: letter case, spaces and all.
 *
 * The subject comes as its attributes, or as text in the form of RFC 4514. One that could be read in two ways is
 * nobody's: with an attribute twice, without C, ST or O, or with an attribute that Notation has no name for.
 * Does not check that the certificate is trusted.
 */
export function matchesIdentity(subject: readonly SubjectAttribute[] | string, identity: TrustedIdentity): boolean {
  if (identity.kind === 'any') return true
  if (identity.kind === 'other') return false
  const attributes = typeof subject === 'string' ? readSubjectText(subject) : subject
  return attributes !== undefined && isUsableSubject(attributes) && isSubset(identity.attributes, attributes)
}

function readSubjectText(text: string): readonly IdentityAttribute[] | undefined {
  try {
    return parseDistinguishedName(text)
  } catch {
    return undefined
  }
}

/** Holds a subject to what the reference can read of it: there it goes through text that refuses the rest. */
function isUsableSubject(attributes: readonly SubjectAttribute[]): boolean {
  return (
    attributes.every(
      ({ type, value }) => type !== undefined && identityAttributeTypes.includes(type) && !value.includes('=#'),
    ) &&
    mandatoryTypes.every((type) => attributes.some((attribute) => attribute.type === type && attribute.value !== '')) &&
    findRepeatedType(attributes) === undefined
  )
}

function isSubset(wanted: readonly SubjectAttribute[], attributes: readonly SubjectAttribute[]): boolean {
  return wanted.every(({ type, value }) => attributes.some((each) => each.type === type && each.value === value))
}
