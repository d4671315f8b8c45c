// SPDX-License-Identifier: Apache-2.0
import {
  importPeer,
  OcisignError,
  type OpenKeyOptions,
  type PublicKeyMaterial,
  printable,
  type SigningKey,
} from '@ocisign/core'
import { createKmsKey } from '../key.js'

/** The scheme of {@link openKey}. */
export const scheme = 'awskms'

/**
 * Opens `awskms:///KEY`, a key's ARN, id or alias (`alias/release`), or `awskms://HOST/KEY` at another end-point.
 *
 * Region and credentials are found as by every tool of AWS; an ARN names its own region. Needs `@aws-sdk/client-kms`.
 * @throws INVALID_KEY for another URI, and what {@link createKmsKey} throws
 *
 * @example
 * ```ts compile
 * import { openKey } from '@ocisign/provider-aws/uri'
 *
 * const key = await openKey('awskms:///alias/release')
 * console.log(key.id) // awskms:///arn:aws:kms:…
 * ```
 */
export async function openKey(
  uri: string,
  { environment = process.env, signal }: OpenKeyOptions = {},
): Promise<SigningKey<PublicKeyMaterial>> {
  const shown = printable(uri)
  const [, host = '', keyId] = /^awskms:\/\/([^/?#]*)\/([\w:/-]+)$/.exec(uri) ?? []
  if (keyId === undefined)
    throw new OcisignError('INVALID_KEY', `${shown} is no key of KMS; write awskms:///ARN or awskms:///alias/NAME`, {
      id: shown,
    })
  const { KMS } = await importPeer('@aws-sdk/client-kms', () => import('@aws-sdk/client-kms'))
  const region =
    /^arn:[^:]+:kms:([a-z0-9-]+):/.exec(keyId)?.[1] ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION
  const client = new KMS({
    // Ours is the one that tries again, and that says how often.
    maxAttempts: 1,
    ...(region !== undefined && { region }),
    ...(host !== '' && { endpoint: endpointOf(host) }),
  })
  return createKmsKey({ client, keyId, signal })
}

/** Plain http stays on this machine. */
const endpointOf = (host: string) =>
  `${/^(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/.test(host) ? 'http' : 'https'}://${host}`
