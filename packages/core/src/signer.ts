// SPDX-License-Identifier: Apache-2.0
import type { Attachment, Signature } from './attachment.js'
import type { CallOptions, Target } from './descriptor.js'
import type { DigestAlgorithm } from './digest.js'

/** Makes signatures of one family; plugins that generate envelopes and remote signing services are Signers. */
export interface Signer {
  readonly attachment: Attachment
  /** How a blob has to be hashed for this signer. */
  readonly digestAlgorithm: DigestAlgorithm
  /** Signs what `target` describes, and proves its own result before it returns it. */
  sign(target: Target, context?: CallOptions & { readonly scope?: string | undefined }): Promise<Signature>
}
