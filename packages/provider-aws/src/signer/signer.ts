// SPDX-License-Identifier: Apache-2.0
import {
  askKeyService,
  createEnvelopeSigner,
  type EnvelopeDecoder,
  OcisignError,
  payloadMediaType,
  printable,
  type RetryOptions,
  type SignatureManifestForm,
  type Signer,
} from '@ocisign/core'
import { keyError } from '../errors.js'
import { parseProfileArn } from './arn.js'
import { type AwsSignerClientLike, callOptions, envelopeMediaType } from './client.js'

/** What {@link createAwsSigner} accepts. */
export interface AwsSignerOptions {
  readonly client: AwsSignerClientLike
  /** `arn:aws:signer:REGION:ACCOUNT:/signing-profiles/NAME`, without a version: the current one signs. */
  readonly profileArn: string
  /** `jws` or `jwsDecoder`: the one envelope that AWS Signer makes. */
  readonly format: EnvelopeDecoder
  readonly manifestForm?: SignatureManifestForm | undefined
  readonly retry?: RetryOptions | undefined
  /** For tests. */
  readonly clock?: (() => Date) | undefined
}

/**
 * Makes a {@link Signer} of a signing profile of AWS Signer (platform Notation-OCI-SHA384-ECDSA;
 * signature-specification, signing authority).
 *
 * The service makes the whole envelope, with the scheme `notary.x509.signingAuthority` and an expiry that the profile
 * sets. It is proven before it is handed out: signature, certificates, and that it is of exactly the target.
 *
 * @throws MISUSE_OPTION, and when signing UNAVAILABLE_KEY | DENIED_KEY | UNTRUSTED_TARGET and what
 * `createEnvelopeSigner` throws
 *
 * @example
 * ```ts
 * import { Signer } from '@aws-sdk/client-signer'
 * import { createFakeAwsSigner } from '@ocisign/conformance/aws-signer'
 * import { jws } from '@ocisign/core'
 * import { createAwsSigner } from '@ocisign/provider-aws/signer'
 *
 * const service = await createFakeAwsSigner() // in your setup: AWS, and new Signer({ maxAttempts: 1 })
 * const signer = createAwsSigner({
 *   client: new Signer({
 *     region: 'us-east-1',
 *     endpoint: service.origin,
 *     disableHostPrefix: true,
 *     credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
 *   }),
 *   profileArn: service.profileArn,
 *   format: jws,
 * })
 * const mediaType = 'application/vnd.oci.image.manifest.v1+json'
 * const { bytes } = await signer.sign({ mediaType, digest: `sha384:${'0'.repeat(96)}`, size: 100 })
 * console.log(bytes.length)
 * await service.close()
 * ```
 */
export function createAwsSigner(options: AwsSignerOptions): Signer {
  const { client, profileArn, format, retry } = options
  const profile = parseProfileArn(profileArn)
  const id = `awssigner:${printable(profileArn, 200)}`
  if (!profile || profile.version !== undefined)
    throw new OcisignError(
      'MISUSE_OPTION',
      `${id} is no signing profile; write arn:aws:signer:REGION:ACCOUNT:/signing-profiles/NAME`,
      {
        option: 'profileArn',
      },
    )
  if (format.mediaType !== envelopeMediaType)
    throw new OcisignError('MISUSE_OPTION', 'AWS Signer makes JWS envelopes and no others', { option: 'format' })
  const sign = async (payload: Uint8Array, signal: AbortSignal | undefined) => {
    const input = { profileName: profile.name, profileOwner: profile.account, payload, payloadFormat: payloadMediaType }
    const { signature, metadata } = await client.signPayload(input, callOptions(signal))
    if (!signature)
      throw new OcisignError('UNAVAILABLE_KEY', `${id} answered without a signature`, { id, retryable: false })
    return { bytes: new Uint8Array(signature), annotations: metadata }
  }
  return createEnvelopeSigner({
    id,
    format,
    digestAlgorithm: 'sha384',
    manifestForm: options.manifestForm,
    clock: options.clock,
    generate: (payload, { signal }) =>
      askKeyService(() => sign(payload, signal), {
        ...retry,
        id,
        toError: (cause) => keyError(id, 'signer:SignPayload', cause),
        signal,
      }),
  })
}
