// SPDX-License-Identifier: Apache-2.0
import { type Algorithm, notaryAlgorithms, requireAlgorithm } from '../algorithm.js'
import { formatName } from '../x509/name.js'
import { validateChain } from './chain.js'
import { validityProblem } from './check/timestamp.js'
import { requireRemaining } from './minimum-validity.js'

/** What {@link verifySigningCertificates} accepts. */
export interface SigningCertificatesOptions {
  /** Seconds that every certificate has to be valid for yet; none by default. */
  readonly minimumSeconds?: number | undefined
  readonly clock?: (() => Date) | undefined
}

/** A chain that fits for signing. */
export interface SigningCertificates {
  readonly subject: string
  /** Who issued the leaf. */
  readonly issuer: string
  readonly algorithm: Algorithm
  readonly notBefore: Date
  /** When the first of the certificates ends. */
  readonly notAfter: Date
}

/**
 * Checks that signatures can be made with a certificate chain now (signature-specification, certificate requirements):
 * its order, the profile of each certificate, their signatures, and that all are valid. Leaf first, root included, DER.
 *
 * Whether anybody trusts it is not checked, nor whether anything in it is revoked.
 * @throws INVALID_DER | INVALID_CERTIFICATE | INVALID_CERTIFICATE_CHAIN | UNSUPPORTED_KEY | UNTRUSTED_VALIDITY
 */
export async function verifySigningCertificates(
  chain: readonly Uint8Array[],
  { minimumSeconds, clock = () => new Date() }: SigningCertificatesOptions = {},
): Promise<SigningCertificates> {
  const validated = await validateChain(chain)
  const now = clock().getTime()
  requireAlgorithm(validated.algorithm, notaryAlgorithms)
  const problem = validityProblem(validated, now, 'now')
  if (problem) throw problem
  if (minimumSeconds !== undefined) requireRemaining(validated.certificates, now, minimumSeconds)
  return {
    subject: validated.subject,
    issuer: formatName(validated.certificates[0]!.issuer),
    algorithm: validated.algorithm,
    notBefore: new Date(validated.notBefore),
    notAfter: new Date(validated.notAfter),
  }
}
