// SPDX-License-Identifier: Apache-2.0
import type { Signature } from '../attachment.js'
import { copyBytes } from '../bytes.js'
import type { Awaitable } from '../crypto/platform.js'
import type { Target } from '../descriptor.js'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import { conclude, isInconclusive, type Outcome, type Verified } from '../verdict.js'
import type { TrustContext, Verifier } from '../verifier.js'
import { type Anchors, createAnchorLoader, type LoadAnchors } from './anchors.js'
import { createNotaryAttachment } from './attachment.js'
import { type ChainCache, createChainCache, type ValidatedChain, validateChain } from './chain.js'
import { checkAnchor, checkIdentity } from './check/authenticity.js'
import { checkExpiry } from './check/expiry.js'
import { askExtension, refuseUnprocessed, selectExtension } from './check/extension.js'
import { badSignature, verifyEnvelopeSignature } from './check/integrity.js'
import { failed, inconclusive, passed, skipped } from './check/outcome.js'
import { checkRevocation } from './check/revocation.js'
import { checkTarget } from './check/target.js'
import { checkAuthenticTimestamp } from './check/timestamp.js'
import type { NotaryClaims } from './claims.js'
import type { EnvelopeDecoder, KnownChain, SignedAttributes, UnverifiedEnvelope } from './envelope.js'
import type { AnyVerificationExtension, ReplaceableCheck } from './extension.js'
import { parsePayload, type SignedTarget } from './payload.js'
import type { TrustPolicy, TrustPolicyDocument, VerifyingPolicy } from './policy/document.js'
import type { NotaryCheck } from './policy/levels.js'
import { selectPolicy } from './policy/select.js'
import type { TrustStore } from './trust-store.js'

/** What {@link createNotaryVerifier} needs. */
export interface NotaryVerifierOptions {
  /** For artifacts or for blobs; `parseTrustPolicy` makes it. */
  readonly policy: TrustPolicyDocument
  readonly trustStore: TrustStore
  /** The envelope formats to accept: `jws` and `cose`, or their lean reading halves `jwsDecoder` and `coseDecoder`. */
  readonly formats: readonly EnvelopeDecoder[]
  /** Take over checks of signatures that name them; a signature that names another is refused. */
  readonly extensions?: readonly AnyVerificationExtension[]
  /** What time it is; the system's clock by default. */
  readonly clock?: () => Date
}

type NotaryOutcomes = { -readonly [check in 'integrity' | 'authenticity' | NotaryCheck]: Outcome }

/**
 * Makes a verifier of Notary Project signatures (signing-and-verification-workflow, verification;
 * trust-store-trust-policy, signature evaluation).
 *
 * The order is fixed: integrity and the certificate profile, the trust store, then everything else; nobody whose chain
 * does not reach a trusted certificate makes an extension or a network be asked. Between calls only validated chains
 * and their keys are remembered, by their exact bytes; times, policy and signatures are judged every time.
 *
 * Timestamps (RFC 3161) and revocation are not verified by this version: a policy that needs them gets UNAVAILABLE_.
 *
 * `verify` throws UNTRUSTED_SIGNATURE (with the outcome of each check), UNAVAILABLE_VERIFICATION, UNTRUSTED_TARGET,
 * UNTRUSTED_METADATA, UNTRUSTED_NO_POLICY, UNSUPPORTED_ATTRIBUTE, INVALID_PAYLOAD, MISUSE_SCOPE, or MISUSE_OPTION where the
 * policies are for the other kind, artifacts or blobs.
 */
export function createNotaryVerifier(options: NotaryVerifierOptions): Verifier<NotaryClaims> {
  const decoders = new Map(options.formats.map((format) => [format.mediaType, format]))
  const select = createSelector(options.policy)
  const scene: Scene = {
    decoders,
    extensions: options.extensions ?? [],
    clock: options.clock ?? (() => new Date()),
    chains: createChainCache(),
    loadAnchors: createAnchorLoader(options.trustStore),
  }
  return {
    attachment: createNotaryAttachment(),
    exemption(context) {
      const policy = select(context)
      return policy.skip ? { decision: 'not-required', policy: policy.name } : undefined
    },
    digestAlgorithm: (signature) => parseEnvelope(decoders, signature).algorithm.hash,
    verify: (target, signature, context) => evaluate(scene, select, target, signature, context),
  }
}

/** Selects policies; the document cannot change, so what was selected last is selected again by the same words. */
function createSelector(document: TrustPolicyDocument): (context: TrustContext) => TrustPolicy {
  const fitting = document.kind === 'oci' ? 'artifact' : 'blob'
  let last: { readonly context: TrustContext; readonly policy: TrustPolicy } | undefined
  return ({ subject, scope, policyName }) => {
    // A policy for every artifact is none for every file, nor the other way round.
    if (subject !== undefined && subject !== fitting)
      throw new OcisignError(
        'MISUSE_OPTION',
        `these trust policies are for ${fitting}s; a verifier of ${subject}s needs others`,
        {
          option: 'policy',
        },
      )
    if (last && last.context.scope === scope && last.context.policyName === policyName) return last.policy
    const context = { scope, policyName }
    last = { context, policy: selectPolicy(document, context) }
    return last.policy
  }
}

/** What stays the same from one signature to the next. */
interface Scene {
  readonly decoders: ReadonlyMap<string, EnvelopeDecoder>
  readonly extensions: readonly AnyVerificationExtension[]
  readonly clock: () => Date
  readonly chains: ChainCache
  readonly loadAnchors: LoadAnchors
}

/** What is known of a signature whose integrity is proven. */
interface Intact {
  readonly envelope: UnverifiedEnvelope
  readonly chain: ValidatedChain
  readonly anchors: Anchors | OcisignError
  readonly signed: SignedTarget | OcisignError
}

async function evaluate(
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
  const extension = selectExtension(envelope, scene.extensions)
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
    const answer = await askExtension(extension, { envelope, target, trustedIdentities }, context)
    if (answer.trustedIdentity) note('authenticity', answer.trustedIdentity)
    if (answer.revocation && wantsRevocation) note('revocation', answer.revocation)
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

/** Proves that the envelope's certificate made its signature; the error is an answer, not thrown. */
function verifyIntegrity(
  scene: Scene,
  policy: VerifyingPolicy,
  signature: Signature,
): Awaitable<Intact | OcisignError> {
  try {
    const envelope = parseEnvelope(scene.decoders, signature, scene.chains.latest())
    // Before anything is waited for: until then nobody can change the bytes.
    const signed = readPayload(envelope)
    const anchors = scene.loadAnchors(policy, envelope.attributes.signingScheme)
    const chain = scene.chains.find(envelope.chain)
    if (chain && !(anchors instanceof Promise)) return proveSignature({ envelope, chain, anchors, signed })
    return validateFirst(envelope, anchors, signed).catch(asAnswer)
  } catch (error) {
    return asAnswer(error)
  }
}

async function validateFirst(
  envelope: UnverifiedEnvelope,
  loading: ReturnType<LoadAnchors>,
  signed: Intact['signed'],
): Promise<Intact | OcisignError> {
  // Copied at once: the chain may be remembered, and its bytes are the caller's.
  const der = envelope.chain.map(copyBytes)
  const anchors = await loading
  const chain = await validateChain(der, isOcisignError(anchors) ? undefined : anchors.findRoot)
  return proveSignature({ envelope, chain, anchors, signed })
}

function proveSignature(intact: Intact): Awaitable<Intact | OcisignError> {
  const { envelope, chain } = intact
  const judge = (valid: boolean) => (valid ? intact : badSignature(chain))
  const valid = verifyEnvelopeSignature(envelope, chain)
  return valid instanceof Promise ? valid.then(judge) : judge(valid)
}

function asAnswer(error: unknown): OcisignError {
  if (isOcisignError(error)) return error
  throw error
}

/** What was signed; a payload that is none is an answer for after the checks. */
function readPayload(envelope: UnverifiedEnvelope): Intact['signed'] {
  try {
    return parsePayload(envelope.payload)
  } catch (error) {
    return asAnswer(error)
  }
}

/** A no, unless it is that nobody could find out. */
const outcomeOf = (error: OcisignError): Outcome => (isInconclusive(error) ? inconclusive(error) : failed(error))

/** Reads an envelope in the format that its media type names. @throws INVALID_ENVELOPE | UNSUPPORTED_MEDIA_TYPE */
function parseEnvelope(
  decoders: Scene['decoders'],
  { mediaType, bytes }: Signature,
  known?: KnownChain,
): UnverifiedEnvelope {
  const decoder = decoders.get(mediaType)
  if (decoder) return decoder.parse(bytes, known)
  const supported = [...decoders.keys()]
  const shown = printable(mediaType, 100)
  throw new OcisignError(
    'UNSUPPORTED_MEDIA_TYPE',
    `a signature of media type "${shown}" cannot be read; these can: ${supported.join(', ')}`,
    { mediaType: shown, supported },
  )
}

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
