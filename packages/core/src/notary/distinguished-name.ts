// SPDX-License-Identifier: Apache-2.0
import { decodeText } from '../bytes.js'
import { OcisignError, printable } from '../errors.js'

/** One attribute of a name: `{ type: 'O', value: 'Acme' }`. */
export interface IdentityAttribute {
  readonly type: string
  readonly value: string
}

/** The attributes that Notation has names for; a subject with any other is nobody's. */
export const identityAttributeTypes: readonly string[] = [
  'C',
  'ST',
  'L',
  'STREET',
  'POSTALCODE',
  'O',
  'OU',
  'CN',
  'SERIALNUMBER',
]

/** What every identity, and every subject that one can match, has. */
export const mandatoryTypes: readonly string[] = ['C', 'ST', 'O']
const maxNameLength = 8192

const invalid = (name: string, why: string) =>
  new OcisignError('INVALID_DISTINGUISHED_NAME', `the name "${printable(name)}" ${why}`, { name: printable(name) })

/**
 * Reads a distinguished name as trusted identities write it (RFC 4514, and the rules of trust-store-trust-policy,
 * trusted identities constraints): `S` is `ST`, no attribute twice, none without a value, and C, ST and O at least.
 *
 * Values in hexadecimal (`=#…`) are refused before anything is decoded; quotes have no meaning and are part of a value.
 * @throws INVALID_DISTINGUISHED_NAME
 */
export function parseDistinguishedName(text: string): readonly IdentityAttribute[] {
  if (text.length > maxNameLength) throw invalid(text, `is longer than ${maxNameLength} characters`)
  if (text.includes('=#')) throw invalid(text, 'has "=#"; values in hexadecimal are not supported')
  const attributes = split(text).map(({ type, value }) => ({
    type: type === 'S' ? 'ST' : type,
    value: unescapeValue(text, value),
  }))
  const repeated = findRepeatedType(attributes)
  if (repeated) throw invalid(text, `has ${printable(repeated, 40)} twice; every attribute may be there once`)
  const empty = attributes.find(({ value }) => value === '')
  if (empty) throw invalid(text, `gives ${printable(empty.type, 40)} no value; leave the attribute out`)
  const missing = mandatoryTypes.filter((type) => !attributes.some((attribute) => attribute.type === type))
  if (missing.length > 0) throw invalid(text, `lacks ${missing.join(', ')}; C, ST (or S) and O are needed at least`)
  return Object.freeze(attributes.map((attribute) => Object.freeze(attribute)))
}

/** The first attribute type that is there more than once. */
export function findRepeatedType(attributes: readonly { readonly type?: string }[]): string | undefined {
  return attributes.find(({ type }, index) => attributes.findIndex((each) => each.type === type) < index)?.type
}

const typePattern = /^(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)$/

/** Splits into attributes, values still escaped. */
function split(text: string): IdentityAttribute[] {
  const attributes: IdentityAttribute[] = []
  let type: string | undefined
  let start = 0
  const finishAttribute = (end: number) => {
    if (type === undefined)
      throw invalid(text, 'has a part without "="; a comma or semicolon inside a value is written "\\," or "\\;"')
    attributes.push({ type, value: text.slice(start, end) })
    type = undefined
    start = end + 1
  }
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '\\') index++
    else if (character === ',' || character === ';') finishAttribute(index)
    else if (character === '+')
      throw invalid(text, 'has an unescaped "+"; parts of several attributes are not supported, a value says "\\+"')
    else if (character === '=' && type === undefined) {
      type = trimSpaces(text.slice(start, index))
      if (!typePattern.test(type)) throw invalid(text, `has no attribute "${printable(type, 40)}"`)
      start = index + 1
    }
  }
  finishAttribute(text.length)
  return attributes
}

// Loops, because a pattern for trailing spaces takes quadratic time on hostile text.
function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text[start] === ' ') start++
  while (end > start && text[end - 1] === ' ') end--
  return text.slice(start, end)
}

const escapes = /\\(?:([ "#+,;<=>\\])|([0-9a-fA-F]{2}(?:\\[0-9a-fA-F]{2})*)|)/g

function unescapeValue(name: string, raw: string): string {
  let value = trimSpaces(raw)
  if (value.endsWith('\\') && raw.endsWith(' ')) value += ' '
  if (!value.includes('\\')) return value
  return value.replace(escapes, (_, special: string | undefined, hexadecimal: string | undefined) => {
    if (special !== undefined) return special
    if (hexadecimal === undefined)
      throw invalid(name, 'has a "\\" that escapes nothing; a backslash itself is written "\\\\"')
    const bytes = hexadecimal.split('\\').map((pair) => Number.parseInt(pair, 16))
    try {
      return decodeText(Uint8Array.from(bytes))
    } catch {
      throw invalid(name, 'has hexadecimal escapes that are not UTF-8')
    }
  })
}
