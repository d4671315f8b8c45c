// SPDX-License-Identifier: Apache-2.0
// X.509 certificates (RFC 5280 section 4.1).
import { equalBytes } from '../bytes.js'
import type { PublicKey, SignatureAlgorithm } from '../crypto/platform.js'
import { OcisignError, printable } from '../errors.js'
import {
  atEnd,
  contextTag,
  createDerReader,
  type DerReader,
  enter,
  finish,
  leave,
  peekTag,
  readBitString,
  readContent,
  readElement,
  readSmallInteger,
  readTime,
  readUnsigned,
  tags,
} from './der.js'
import { type Extensions, readExtensions } from './extensions.js'
import { checkName, formatName } from './name.js'
import { readPublicKey, type Unsupported } from './public-key.js'
import { readSignatureAlgorithm } from './signature-algorithm.js'

/** A certificate, read and not verified. Bytes are views of what it was read from. */
export interface Certificate extends Extensions {
  /** All of it. */
  readonly der: Uint8Array
  /** What is signed. */
  readonly tbs: Uint8Array
  readonly version: 1 | 2 | 3
  /** Big-endian, without leading zeros. */
  readonly serialNumber: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm | Unsupported
  readonly signature: Uint8Array
  /** Names in DER: they are equal if their bytes are; `parseName` and `formatName` read them. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** Milliseconds since 1970; the certificate is valid at both and between. */
  readonly notBefore: number
  readonly notAfter: number
  readonly publicKey: PublicKey | Unsupported
}

const invalid = (why: string) => new OcisignError('INVALID_CERTIFICATE', `the certificate has ${why}`, {})

/**
 * Reads one certificate in DER, strictly, and nothing after it; refuses whatever Go's reader refuses.
 *
 * Checks no signature, no time and no profile. A key or a signature of an unsupported kind is named, for whoever wants to use it to refuse. Bytes are not copied: whoever
 * might change them afterwards passes a copy.
 * @throws INVALID_DER | INVALID_CERTIFICATE
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const reader = createDerReader(der)
  const certificate = readCertificate(reader)
  finish(reader)
  return certificate
}

/** As {@link parseCertificate}, in the middle of something. */
function readCertificate(reader: DerReader): Certificate {
  const { bytes } = reader
  const start = reader.position
  const outer = enter(reader, tags.sequence)
  const tbsStart = reader.position
  const outerTbs = enter(reader, tags.sequence)
  const version = readVersion(reader)
  const serialNumber = readUnsigned(reader)
  if (serialNumber[0] === 0 || serialNumber.length > 20 || (serialNumber.length === 20 && serialNumber[0]! >= 0x80))
    throw invalid('a serial number that is zero or longer than 20 bytes')
  const algorithmStart = reader.position
  const signatureAlgorithm = readSignatureAlgorithm(reader)
  const algorithm = bytes.subarray(algorithmStart, reader.position)
  const issuerStart = reader.position
  if (checkName(reader)) throw invalid('no issuer')
  const issuer = bytes.subarray(issuerStart, reader.position)
  const outerValidity = enter(reader, tags.sequence)
  const notBefore = readTime(reader)
  const notAfter = readTime(reader)
  leave(reader, outerValidity)
  const subjectStart = reader.position
  checkName(reader)
  const subject = bytes.subarray(subjectStart, reader.position)
  const publicKey = readPublicKey(reader)
  const parts = readOptionalParts(reader, version)
  leave(reader, outerTbs)
  const tbs = bytes.subarray(tbsStart, reader.position)
  if (!equalBytes(readElement(reader, tags.sequence), algorithm))
    throw invalid('two signature algorithms: the one that is signed and another')
  const signature = readBitString(reader)
  leave(reader, outer)
  return {
    der: bytes.subarray(start, reader.position),
    tbs,
    version,
    serialNumber,
    signatureAlgorithm,
    signature,
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    // One by one: spreading is slow, and cold verifications spend their time here.
    extensions: parts.extensions,
    basicConstraints: parts.basicConstraints,
    keyUsage: parts.keyUsage,
    extendedKeyUsage: parts.extendedKeyUsage,
  }
}

function readVersion(reader: DerReader): 1 | 2 | 3 {
  if (peekTag(reader) !== contextTag(0, true)) return 1
  const outer = enter(reader, contextTag(0, true))
  const version = readSmallInteger(reader) + 1
  leave(reader, outer)
  // Version 1 is the default, which is not written.
  if (version !== 2 && version !== 3) throw invalid('an unknown version')
  return version
}

/** Unique identifiers, which nobody uses, and extensions. */
function readOptionalParts(reader: DerReader, version: number): Extensions {
  if (version > 1)
    for (const number of [1, 2])
      if (peekTag(reader) === contextTag(number, false))
        checkUniqueIdentifier(readContent(reader, contextTag(number, false)))
  if (version < 3 || atEnd(reader)) return { extensions: [] }
  const outer = enter(reader, contextTag(3, true))
  const extensions = readExtensions(reader)
  leave(reader, outer)
  return extensions
}

/** Nobody uses them, but they are BIT STRINGs, and other readers refuse what is none. */
function checkUniqueIdentifier(content: Uint8Array): void {
  const [unused = 8] = content
  const last = content[content.length - 1] ?? 0
  if (unused > 7 || (content.length === 1 && unused > 0) || (content.length > 1 && (last & ((1 << unused) - 1)) !== 0))
    throw invalid('a unique identifier that is no BIT STRING')
}

/**
 * Reads certificates in DER, one directly after the other, at least one.
 * @throws INVALID_DER | INVALID_CERTIFICATE
 */
export function parseCertificates(der: Uint8Array): readonly Certificate[] {
  const certificates: Certificate[] = []
  const reader = createDerReader(der, maxBundleBytes)
  do certificates.push(readCertificate(reader))
  while (!atEnd(reader))
  return certificates
}

const maxBundleBytes = 1024 * 1024

/** Tells whether the certificate is valid at that time, its first and last second included. */
export function isValidAt({ notBefore, notAfter }: Certificate, time: Date): boolean {
  const milliseconds = time.getTime()
  // A date that is none is not a time at which anything is valid.
  return milliseconds >= notBefore && milliseconds <= notAfter
}

/** Tells whether issuer and subject are the same, byte for byte; not that it signed itself. */
export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return equalBytes(issuer, subject)
}

/** The subject for messages: printable, and not too long. */
export function describeSubject({ subject }: Certificate): string {
  return printable(formatName(subject))
}
