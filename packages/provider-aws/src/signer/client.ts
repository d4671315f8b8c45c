// SPDX-License-Identifier: Apache-2.0

interface CallOptions {
  readonly abortSignal?: AbortSignal
}

/** What is used of `Signer` of `@aws-sdk/client-signer`; the caller makes and configures it. */
export interface AwsSignerClientLike {
  signPayload(
    input: { profileName: string; profileOwner: string; payload: Uint8Array; payloadFormat: string },
    options?: CallOptions,
  ): Promise<{
    readonly signature?: Uint8Array | undefined
    readonly metadata?: Readonly<Record<string, string>> | undefined
  }>
  getRevocationStatus(
    input: {
      platformId: string
      profileVersionArn: string
      jobArn: string
      signatureTimestamp: Date
      certificateHashes: string[]
    },
    options?: CallOptions,
  ): Promise<{ readonly revokedEntities?: readonly string[] | undefined }>
}

/** The one kind of envelope that AWS Signer makes. */
export const envelopeMediaType = 'application/jose+json'

export const callOptions = (signal: AbortSignal | undefined): CallOptions => (signal ? { abortSignal: signal } : {})
