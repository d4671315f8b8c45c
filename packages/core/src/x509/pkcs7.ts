// SPDX-License-Identifier: Apache-2.0
// Certificates in a PKCS#7 bundle: a SignedData that signs nothing (RFC 5652 section 5).
import { OcisignError } from '../errors.js'
import { limits } from '../limits.js'
import { type Certificate, parseCertificate } from './certificate.js'
import {
  contextTag,
  createDerReader,
  enter,
  finish,
  leave,
  peekTag,
  readElement,
  readOid,
  skipElement,
  tags,
} from './der.js'

const signedData = '1.2.840.113549.1.7.2'
const maxBytes = 1024 * 1024

/**
 * Reads the certificates of a PKCS#7 bundle in DER (`.p7b`, `application/pkcs7-mime`), in whatever order they have there.
 *
 * Nothing of what the bundle says besides is read, and nothing of it is verified.
 * @throws INVALID_DER | INVALID_CERTIFICATE
 */
export function parsePkcs7Certificates(der: Uint8Array): readonly Certificate[] {
  const reader = createDerReader(der, maxBytes)
  const content = enter(reader, tags.sequence)
  if (readOid(reader) !== signedData)
    throw new OcisignError('INVALID_CERTIFICATE', 'the bundle is another kind of PKCS#7 than signed data', {})
  const explicit = enter(reader, contextTag(0, true))
  const body = enter(reader, tags.sequence)
  // Version, digest algorithms, what is signed.
  skipElement(reader)
  skipElement(reader)
  skipElement(reader)
  const certificates: Certificate[] = []
  if (peekTag(reader) === contextTag(0, true)) {
    const set = enter(reader, contextTag(0, true))
    while (peekTag(reader) !== -1) {
      if (certificates.length >= limits.chainCertificates)
        throw new OcisignError(
          'INVALID_CERTIFICATE',
          `the bundle has more than ${limits.chainCertificates} certificates`,
          {},
        )
      certificates.push(parseCertificate(readElement(reader, tags.sequence)))
    }
    leave(reader, set)
  }
  while (peekTag(reader) !== -1) skipElement(reader)
  leave(reader, body)
  leave(reader, explicit)
  leave(reader, content)
  finish(reader)
  return certificates
}
