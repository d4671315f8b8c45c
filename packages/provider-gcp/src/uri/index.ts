// SPDX-License-Identifier: Apache-2.0
import {
  importPeer,
  OcisignError,
  type OpenKeyOptions,
  type PublicKeyMaterial,
  printable,
  type SigningKey,
} from '@ocisign/core'
import { createCloudKmsKey } from '../key.js'

/** The scheme of {@link openKey}. */
export const scheme = 'gcpkms'

/** Nothing is tried again by the client: ours does, and says how often. What is not said of each method has no effect. */
const never = { retry_codes_name: 'never' }
const noRetries = {
  interfaces: {
    'google.cloud.kms.v1.KeyManagementService': {
      methods: { AsymmetricSign: never, GetPublicKey: never, ListCryptoKeyVersions: never },
      retry_codes: { never: [] },
    },
  },
}

/**
 * Opens `gcpkms://projects/…/locations/…/keyRings/…/cryptoKeys/NAME`, with `/cryptoKeyVersions/N` (or `/versions/N`, as
 * others write it) for one version.
 *
 * Credentials are Google's application default credentials. Needs `@google-cloud/kms`.
 * @throws INVALID_KEY for another URI, and what {@link createCloudKmsKey} throws
 *
 * @example
 * ```ts compile
 * import { openKey } from '@ocisign/provider-gcp/uri'
 *
 * const key = await openKey('gcpkms://projects/acme/locations/global/keyRings/release/cryptoKeys/signer')
 * console.log(key.id) // …/cryptoKeyVersions/3
 * ```
 */
export async function openKey(uri: string, { signal }: OpenKeyOptions = {}): Promise<SigningKey<PublicKeyMaterial>> {
  const shown = printable(uri)
  if (!/^gcpkms:\/\/projects\/[\w.:/-]+\/cryptoKeys\/[\w/-]+$/.test(uri))
    throw new OcisignError(
      'INVALID_KEY',
      `${shown} is no key of Cloud KMS; write gcpkms://projects/…/cryptoKeys/NAME`,
      {
        id: shown,
      },
    )
  const keyId = uri.slice('gcpkms://'.length).replace(/(\/cryptoKeys\/[^/]+)\/versions\//, '$1/cryptoKeyVersions/')
  const { KeyManagementServiceClient } = await importPeer('@google-cloud/kms', () => import('@google-cloud/kms'))
  const client = new KeyManagementServiceClient({ clientConfig: noRetries })
  // Credentials are looked for here; left to the first call, what goes wrong ends the process besides.
  const open = async () => {
    await client.initialize().catch((cause: unknown) => {
      const message = `${shown}: there are no usable credentials of Google Cloud`
      throw new OcisignError('DENIED_KEY', message, { id: shown }, { cause })
    })
    return createCloudKmsKey({ client, keyId, signal })
  }
  return open().catch(async (error: unknown) => {
    // Nobody else could: it keeps a connection, and with it the process. One that never had any cannot be closed.
    await client.close().catch(() => undefined)
    throw error
  })
}
