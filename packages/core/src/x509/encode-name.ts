// SPDX-License-Identifier: Apache-2.0
import { concatBytes, encodeText } from '../bytes.js'
import { OcisignError, printable } from '../errors.js'
import { tags } from './der.js'
import { encodeObjectIdentifier, encodeSequence, encodeValue } from './encode-der.js'

/** The attribute types that may be written by name, with the string type each takes (RFC 5280 appendix A.1). */
const attributeTypes: Readonly<Record<string, readonly [dotted: string, tag: number]>> = {
  CN: ['2.5.4.3', tags.utf8String],
  SERIALNUMBER: ['2.5.4.5', tags.printableString],
  C: ['2.5.4.6', tags.printableString],
  L: ['2.5.4.7', tags.utf8String],
  ST: ['2.5.4.8', tags.utf8String],
  STREET: ['2.5.4.9', tags.utf8String],
  O: ['2.5.4.10', tags.utf8String],
  OU: ['2.5.4.11', tags.utf8String],
  UID: ['0.9.2342.19200300.100.1.1', tags.utf8String],
  DC: ['0.9.2342.19200300.100.1.25', tags.ia5String],
}

const invalid = (name: string, why: string) =>
  new OcisignError('INVALID_DISTINGUISHED_NAME', `"${printable(name)}" ${why}`, { name: printable(name) })

/**
 * Writes a name such as `C=US,ST=WA,O=Acme\, Inc,CN=build` in the order given, one attribute to each part.
 * A backslash takes the next character as it is (RFC 4514 section 2.4, without hexadecimal pairs).
 * @throws INVALID_DISTINGUISHED_NAME
 */
export function encodeName(text: string): Uint8Array {
  const parts = splitName(text).map(([type, value]) => {
    const known = Object.hasOwn(attributeTypes, type.toUpperCase()) ? attributeTypes[type.toUpperCase()] : undefined
    if (!known) {
      const names = Object.keys(attributeTypes).join(', ')
      throw invalid(text, `has the attribute "${printable(type)}"; these can be written: ${names}`)
    }
    const [dotted, tag] = known
    if (tag === tags.printableString && !/^[A-Za-z0-9 '()+,\-./:=?]+$/.test(value))
      throw invalid(text, `has a ${type} with characters that do not fit there`)
    if (tag === tags.ia5String && !/^[\x20-\x7e]+$/.test(value)) throw invalid(text, `has a ${type} that is not ASCII`)
    const attribute = encodeSequence(encodeObjectIdentifier(dotted), encodeValue(tag, encodeText(value)))
    return encodeValue(tags.set, attribute)
  })
  return encodeSequence(concatBytes(...parts))
}

/** The attributes as type and value, escapes taken away. */
function splitName(text: string): readonly (readonly [string, string])[] {
  // Each part: a type, "=", and a value of escaped pairs or plain characters.
  const part = /\s*([A-Za-z]+)\s*=\s*((?:\\[^0-9A-Fa-f]|[^\\,+"<>;=#\0])*)(?:,(?!$)|$)/gy
  const attributes: (readonly [string, string])[] = []
  while (part.lastIndex < text.length) {
    const match = part.exec(text)
    if (!match) break
    const [whole, type = '', escaped = ''] = match
    const value = escaped.replace(/(?<!\\)\s+$/, '').replace(/\\(.)/gu, '$1')
    if (value === '') throw invalid(text, `has no value for ${type}`)
    attributes.push([type, value])
    if (match.index + whole.length === text.length) return attributes
  }
  throw invalid(text, 'is not a name; write TYPE=value,TYPE=value with a backslash before any of , + " < > ; = # \\')
}
