// SPDX-License-Identifier: Apache-2.0
// Distinguished names (RFC 5280 section 4.1.2.4). Names are compared by their bytes; they are decoded only for people
// and for identities, whose text is that of Go's pkix.Name, on which trust policies are written.
import { decodeText, encodeHex, encodeText } from '../bytes.js'
import { OcisignError } from '../errors.js'
import {
  atEnd,
  createDerReader,
  type DerReader,
  enter,
  finish,
  invalidDer,
  leave,
  peekTag,
  readContent,
  readOid,
  skipOid,
  tags,
} from './der.js'
import { oids } from './oid.js'

/** An attribute of a name: `{ oid: '2.5.4.3', type: 'CN', value: 'example' }`. */
export interface NameAttribute {
  readonly oid: string
  /** The short name, for the nine that have one in identities. */
  readonly type?: string
  readonly value: string
}

/** The relative distinguished names in the order of the encoding, each with at least one attribute. */
export type Name = readonly (readonly NameAttribute[])[]

const attributeTypes: Readonly<Record<string, string>> = {
  [oids.country]: 'C',
  [oids.organization]: 'O',
  [oids.organizationalUnit]: 'OU',
  [oids.commonName]: 'CN',
  [oids.serialNumber]: 'SERIALNUMBER',
  [oids.locality]: 'L',
  [oids.state]: 'ST',
  [oids.street]: 'STREET',
  [oids.postalCode]: 'POSTALCODE',
}

const invalidName = (why: string, cause?: unknown) =>
  new OcisignError('INVALID_CERTIFICATE', `a name in the certificate ${why}`, {}, cause === undefined ? {} : { cause })

/**
 * Reads a Name.
 *
 * Strings are PrintableString (with `*` and `&`, which certificates have), UTF8String, IA5String, NumericString,
 * BMPString without surrogates and non-characters, and T61String, taken for Latin-1 as everywhere.
 * @throws INVALID_DER | INVALID_CERTIFICATE for a string of another kind or with characters it cannot have
 */
export function parseName(der: Uint8Array): Name {
  const reader = createDerReader(der)
  const name: NameAttribute[][] = []
  walkName(reader, (first) => {
    const oid = readOid(reader)
    const type = attributeTypes[oid]
    const value = readString(reader)
    const attribute = type === undefined ? { oid, value } : { oid, type, value }
    if (first) name.push([attribute])
    else name.at(-1)!.push(attribute)
  })
  finish(reader)
  return name
}

function readString(reader: DerReader): string {
  const tag = peekTag(reader)
  return decodeString(tag, readContent(reader, tag))
}

/** Holds the name to what {@link parseName} accepts, without decoding it; returns whether it is empty. */
export function checkName(reader: DerReader): boolean {
  return walkName(reader, checkAttribute) === 0
}

function checkAttribute(_first: boolean, reader: DerReader): void {
  skipOid(reader)
  const tag = peekTag(reader)
  const outer = enter(reader, tag)
  checkString(reader, tag)
  leave(reader, outer)
}

/** Reads what is in the SEQUENCE of an attribute; `first` of those in its part of the name. */
type ReadAttribute = (first: boolean, reader: DerReader) => void

/** Returns how many parts the name has. */
function walkName(reader: DerReader, readAttribute: ReadAttribute): number {
  let parts = 0
  const outer = enter(reader, tags.sequence)
  for (; !atEnd(reader); parts++) {
    const outerSet = enter(reader, tags.set)
    let previous: Uint8Array | undefined
    do {
      const start = reader.position
      const outerAttribute = enter(reader, tags.sequence)
      readAttribute(previous === undefined, reader)
      leave(reader, outerAttribute)
      if (previous === undefined && atEnd(reader)) break
      const attribute = reader.bytes.subarray(start, reader.position)
      if (previous && !precedes(previous, attribute)) throw invalidDer(start, 'the elements of a SET are not in order')
      previous = attribute
    } while (!atEnd(reader))
    leave(reader, outerSet)
  }
  leave(reader, outer)
  return parts
}

/** The order of a SET OF (X.690 section 11.6); equal elements would be one element twice. */
function precedes(a: Uint8Array, b: Uint8Array): boolean {
  for (let index = 0; index < a.length && index < b.length; index++)
    if (a[index] !== b[index]) return a[index]! < b[index]!
  return a.length < b.length
}

/** Moves to the end of a string that {@link decodeString} would decode. */
function checkString(reader: DerReader, tag: number): void {
  const { bytes, position, limit } = reader
  reader.position = limit
  const isSimple = tag === tags.printableString ? isPrintable : isAscii
  if (tag === tags.printableString || tag === tags.utf8String || tag === tags.ia5String) {
    // With an index: this runs over every name of every certificate, and iterators are several times slower.
    let index = position
    while (index < limit && isSimple(bytes[index]!)) index++
    if (index === limit) return
  }
  decodeString(tag, bytes.subarray(position, limit))
}

function decodeString(tag: number, content: Uint8Array): string {
  switch (tag) {
    case tags.printableString:
      if (!content.every(isPrintable)) throw invalidName('has a PrintableString with other characters')
      return decodeText(content)
    case tags.utf8String:
      try {
        return decodeText(content)
      } catch (cause) {
        throw invalidName('has a UTF8String that is not UTF-8', cause)
      }
    case tags.ia5String:
      if (!content.every(isAscii)) throw invalidName('has an IA5String with other characters')
      return decodeText(content)
    case tags.numericString:
      if (!content.every((byte) => byte === 0x20 || (byte >= 0x30 && byte <= 0x39)))
        throw invalidName('has a NumericString with other characters')
      return decodeText(content)
    case tags.t61String:
      return decodeUnits(content, 1)
    case tags.bmpString:
      return decodeBmpString(content)
    default:
      throw invalidName(`has a value of a kind that is no string read here, tag 0x${tag.toString(16)}`)
  }
}

const isAscii = (byte: number) => byte < 0x80

function isPrintable(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x26 && byte <= 0x3a) ||
    byte === 0x20 ||
    byte === 0x3d ||
    byte === 0x3f
  )
}

function decodeBmpString(content: Uint8Array): string {
  const end = content.length
  if (end % 2 !== 0) throw invalidName('has a BMPString with half a character')
  const terminated = end > 0 && content[end - 1] === 0 && content[end - 2] === 0
  const text = decodeUnits(terminated ? content.subarray(0, end - 2) : content, 2)
  // What is permanently no character, and surrogates, which UCS-2 does not have.
  if (/[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/.test(text)) throw invalidName('has a BMPString with other characters')
  return text
}

function decodeUnits(content: Uint8Array, width: 1 | 2): string {
  let text = ''
  for (let index = 0; index < content.length; index += width)
    text += String.fromCharCode(width === 1 ? content[index]! : content[index]! * 256 + content[index + 1]!)
  return text
}

// How Go orders the parts of a name that it knows; all values of one kind become one multi-valued part.
const order = ['C', 'ST', 'L', 'STREET', 'POSTALCODE', 'O', 'OU', 'CN', 'SERIALNUMBER']

/**
 * Writes a name as Go's `pkix.Name` does, which trusted identities are compared with: `CN=a,OU=b+OU=c,O=d,C=e`.
 *
 * The text is not a faithful rendering: parts are reordered by kind, of several CN or SERIALNUMBER the last one stays
 * and an empty one is left out. It may hold any character: pass it through `printable` before showing it.
 * @throws INVALID_DER | INVALID_CERTIFICATE as {@link parseName} does
 */
export function formatName(der: Uint8Array): string {
  const reader = createDerReader(der)
  const unknown: string[] = []
  const known: string[] = order.map(() => '')
  walkName(reader, () => {
    const oid = readOid(reader)
    const type = attributeTypes[oid]
    const value = readString(reader)
    if (type === undefined) unknown.push(`${oid}=#${encodeHex(encodeString(value))}`)
    else {
      const place = order.indexOf(type)
      const text = `${type}=${escapeValue(value)}`
      if (type === 'CN' || type === 'SERIALNUMBER') known[place] = value === '' ? '' : text
      else known[place] = known[place] ? `${known[place]}+${text}` : text
    }
  })
  finish(reader)
  return [...unknown, ...known.filter((text) => text !== '')].reverse().join(',')
}

const special = /[,+"\\<>;]|^[ #]| $/
const everySpecial = /[,+"\\<>;]|^[ #]| $/g
const escapeValue = (value: string) => (special.test(value) ? value.replace(everySpecial, '\\$&') : value)

/** A string in DER as Go encodes it: PrintableString where it can, here without `*` and `&`, else UTF8String. */
function encodeString(value: string): Uint8Array {
  const content = encodeText(value)
  const printable = content.every((byte) => isPrintable(byte) && byte !== 0x2a && byte !== 0x26)
  return encodeElement(printable ? tags.printableString : tags.utf8String, content)
}

function encodeElement(tag: number, content: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
  const header = content.length < 0x80 ? [content.length] : [0x80 | length.length, ...length]
  const element = new Uint8Array(1 + header.length + content.length)
  element.set([tag, ...header])
  element.set(content, 1 + header.length)
  return element
}
