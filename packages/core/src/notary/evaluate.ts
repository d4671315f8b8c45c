// SPDX-License-Identifier: Apache-2.0
// One signature under one policy (trust-store-trust-policy, signature evaluation).
import type { Signature } from '../attachment.js'
import type { Target } from '../descriptor.js'
import { isOcisignError, OcisignError } from '../errors.js'
import { conclude, isInconclusive, type Outcome, type Verified } from '../verdict.js'
import type { TrustContext } from '../verifier.js'
import type { ValidatedChain } from './chain.js'
import { checkAnchor, checkIdentity } from './check/authenticity.js'
import { checkExpiry } from './check/expiry.js'
import { askExtension, refuseUnprocessed, selectExtension } from './check/extension.js'
import { failed, inconclusive, passed, skipped } from './check/outcome.js'
import { checkRevocation } from './check/revocation.js'
import { checkTarget } from './check/target.js'
import { checkAuthenticTimestamp } from './check/timestamp.js'
import type { NotaryClaims } from './claims.js'
import type { SignedAttributes, UnverifiedEnvelope } from './envelope.js'
import type { AnyVerificationExtension, ExtensionFinder, ReplaceableCheck } from './extension.js'
import { type Intact, type Readers, verifyIntegrity } from './intact.js'
import type { TrustPolicy, VerifyingPolicy } from './policy/document.js'
import type { NotaryCheck } from './policy/levels.js'

/** What stays the same from one signature to the next. */
export interface Scene extends Readers {
  readonly extensions: readonly AnyVerificationExtension[] | ExtensionFinder
  readonly clock: () => Date
}

type NotaryOutcomes = { -readonly [check in 'integrity' | 'authenticity' | NotaryCheck]: Outcome }

/**
 * Judges a signature: every check in order, up to the first that is enforced and does not pass.
 * @throws what the `verify` of a Notary verifier throws
 */
export async function evaluate(
  scene: Scene,
  select: (context: TrustContext) => TrustPolicy,
  target: Target,
  signature: Signature,
  context: TrustContext,
): Promise<Verified<NotaryClaims>> {
  const policy = select(context)
  if (policy.skip)
    throw new OcisignError('MISUSE_REQUIREMENT', `policy "${policy.name}" asks for no signature; ask exemption first`, {
      reason: policy.name,
    })
  const { level } = policy
  const { actions } = level
  const outcomes: NotaryOutcomes = {
    integrity: skipped,
    authenticity: skipped,
    expiry: skipped,
    authenticTimestamp: skipped,
    revocation: skipped,
  }
  /** Notes an outcome; where the check is enforced and did not pass, that is the answer. */
  const note = (check: keyof NotaryOutcomes, outcome: Outcome): void => {
    outcomes[check] = outcome
    if (outcome.status !== 'failed' && outcome.status !== 'inconclusive') return
    if (check === 'integrity' || actions[check] === 'enforce')
      conclude({ target, identity: '', claims: undefined, level, outcomes })
  }

  // Where everything is at hand there is nothing to wait for, and waiting costs.
  const proven = verifyIntegrity(scene, policy, signature)
  const intact = proven instanceof Promise ? await proven : proven
  if (isOcisignError(intact)) note('integrity', outcomeOf(intact))
  const { envelope, chain, anchors, signed } = intact as Intact
  outcomes.integrity = passed
  const { attributes, unsigned } = envelope
  note('authenticity', isOcisignError(anchors) ? outcomeOf(anchors) : checkAnchor(chain, anchors))
  const isAnchored = outcomes.authenticity.status === 'passed'
  if (isAnchored) scene.chains.remember(chain)
  const selecting = selectExtension(envelope, scene.extensions, isAnchored, context)
  const extension = selecting instanceof Promise ? await selecting : selecting
  const replaced: readonly ReplaceableCheck[] = extension?.replaces ?? []
  if (isAnchored && !replaced.includes('trustedIdentity'))
    note('authenticity', checkIdentity(chain, policy.trustedIdentities))
  const now = scene.clock().getTime()
  note('expiry', checkExpiry(attributes.expiry, now))
  note('authenticTimestamp', checkAuthenticTimestamp(chain, attributes, unsigned, policy, now))
  const wantsRevocation = actions.revocation !== 'skip'
  if (wantsRevocation && !replaced.includes('revocation')) note('revocation', checkRevocation(chain))
  // Nobody whose chain reaches no anchor makes an extension run, whatever the level.
  if (extension && !isAnchored) refuseUnprocessed(extension, envelope, [])
  else if (extension) {
    const trustedIdentities = policy.trustedIdentities.map(({ text }) => text)
    const checks = replaced.filter((check) => check !== 'revocation' || wantsRevocation)
    const answer = await askExtension(extension, { envelope, target, trustedIdentities, checks }, context)
    if (answer.trustedIdentity) note('authenticity', answer.trustedIdentity)
    if (answer.revocation) note('revocation', answer.revocation)
  }
  if (isOcisignError(signed)) throw signed
  checkTarget(signed, target)
  return conclude({
    target,
    identity: `x509:${chain.subject}`,
    claims: claimsOf(policy, envelope, chain, signed),
    validUntil: validUntil(chain, attributes),
    level,
    outcomes,
  })
}

/** When the evidence ends: what a signing authority signed while its certificate was valid outlives the certificate. */
function validUntil(chain: ValidatedChain, { signingScheme, expiry }: SignedAttributes): Date | undefined {
  if (signingScheme === 'notary.x509.signingAuthority') return expiry
  return new Date(expiry ? Math.min(chain.notAfter, expiry.getTime()) : chain.notAfter)
}

/** A no, unless it is that nobody could find out. */
const outcomeOf = (error: OcisignError): Outcome => (isInconclusive(error) ? inconclusive(error) : failed(error))

function claimsOf(
  policy: VerifyingPolicy,
  { attributes, unsigned }: UnverifiedEnvelope,
  chain: ValidatedChain,
  signed: Target,
): NotaryClaims {
  return {
    kind: 'notary',
    policy: policy.name,
    level: policy.level.name,
    signingScheme: attributes.signingScheme,
    signingTime: (attributes.signingTime ?? attributes.authenticSigningTime)!,
    expiry: attributes.expiry,
    target: signed,
    certificateChain: chain.der,
    subject: chain.subject,
    extendedAttributes: attributes.extended,
    unsignedSigningAgent: unsigned.signingAgent,
  }
}
