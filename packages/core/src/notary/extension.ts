// SPDX-License-Identifier: Apache-2.0
import type { CallOptions, Target } from '../descriptor.js'
import type { Outcome } from '../verdict.js'
import type { UnverifiedEnvelope } from './envelope.js'

/** A check that a verification extension may take over. */
export type ReplaceableCheck = 'trustedIdentity' | 'revocation'

/** What an extension is asked. */
export interface ExtensionRequest {
  /** Its signature is good and its chain has reached an anchor. */
  readonly envelope: UnverifiedEnvelope
  readonly target: Target
  /** As the trust policy has them. */
  readonly trustedIdentities: readonly string[]
  /** Those of its checks that the trust policy does not skip. */
  readonly checks: readonly ReplaceableCheck[]
}

/** What an extension answers: an outcome for each check it was asked for, and the critical attributes it dealt with. */
export interface ExtensionAnswer<R extends ReplaceableCheck> {
  readonly results: Readonly<Partial<Record<R, Outcome>>>
  readonly processedAttributes: readonly (string | number)[]
}

/**
 * Takes over checks of signatures that name it: Notation's verify-signature plugins, AWS Signer.
 * Asked only once the envelope's signature is good and its chain has reached an anchor.
 */
export interface VerificationExtension<R extends ReplaceableCheck = ReplaceableCheck> {
  readonly name: string
  /** Semantic version; a signature may ask for a minimum. */
  readonly version: string
  readonly replaces: readonly R[]
  verify(request: ExtensionRequest, options?: CallOptions): Promise<ExtensionAnswer<R>>
}

/**
 * Finds the extension that a signature names; undefined where there is none. Asked only once the envelope's signature is
 * good and its chain has reached an anchor, so that finding one may run it.
 */
export type ExtensionFinder = (name: string, options: CallOptions) => Promise<AnyVerificationExtension | undefined>

/** An extension for any one, or both, of the checks. */
export type AnyVerificationExtension =
  | VerificationExtension<'trustedIdentity'>
  | VerificationExtension<'revocation'>
  | VerificationExtension
