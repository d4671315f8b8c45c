// SPDX-License-Identifier: Apache-2.0
import type { Target } from '../descriptor.js'
import type { ExtendedAttribute, SigningScheme } from './envelope.js'

/** What a Notary Project signature proves, once it is verified. */
export interface NotaryClaims {
  readonly kind: 'notary'
  /** The trust policy that was applied. */
  readonly policy: string
  /** The level of that policy: strict, permissive, audit. */
  readonly level: string
  readonly signingScheme: SigningScheme
  /** Stated by the signer, or by the signing authority where the scheme says so. */
  readonly signingTime: Date
  readonly expiry?: Date | undefined
  /** The artifact as the signature describes it, user metadata in its annotations. */
  readonly target: Target
  /** The certificates, leaf first, DER. */
  readonly certificateChain: readonly Uint8Array[]
  /** The leaf's subject, as text. */
  readonly subject: string
  readonly extendedAttributes: readonly ExtendedAttribute[]
  /** Not signed: whoever stored the signature could have written it. */
  readonly unsignedSigningAgent?: string | undefined
}
