// SPDX-License-Identifier: Apache-2.0
import {
  type CallOptions,
  digestBytes,
  type ExtensionAnswer,
  type ExtensionRequest,
  isOcisignError,
  OcisignError,
  type Outcome,
  parseCertificate,
  printable,
  type ReplaceableCheck,
  type UnverifiedEnvelope,
  type VerificationExtension,
} from '@ocisign/core'
import { matchesProfile, parseProfileArn } from './arn.js'
import { type AwsSignerClientLike, callOptions, envelopeMediaType } from './client.js'

/** What {@link createAwsSignerExtension} accepts. */
export interface AwsSignerExtensionOptions {
  /** Asked for what is revoked; a policy that skips revocation asks nobody. */
  readonly client: Pick<AwsSignerClientLike, 'getRevocationStatus'>
}

/** What is asked of it; less than a verifier knows, so that a Notation plugin can ask, too. */
export interface AwsSignerRequest extends Omit<ExtensionRequest, 'envelope' | 'target'> {
  readonly envelope: Pick<UnverifiedEnvelope, 'attributes' | 'chain'>
}

/** What {@link createAwsSignerExtension} makes. */
export interface AwsSignerExtension extends Omit<VerificationExtension, 'verify'> {
  readonly verify: (request: AwsSignerRequest, options?: CallOptions) => Promise<ExtensionAnswer<ReplaceableCheck>>
}

const profileAttribute = 'com.amazonaws.signer.signingProfileVersion'
const jobAttribute = 'com.amazonaws.signer.signingJob'
const platform = 'Notation-OCI-SHA384-ECDSA'

/**
 * Verifies signatures of AWS Signer without its plugin: who signed is a signing profile, and AWS says what is revoked.
 *
 * A trusted identity is the ARN of a profile (any version of it) or of one version, in any letter case; `*` is refused.
 * Nothing is thrown here; verifying it gives UNTRUSTED_IDENTITY, UNTRUSTED_REVOKED, INVALID_ENVELOPE for what AWS Signer does
 * not make, and UNAVAILABLE_REVOCATION where AWS cannot be asked (trust-store-trust-policy, extended validation).
 *
 * It is asked only once the signature is good and its certificates have reached an anchor.
 *
 * @example
 * ```ts
 * import { Signer } from '@aws-sdk/client-signer'
 * import { createAwsSignerExtension } from '@ocisign/provider-aws/signer'
 *
 * const extension = createAwsSignerExtension({ client: new Signer({ region: 'us-east-1' }) })
 * console.log(extension.replaces) // give it to createNotaryVerifier, in `extensions`
 * ```
 */
export function createAwsSignerExtension({ client }: AwsSignerExtensionOptions): AwsSignerExtension {
  return {
    name: 'com.amazonaws.signer.notation.plugin',
    // Of AWS's plugin that behaves as this does: signatures state the least that they need.
    version: '1.0.350',
    replaces: ['trustedIdentity', 'revocation'],
    async verify(request, options) {
      const attributes = readAttributes(request)
      return {
        results: {
          ...(request.checks.includes('trustedIdentity') && {
            trustedIdentity: checkIdentity(request, attributes.profile),
          }),
          ...(request.checks.includes('revocation') && {
            revocation: await checkRevocation(client, request, attributes, options),
          }),
        },
        processedAttributes: [profileAttribute, jobAttribute],
      }
    },
  }
}

interface SignerAttributes {
  readonly profile: string
  readonly job: string
  readonly time: Date
}

/** @throws INVALID_ENVELOPE for what AWS Signer does not make */
function readAttributes({ envelope: { attributes }, trustedIdentities }: AwsSignerRequest): SignerAttributes {
  const invalid = (why: string) =>
    new OcisignError('INVALID_ENVELOPE', `the signature of AWS Signer ${why}`, { mediaType: envelopeMediaType })
  const { signingScheme, authenticSigningTime: time, extended } = attributes
  if (trustedIdentities.includes('*'))
    throw new OcisignError(
      'UNTRUSTED_IDENTITY',
      'the policy trusts "*"; for signatures of AWS Signer it has to name the ARNs of signing profiles',
      { subject: '', trusted: trustedIdentities },
    )
  if (signingScheme !== 'notary.x509.signingAuthority' || !time) throw invalid('is not one of a signing authority')
  const textOf = (key: string) => {
    const found = extended.filter((each) => each.key === key)
    const [only] = found
    if (!only?.critical || found.length > 1 || typeof only.value !== 'string') throw invalid(`has no ${key}`)
    return only.value
  }
  const profile = textOf(profileAttribute)
  if (parseProfileArn(profile)?.version === undefined) throw invalid('names no version of a signing profile')
  return { profile, job: textOf(jobAttribute), time }
}

function checkIdentity({ trustedIdentities }: AwsSignerRequest, profile: string): Outcome {
  if (trustedIdentities.some((trusted) => matchesProfile(profile, trusted))) return { status: 'passed' }
  const trusted = trustedIdentities.filter((each) => parseProfileArn(each))
  const message = `the signing profile ${printable(profile, 200)} is none of the trusted identities`
  return { status: 'failed', error: new OcisignError('UNTRUSTED_IDENTITY', message, { subject: profile, trusted }) }
}

async function checkRevocation(
  client: AwsSignerExtensionOptions['client'],
  { envelope }: AwsSignerRequest,
  { profile, job, time }: SignerAttributes,
  { signal }: CallOptions = {},
): Promise<Outcome> {
  try {
    const { revokedEntities } = await client.getRevocationStatus(
      {
        platformId: platform,
        profileVersionArn: profile,
        jobArn: job,
        signatureTimestamp: time,
        certificateHashes: await hashChain(envelope.chain),
      },
      callOptions(signal),
    )
    // The model has it optional, and the service says "none" with an empty list: without one it has not said anything.
    if (!revokedEntities) throw new Error('the answer has no list of what is revoked')
    if (revokedEntities.length === 0) return { status: 'passed' }
    const revoked = revokedEntities.slice(0, 20).map((each) => printable(each, 200))
    const message = `AWS Signer says that this is revoked: ${revoked.join(', ')}`
    return { status: 'failed', error: new OcisignError('UNTRUSTED_REVOKED', message, { revoked }) }
  } catch (cause) {
    signal?.throwIfAborted()
    const { name = 'unknown error' } = (cause ?? {}) as { readonly name?: string }
    const why = isOcisignError(cause) ? cause.message : printable(name, 60)
    const message = `AWS Signer could not be asked what is revoked (${why})`
    const details = { subject: profile, retryable: true }
    return { status: 'inconclusive', error: new OcisignError('UNAVAILABLE_REVOCATION', message, details, { cause }) }
  }
}

/** As the service wants it: for each certificate the SHA-384 of what is signed in it, and of that in its issuer. */
async function hashChain(chain: readonly Uint8Array[]): Promise<string[]> {
  const hashes = await Promise.all(chain.map(async (der) => hexOf(parseCertificate(der).tbs)))
  return hashes.map((hash, index) => hash + (hashes[index + 1] ?? hash))
}

const hexOf = async (bytes: Uint8Array) => (await digestBytes(bytes, 'sha384')).slice('sha384:'.length)
