// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '../../errors.js'
import type { Outcome } from '../../verdict.js'
import { type Certificate, describeSubject } from '../../x509/certificate.js'
import { atEnd, createDerReader, enter, finish, leave, readOid, skipElement, tags } from '../../x509/der.js'
import { oids } from '../../x509/oid.js'
import type { ValidatedChain } from '../chain.js'
import { inconclusive, notApplicable } from './outcome.js'

/** Tells whether a certificate names a place to ask: a CRL, or an OCSP server. What cannot be read counts as one. */
function namesRevocationSource({ extensions }: Certificate): boolean {
  return extensions.some(
    ({ oid, value }) =>
      oid === oids.crlDistributionPoints || (oid === oids.authorityInformationAccess && namesOcspServer(value)),
  )
}

// AuthorityInfoAccessSyntax, RFC 5280 section 4.2.2.1: besides OCSP it says where the issuer's certificate is.
function namesOcspServer(value: Uint8Array): boolean {
  try {
    const reader = createDerReader(value)
    const list = enter(reader, tags.sequence)
    while (!atEnd(reader)) {
      const description = enter(reader, tags.sequence)
      if (readOid(reader) === oids.ocspAccess) return true
      skipElement(reader)
      leave(reader, description)
    }
    leave(reader, list)
    finish(reader)
    return false
  } catch {
    return true
  }
}

/**
 * Checks revocation as far as it goes without a network: a chain that names neither CRL nor OCSP cannot be revoked,
 * any other cannot be judged. The root is nobody's to revoke.
 */
export function checkRevocation(chain: ValidatedChain): Outcome {
  const certificate = chain.certificates.slice(0, -1).find(namesRevocationSource)
  if (!certificate) return notApplicable
  const subject = describeSubject(certificate)
  return inconclusive(
    new OcisignError(
      'UNAVAILABLE_REVOCATION',
      `"${subject}" names a CRL or OCSP server, and this version does not ask them; override revocation in the trust policy if that is acceptable`,
      { subject, retryable: false },
    ),
  )
}
