// SPDX-License-Identifier: Apache-2.0
// The syntax of extensions that decide nothing here (signature-specification: only three are honoured). A certificate
// that Go's reader refuses must be refused here as well, so they are held to what it holds them to, or more.
import { encodeHex } from '../bytes.js'
import { OcisignError } from '../errors.js'
import {
  atEnd,
  contextTag,
  type DerReader,
  enter,
  leave,
  peekTag,
  readContent,
  readOid,
  readSmallInteger,
  readUnsigned,
  skipElement,
  tags,
} from './der.js'
import { checkName } from './name.js'
import { oids } from './oid.js'

type SyntaxCheck = (reader: DerReader, critical: boolean) => void

/** By object identifier; each reads its extension to the end. */
export const syntaxChecks: Readonly<Record<string, SyntaxCheck>> = {
  [oids.subjectKeyIdentifier](reader, critical) {
    if (critical) throw invalid('a critical subjectKeyIdentifier')
    readContent(reader, tags.octetString)
  },
  [oids.authorityKeyIdentifier](reader, critical) {
    if (critical) throw invalid('a critical authorityKeyIdentifier')
    const outer = enter(reader, tags.sequence)
    if (peekTag(reader) === contextTag(0, false)) readContent(reader, contextTag(0, false))
    if (peekTag(reader) === contextTag(1, true)) checkSequence(reader, checkGeneralName, contextTag(1, true))
    if (peekTag(reader) === contextTag(2, false)) readUnsigned(reader, contextTag(2, false))
    leave(reader, outer)
  },
  [oids.subjectAlternativeName]: (reader) => checkSequence(reader, checkAlternativeName),
  [oids.issuerAlternativeName]: (reader) => checkSequence(reader, checkGeneralName),
  [oids.nameConstraints](reader) {
    const outer = enter(reader, tags.sequence)
    if (atEnd(reader)) throw invalid('empty nameConstraints')
    for (const number of [0, 1])
      if (peekTag(reader) === contextTag(number, true)) checkSequence(reader, checkSubtree, contextTag(number, true))
    leave(reader, outer)
  },
  [oids.crlDistributionPoints]: (reader) => checkSequence(reader, checkDistributionPoint),
  [oids.certificatePolicies](reader) {
    const seen = new Set<string>()
    checkSequence(reader, () => {
      const outer = enter(reader, tags.sequence)
      const policy = readAnyOid(reader)
      if (seen.has(policy)) throw invalid(`a policy twice`)
      seen.add(policy)
      if (peekTag(reader) === tags.sequence) checkPolicyQualifiers(reader)
      leave(reader, outer)
    })
  },
  [oids.policyMappings]: (reader) =>
    checkSequence(reader, () => {
      const outer = enter(reader, tags.sequence)
      readAnyOid(reader)
      readAnyOid(reader)
      leave(reader, outer)
    }),
  [oids.policyConstraints](reader) {
    const outer = enter(reader, tags.sequence)
    for (const number of [0, 1])
      if (peekTag(reader) === contextTag(number, false)) readSmallInteger(reader, contextTag(number, false))
    leave(reader, outer)
  },
  [oids.inhibitAnyPolicy]: (reader) => void readSmallInteger(reader),
  [oids.authorityInformationAccess](reader, critical) {
    if (critical) throw invalid('a critical authorityInfoAccess')
    checkSequence(reader, () => {
      const outer = enter(reader, tags.sequence)
      readOid(reader)
      checkGeneralName(reader)
      leave(reader, outer)
    })
  },
}

const invalid = (what: string) => new OcisignError('INVALID_CERTIFICATE', `the certificate has ${what}`, {})

/** One or more. */
function checkSequence(reader: DerReader, check: (reader: DerReader) => void, tag: number = tags.sequence): void {
  const outer = enter(reader, tag)
  do check(reader)
  while (!atEnd(reader))
  leave(reader, outer)
}

/** What a qualifier is follows from its identifier, and is nobody's here; that there is none is left alone, as by Go. */
function checkPolicyQualifiers(reader: DerReader): void {
  const outer = enter(reader, tags.sequence)
  while (!atEnd(reader)) {
    const outerQualifier = enter(reader, tags.sequence)
    readAnyOid(reader)
    skipElement(reader)
    leave(reader, outerQualifier)
  }
  leave(reader, outer)
}

function checkDistributionPoint(reader: DerReader): void {
  const outer = enter(reader, tags.sequence)
  if (peekTag(reader) === contextTag(0, true)) {
    const outerName = enter(reader, contextTag(0, true))
    checkSequence(reader, checkGeneralName, contextTag(0, true))
    leave(reader, outerName)
  }
  if (peekTag(reader) === contextTag(1, false)) readContent(reader, contextTag(1, false))
  if (peekTag(reader) === contextTag(2, true)) checkSequence(reader, checkGeneralName, contextTag(2, true))
  leave(reader, outer)
}

// Without X.400 and EDI: certificates have none.
const [otherName, email, dnsName, directoryName] = [0xa0, 0x81, 0x82, 0xa4]
const [uri, ipAddress, registeredId] = [0x86, 0x87, 0x88]

// Absolute, of the characters of RFC 3986, with at most a plain host: what is odder is refused, not interpreted.
const uriPattern = new RegExp(
  [
    '^[A-Za-z][A-Za-z0-9+.-]*:',
    "(?://(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?",
    '(?:[A-Za-z0-9_~-]+(?:\\.[A-Za-z0-9_~-]+)*(?::[0-9]*)?)?(?=[/?#]|$)|(?!//))',
    "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})*$",
  ].join(''),
)

/** Of names of the subject, Go reads addresses of the web; of others, it does not. */
function checkAlternativeName(reader: DerReader): void {
  if (peekTag(reader) !== uri) checkGeneralName(reader)
  else if (!uriPattern.test(readText(reader, uri))) throw invalid('a URI that is none')
}

function checkGeneralName(reader: DerReader): void {
  const tag = peekTag(reader)
  switch (tag) {
    case email:
    case dnsName:
    case uri:
      readText(reader, tag)
      return
    case ipAddress: {
      const { length } = readContent(reader, tag)
      if (length !== 4 && length !== 16) throw invalid('an IP address that is none')
      return
    }
    case directoryName: {
      const outer = enter(reader, tag)
      checkName(reader)
      leave(reader, outer)
      return
    }
    case otherName: {
      const outer = enter(reader, tag)
      readAnyOid(reader)
      const outerValue = enter(reader, contextTag(0, true))
      skipElement(reader)
      leave(reader, outerValue)
      leave(reader, outer)
      return
    }
    case registeredId:
      readAnyOid(reader, tag)
      return
    default:
      throw invalid('a general name of an unknown kind')
  }
}

const domainPattern = /^\.?[!-\-/-~]+(?:\.[!-\-/-~]+)*$/
const mailboxPattern = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([^.].*)$/

function checkSubtree(reader: DerReader): void {
  const outer = enter(reader, tags.sequence)
  const tag = peekTag(reader)
  if (tag === email || tag === dnsName || tag === uri) {
    const text = readText(reader, tag)
    const domain = tag === email && text.includes('@') ? (mailboxPattern.exec(text)?.[1] ?? '@') : text
    const isAddress = tag === uri && (/^[0-9.]+$/.test(domain) || domain.includes(':'))
    if (isAddress || domain.includes('@') || (domain !== '' && !domainPattern.test(domain)))
      throw invalid('a name constraint that is none')
  } else if (tag === ipAddress) checkRange(readContent(reader, tag))
  else checkGeneralName(reader)
  // Minimum and maximum are not used in this profile; they are there or not.
  if (peekTag(reader) === contextTag(0, false)) readSmallInteger(reader, contextTag(0, false))
  if (peekTag(reader) === contextTag(1, false)) readSmallInteger(reader, contextTag(1, false))
  leave(reader, outer)
}

function checkRange(range: Uint8Array): void {
  const width = range.length / 2
  let bits = ''
  for (const byte of range.subarray(width)) bits += byte.toString(2).padStart(8, '0')
  if ((width !== 4 && width !== 16) || !/^1*0*$/.test(bits)) throw invalid('a range of IP addresses that is none')
}

/** An identifier whose arcs may be of any size; as hexadecimal digits. */
function readAnyOid(reader: DerReader, tag: number = tags.oid): string {
  const content = readContent(reader, tag)
  const malformed = content.some((byte, index) => byte === 0x80 && (index === 0 || content[index - 1]! < 0x80))
  if (malformed || !(content[content.length - 1]! < 0x80)) throw invalid('an object identifier that is none')
  return encodeHex(content)
}

/** An IA5String of a general name. */
function readText(reader: DerReader, tag: number): string {
  const content = readContent(reader, tag)
  let text = ''
  for (const byte of content) {
    if (byte >= 0x80) throw invalid('a general name with characters beyond ASCII')
    text += String.fromCharCode(byte)
  }
  return text
}
