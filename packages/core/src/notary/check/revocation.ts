// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '../../errors.js'
import type { Outcome } from '../../verdict.js'
import { formatName } from '../../x509/name.js'
import { oids } from '../../x509/oid.js'
import type { ValidatedChain } from '../chain.js'
import { inconclusive, notApplicable } from './outcome.js'

const revocable: readonly string[] = [oids.crlDistributionPoints, oids.authorityInformationAccess]

/**
 * Checks revocation as far as it goes without a network: a chain that names neither CRL nor OCSP cannot be revoked,
 * any other cannot be judged. The root is nobody's to revoke.
 */
export function checkRevocation(chain: ValidatedChain): Outcome {
  const certificate = chain.certificates
    .slice(0, -1)
    .find(({ extensions }) => extensions.some(({ oid }) => revocable.includes(oid)))
  if (!certificate) return notApplicable
  const subject = formatName(certificate.subject)
  return inconclusive(
    new OcisignError(
      'UNAVAILABLE_REVOCATION',
      `"${subject}" names a CRL or OCSP server, and this version does not ask them; override revocation in the trust policy if that is acceptable`,
      { subject, retryable: false },
    ),
  )
}
