// SPDX-License-Identifier: Apache-2.0
// The extensions of a certificate (RFC 5280 section 4.2): the three that the profile honours are read, the other
// well-known ones are only held to their syntax.
import { OcisignError } from '../errors.js'
import {
  atEnd,
  type DerReader,
  enter,
  leave,
  peekTag,
  readBoolean,
  readNamedBits,
  readOid,
  readSmallInteger,
  tags,
} from './der.js'
import { syntaxChecks } from './extension-syntax.js'
import { oids } from './oid.js'

/** An extension as it stands in the certificate. */
export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** The content of the OCTET STRING. */
  readonly value: Uint8Array
}

/** RFC 5280 section 4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean
  readonly pathLength?: number
}

/** The bits of the key usage extension, in their order. */
export const keyUsages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/** RFC 5280 section 4.2.1.3. */
export type KeyUsage = (typeof keyUsages)[number]

/** All extensions, and what those that are honoured say. */
export interface Extensions {
  readonly extensions: readonly Extension[]
  readonly basicConstraints?: BasicConstraints | undefined
  readonly keyUsage?: readonly KeyUsage[] | undefined
  /** Object identifiers, at least one. */
  readonly extendedKeyUsage?: readonly string[] | undefined
}

const maxExtensions = 64

const invalid = (why: string) => new OcisignError('INVALID_CERTIFICATE', `the certificate has ${why}`, {})

/**
 * Reads the extensions.
 * @throws INVALID_DER | INVALID_CERTIFICATE
 */
export function readExtensions(reader: DerReader): Extensions {
  const extensions: Extension[] = []
  let basicConstraints: BasicConstraints | undefined
  let keyUsage: readonly KeyUsage[] | undefined
  let extendedKeyUsage: readonly string[] | undefined
  const outer = enter(reader, tags.sequence)
  do {
    const outerExtension = enter(reader, tags.sequence)
    const oid = readOid(reader)
    // FALSE is the default and need not be there, but very many certificates have it; it means the same.
    const critical = peekTag(reader) === tags.boolean && readBoolean(reader)
    for (const each of extensions) if (each.oid === oid) throw invalid(`the extension ${oid} twice`)
    const outerValue = enter(reader, tags.octetString)
    const value = reader.bytes.subarray(reader.position, reader.limit)
    if (oid === oids.keyUsage) keyUsage = readKeyUsage(reader)
    else if (oid === oids.basicConstraints) basicConstraints = readBasicConstraints(reader)
    else if (oid === oids.extendedKeyUsage) extendedKeyUsage = readExtendedKeyUsage(reader)
    else {
      const check = syntaxChecks[oid]
      if (check) check(reader, critical)
      else reader.position = reader.limit
    }
    leave(reader, outerValue)
    leave(reader, outerExtension)
    if (extensions.push({ oid, critical, value }) > maxExtensions)
      throw invalid(`more than ${maxExtensions} extensions`)
  } while (!atEnd(reader))
  leave(reader, outer)
  return { extensions, basicConstraints, keyUsage, extendedKeyUsage }
}

function readKeyUsage(reader: DerReader): readonly KeyUsage[] {
  const bits = readNamedBits(reader)
  if (bits === 0 || bits >= 1 << keyUsages.length)
    throw invalid('a keyUsage that names no usage, or one that does not exist')
  return keyUsages.filter((_, bit) => (bits & (1 << bit)) !== 0)
}

function readBasicConstraints(reader: DerReader): BasicConstraints {
  const outer = enter(reader, tags.sequence)
  const ca = peekTag(reader) === tags.boolean && readBoolean(reader)
  const constraints = atEnd(reader) ? { ca } : { ca, pathLength: readSmallInteger(reader) }
  leave(reader, outer)
  return constraints
}

function readExtendedKeyUsage(reader: DerReader): readonly string[] {
  const usages: string[] = []
  const outer = enter(reader, tags.sequence)
  do usages.push(readOid(reader))
  while (!atEnd(reader))
  leave(reader, outer)
  return usages
}
