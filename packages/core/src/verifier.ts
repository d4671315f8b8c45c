// SPDX-License-Identifier: Apache-2.0
import type { Attachment, Signature } from './attachment.js'
import type { CallOptions, Target } from './descriptor.js'
import type { DigestAlgorithm } from './digest.js'
import type { NotRequired, Verified } from './verdict.js'

/** What selects a policy: an artifact's repository, or a blob's policy by name. */
export interface TrustContext extends CallOptions {
  /** What is verified; a policy for the other is MISUSE_OPTION. Whoever leaves it out says that the policy fits. */
  readonly subject?: 'artifact' | 'blob' | undefined
  readonly scope?: string | undefined
  readonly policyName?: string | undefined
}

/** Judges signatures of one family. `exemption` and `verify` throw MISUSE_SCOPE where policy needs a scope and none is known. */
export interface Verifier<Claims = unknown> {
  readonly attachment: Attachment
  /** Says that policy asks for no signature here; undefined where it does. */
  exemption(context: TrustContext): NotRequired | undefined
  /** How the signed blob was hashed, as the signature claims; nothing else follows from it. */
  digestAlgorithm(signature: Signature): DigestAlgorithm
  /** Resolves to proof, or throws: UNTRUSTED_SIGNATURE, UNAVAILABLE_VERIFICATION, INVALID_ENVELOPE … */
  verify(target: Target, signature: Signature, context: TrustContext): Promise<Verified<Claims>>
}

/** What must hold; only verifiers know identities, so only they are counted by a threshold. */
export type Requirement<Claims = unknown> =
  | Verifier<Claims>
  | { readonly allOf: readonly Requirement<Claims>[] }
  | { readonly anyOf: readonly Requirement<Claims>[] }
  | { readonly threshold: number; readonly of: readonly Verifier<Claims>[] }

/** The union of the claims a requirement can prove. */
export type ClaimsOf<R> = R extends Requirement<infer Claims> ? Claims : never
