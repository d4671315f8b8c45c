// SPDX-License-Identifier: Apache-2.0
// Whether the policy trusts who signed (trust-store-trust-policy, authenticity).
import { equalBytes } from '../../bytes.js'
import { OcisignError, printable } from '../../errors.js'
import type { Outcome } from '../../verdict.js'
import type { Anchors } from '../anchors.js'
import type { ValidatedChain } from '../chain.js'
import { matchesIdentity, type TrustedIdentity } from '../identity.js'
import { failed, passed } from './outcome.js'

/** Checks that the chain holds one of the trusted certificates, byte for byte. */
export function checkAnchor(chain: ValidatedChain, anchors: Anchors): Outcome {
  const { certificates, stores } = anchors
  for (const certificate of chain.certificates)
    for (const anchor of certificates)
      if (anchor === certificate || equalBytes(anchor.der, certificate.der)) return passed
  const where = stores.length > 0 ? stores.join(', ') : 'the policy, which names no trust store for this signing scheme'
  const message = `"${printable(chain.subject)}" does not lead to a certificate trusted by ${where}`
  return failed(new OcisignError('UNTRUSTED_ANCHOR', message, { stores }))
}

/** Checks that the leaf's subject is one of the trusted identities. */
export function checkIdentity(chain: ValidatedChain, identities: readonly TrustedIdentity[]): Outcome {
  for (const identity of identities)
    if (identity.kind === 'any' || matchesIdentity(chain.subjectAttributes(), identity)) return passed
  const trusted = identities.map(({ text }) => text)
  return failed(
    new OcisignError(
      'UNTRUSTED_IDENTITY',
      `"${printable(chain.subject)}" is none of the trusted identities: ${printable(trusted.join('; '), 1000)}`,
      { subject: chain.subject, trusted },
    ),
  )
}
