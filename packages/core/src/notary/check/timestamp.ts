// SPDX-License-Identifier: Apache-2.0
// Whether every certificate was valid when it was used (trust-store-trust-policy, authentic timestamp).
import { OcisignError } from '../../errors.js'
import type { Outcome } from '../../verdict.js'
import { describeSubject } from '../../x509/certificate.js'
import type { ValidatedChain } from '../chain.js'
import type { SignedAttributes, UnsignedAttributes } from '../envelope.js'
import type { VerifyingPolicy } from '../policy/document.js'
import { failed, inconclusive, passed } from './outcome.js'

/** Checks the time of signing, or the time now where nothing trustworthy states another. */
export function checkAuthenticTimestamp(
  chain: ValidatedChain,
  signed: SignedAttributes,
  unsigned: UnsignedAttributes,
  policy: VerifyingPolicy,
  now: number,
): Outcome {
  if (signed.signingScheme === 'notary.x509.signingAuthority') {
    const time = signed.authenticSigningTime?.getTime() ?? Number.NaN
    return checkValidity(chain, time, 'when it was signed')
  }
  const hasAuthority = policy.trustStores.some(({ type }) => type === 'tsa')
  const wanted = hasAuthority && (policy.verifyTimestamp === 'always' || now > chain.notAfter)
  if (!wanted) return checkValidity(chain, now, 'now')
  if (!unsigned.timestamp)
    return failed(
      new OcisignError('UNTRUSTED_TIMESTAMP', 'the policy asks for a timestamp, and the signature has none', {
        reason: 'missing',
      }),
    )
  const reason = 'timestamps cannot be verified by this version'
  return inconclusive(
    new OcisignError('UNAVAILABLE_TIMESTAMP', `the policy asks for a timestamp, and ${reason}`, {
      reason,
      retryable: false,
    }),
  )
}

function checkValidity(chain: ValidatedChain, time: number, when: string): Outcome {
  const problem = validityProblem(chain, time, when)
  return problem ? failed(problem) : passed
}

/** The error of a chain with a certificate that is not valid at that time; undefined where all are. */
export function validityProblem(
  chain: ValidatedChain,
  time: number,
  when: string,
): OcisignError<'UNTRUSTED_VALIDITY'> | undefined {
  if (time >= chain.notBefore && time <= chain.notAfter) return undefined
  const certificate = chain.certificates.find((each) => !(time >= each.notBefore && time <= each.notAfter))!
  const subject = describeSubject(certificate)
  const notBefore = new Date(certificate.notBefore).toISOString()
  const notAfter = new Date(certificate.notAfter).toISOString()
  const how =
    time < certificate.notBefore
      ? `not yet valid: it begins at ${notBefore}`
      : `no longer valid: it ended at ${notAfter}`
  return new OcisignError('UNTRUSTED_VALIDITY', `the certificate "${subject}" was, ${when}, ${how}`, {
    subject,
    notBefore,
    notAfter,
  })
}
