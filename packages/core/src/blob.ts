// SPDX-License-Identifier: Apache-2.0
import type { Signature } from './attachment.js'
import { untilAborted } from './deadline.js'
import type { CallOptions, Content, Target } from './descriptor.js'
import { type CreateHasher, describeContent } from './digest.js'
import type { Signer } from './signer.js'
import { accept, type Verdict } from './verdict.js'
import type { TrustContext, Verifier } from './verifier.js'

/** What is said of a blob when signing, and demanded when verifying. */
export interface BlobOptions extends CallOptions {
  readonly createHasher?: CreateHasher
  /** `application/octet-stream` by default when signing; not compared when verifying unless given. */
  readonly mediaType?: string | undefined
  readonly userMetadata?: Readonly<Record<string, string>> | undefined
}

/** What {@link verifyBlob} accepts. */
export interface VerifyBlobOptions extends BlobOptions {
  /** The blob trust policy to use; the global one where none is named. */
  readonly policyName?: string | undefined
}

/** A blob's description and its detached signature, the caller's to keep. */
export interface SignedBlob {
  readonly target: Target
  readonly signature: Signature
}

/**
 * Signs content, hashed once as it streams, with the digest algorithm that the signer's key asks for
 * (signature-specification, blob signatures).
 */
export async function signBlob(content: Content, signer: Signer, options: BlobOptions = {}): Promise<SignedBlob> {
  const { mediaType = 'application/octet-stream', userMetadata, signal } = options
  return untilAborted(signal, async () => {
    const described = await describeContent(content, signer.digestAlgorithm, mediaType, options)
    const target = { ...described, ...(userMetadata && { annotations: userMetadata }) }
    return { target, signature: await signer.sign(target, { signal }) }
  })
}

/**
 * Verifies content against a detached signature; content that a policy exempts is not even read.
 *
 * The signature's claimed algorithm only chooses the hash; digest and size are computed here.
 * @throws UNTRUSTED_SIGNATURE | UNTRUSTED_TARGET | UNTRUSTED_NO_POLICY | UNAVAILABLE_VERIFICATION
 * @throws INVALID_ENVELOPE | UNSUPPORTED_MEDIA_TYPE for a signature that cannot be read
 * @throws MISUSE_OPTION where the verifier's policy is for artifacts
 */
export async function verifyBlob<C>(
  content: Content,
  signature: Signature,
  verifier: Verifier<C>,
  options: VerifyBlobOptions = {},
): Promise<Verdict<C>> {
  const { mediaType, userMetadata, policyName, signal } = options
  const context = { subject: 'blob', policyName, signal } as const
  return untilAborted(signal, async () => {
    const exempt = verifier.exemption(context)
    if (exempt) return exempt
    const { digest, size } = await describeContent(content, verifier.digestAlgorithm(signature), '', options)
    const target = {
      digest,
      size,
      ...(mediaType !== undefined && { mediaType }),
      ...(userMetadata && { annotations: userMetadata }),
    }
    return accept(target, [await verifier.verify(target, signature, context)])
  })
}

/**
 * Verifies a signature at hand against a description at hand, with no store at all.
 *
 * Whether the description is that of the content at hand is the caller's business: nothing is hashed here.
 * @throws UNTRUSTED_SIGNATURE | UNTRUSTED_TARGET | UNAVAILABLE_VERIFICATION, and whatever the verifier throws
 */
export async function verifyEnvelope<C>(
  target: Target,
  signature: Signature,
  verifier: Verifier<C>,
  context: TrustContext,
): Promise<Verdict<C>> {
  return untilAborted(
    context.signal,
    async () => verifier.exemption(context) ?? accept(target, [await verifier.verify(target, signature, context)]),
  )
}
