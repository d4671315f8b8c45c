// SPDX-License-Identifier: Apache-2.0
// AWS Signer: a signing profile that signs, and signatures verified without its plugin.
import { OcisignError, printable } from '@ocisign/core'
import { type AwsSignerClientLike, createAwsSigner, createAwsSignerExtension } from '@ocisign/provider-aws/signer'
import { importPackage } from '../packages.js'
import type { EnvelopeSource } from './notation-plugin.js'

interface SignerModule {
  readonly Signer: new (options: { readonly maxAttempts: number; readonly region?: string }) => AwsSignerClientLike
}

/** Makes the client for the region that an ARN names. @throws MISUSE_PACKAGE */
async function createClient(arn: string): Promise<AwsSignerClientLike> {
  const { Signer } = (await importPackage('@aws-sdk/client-signer', { version: '3' })) as unknown as SignerModule
  const region = /^arn:[^:]+:signer:([a-z0-9-]+):/i.exec(arn)?.[1]?.toLowerCase()
  // Ours is the one that tries again, and that says how often.
  return new Signer({ maxAttempts: 1, ...(region !== undefined && { region }) })
}

/**
 * Opens `awssigner:///ARN`, the ARN of a signing profile. Credentials are found as by every tool of AWS.
 * @throws INVALID_KEY for another URI | MISUSE_PACKAGE without `@aws-sdk/client-signer`
 */
export async function openAwsSignerSource(uri: string): Promise<EnvelopeSource> {
  const [, profileArn] = /^awssigner:(?:\/\/\/)?(arn:[\w:/+=,.@-]+)$/.exec(uri) ?? []
  if (profileArn === undefined) {
    const message =
      'the key is no signing profile; write awssigner:///arn:aws:signer:REGION:ACCOUNT:/signing-profiles/NAME'
    throw new OcisignError('INVALID_KEY', message, { id: printable(uri) })
  }
  const client = await createClient(profileArn)
  return {
    id: `awssigner:///${profileArn}`,
    async open({ format, expirySeconds, manifestForm }) {
      if (expirySeconds !== undefined)
        throw new OcisignError(
          'MISUSE_OPTION',
          'the signing profile says when its signatures expire; leave --expiry out',
          {
            option: 'expiry',
          },
        )
      return createAwsSigner({ client, profileArn, format, manifestForm })
    },
  }
}

/** Verifies signatures of AWS Signer; the client is loaded once the service has to be asked what is revoked. */
export function createExtension() {
  return createAwsSignerExtension({
    client: {
      getRevocationStatus: async (input, options) =>
        (await createClient(input.profileVersionArn)).getRevocationStatus(input, options),
    },
  })
}
