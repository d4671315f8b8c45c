// SPDX-License-Identifier: Apache-2.0
import type { Signature } from './attachment.js'
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
  const mediaType = options.mediaType ?? 'application/octet-stream'
  const described = await describeContent(content, signer.digestAlgorithm, mediaType, options)
  const target = { ...described, ...(options.userMetadata && { annotations: options.userMetadata }) }
  return { target, signature: await signer.sign(target, { signal: options.signal }) }
}

/**
 * Verifies content against a detached signature; content that a policy exempts is not even read.
 *
 * The signature's claimed algorithm only chooses the hash; digest and size are computed here.
 */
export async function verifyBlob<C>(
  content: Content,
  signature: Signature,
  verifier: Verifier<C>,
  options: VerifyBlobOptions = {},
): Promise<Verdict<C>> {
  const { mediaType, userMetadata, policyName, signal } = options
  const exempt = verifier.exemption({ policyName, signal })
  if (exempt) return exempt
  const { digest, size } = await describeContent(content, verifier.digestAlgorithm(signature), '', options)
  const target = {
    digest,
    size,
    ...(mediaType !== undefined && { mediaType }),
    ...(userMetadata && { annotations: userMetadata }),
  }
  return verifyEnvelope(target, signature, verifier, { policyName, signal })
}

/** Verifies a signature at hand against a description at hand, with no store at all. */
export async function verifyEnvelope<C>(
  target: Target,
  signature: Signature,
  verifier: Verifier<C>,
  context: TrustContext,
): Promise<Verdict<C>> {
  return verifier.exemption(context) ?? accept(target, [await verifier.verify(target, signature, context)])
}
