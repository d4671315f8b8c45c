// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '../errors.js'
import type { TrustContext, Verifier } from '../verifier.js'
import { createAnchorLoader } from './anchors.js'
import { createNotaryAttachment } from './attachment.js'
import { createChainCache } from './chain.js'
import type { NotaryClaims } from './claims.js'
import type { EnvelopeDecoder } from './envelope.js'
import { evaluate, type Scene } from './evaluate.js'
import type { AnyVerificationExtension, ExtensionFinder } from './extension.js'
import { parseEnvelope } from './intact.js'
import type { TrustPolicy, TrustPolicyDocument } from './policy/document.js'
import { selectPolicy } from './policy/select.js'
import type { TrustStore } from './trust-store.js'

/** What {@link createNotaryVerifier} needs. */
export interface NotaryVerifierOptions {
  /** For artifacts or for blobs; `parseTrustPolicy` makes it. */
  readonly policy: TrustPolicyDocument
  readonly trustStore: TrustStore
  /** The envelope formats to accept: `jws` and `cose`, or their lean reading halves `jwsDecoder` and `coseDecoder`. */
  readonly formats: readonly EnvelopeDecoder[]
  /**
   * Take over checks of signatures that name them; a signature that names another is refused. A function finds them when
   * a signature with a trusted chain names one.
   */
  readonly extensions?: readonly AnyVerificationExtension[] | ExtensionFinder
  /** What time it is; the system's clock by default. */
  readonly clock?: () => Date
}

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
