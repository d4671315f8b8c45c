// SPDX-License-Identifier: Apache-2.0
import { OcisignError, type OpenKeyOptions, printable, type SigningKey, type X509Material } from '@ocisign/core'
import { openCredential } from '../uri/credential.js'
import { createTrustedSigningKey } from './key.js'

/** The scheme of {@link openKey}. */
export const scheme = 'trustedsigning'

/**
 * Opens `trustedsigning://REGION/ACCOUNT/PROFILE`, where `REGION` is `eus`, `weu` … or a whole host.
 *
 * Credentials are those of `DefaultAzureCredential`. Needs `@azure/identity`.
 * @throws INVALID_KEY for another URI, and what {@link createTrustedSigningKey} throws
 *
 * @example
 * ```ts compile
 * import { openKey } from '@ocisign/provider-azure/trusted-signing'
 *
 * const key = await openKey('trustedsigning://weu/my-account/my-profile')
 * console.log(key.requiresTimestamp) // true
 * ```
 */
export async function openKey(
  uri: string,
  { environment = process.env }: OpenKeyOptions = {},
): Promise<SigningKey<X509Material>> {
  const shown = printable(uri)
  const [, region, account, profile] =
    /^trustedsigning:\/\/([A-Za-z0-9.-]+(?::[0-9]{1,5})?)\/([A-Za-z0-9-]{1,100})\/([A-Za-z0-9-]{1,100})$/.exec(uri) ??
    []
  if (region === undefined || account === undefined || profile === undefined)
    throw new OcisignError(
      'INVALID_KEY',
      `${shown} is no certificate profile; write trustedsigning://REGION/ACCOUNT/PROFILE`,
      { id: shown },
    )
  const endpoint = `https://${region.includes('.') ? region : `${region}.codesigning.azure.net`}`
  return createTrustedSigningKey({ endpoint, account, profile, credential: await openCredential(shown, environment) })
}
