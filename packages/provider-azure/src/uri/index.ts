// SPDX-License-Identifier: Apache-2.0
import {
  importPeer,
  type KeyMaterial,
  OcisignError,
  type OpenKeyOptions,
  printable,
  type SigningKey,
} from '@ocisign/core'
import { createKeyVaultCertificateKey } from '../certificate.js'
import { createKeyVaultKey } from '../key.js'
import { openCredential, retryOptions } from './credential.js'

/** The scheme of {@link openKey}. */
export const scheme = 'azurekms'

const uriPattern =
  /^azurekms:\/\/([A-Za-z0-9.-]+(?::[0-9]{1,5})?)\/([A-Za-z0-9-]{1,127})(?:\/([A-Za-z0-9]{1,64}))?(?:\?certificate=(self-signed|merged))?$/

/**
 * Opens `azurekms://VAULT/KEY`, with `/VERSION` for one version, and `?certificate=self-signed` or `?certificate=merged`
 * where the key is that of a certificate.
 *
 * `VAULT` is a host (`my-vault.vault.azure.net`, a managed HSM's), or a name, which means `NAME.vault.azure.net`.
 * Credentials are those of `DefaultAzureCredential`. Needs `@azure/identity` and `@azure/keyvault-keys`, and for
 * certificates `@azure/keyvault-certificates` and `@azure/keyvault-secrets`.
 * @throws INVALID_KEY for another URI, and what {@link createKeyVaultKey} throws
 *
 * @example
 * ```ts compile
 * import { openKey } from '@ocisign/provider-azure/uri'
 *
 * const key = await openKey('azurekms://my-vault/release?certificate=merged')
 * console.log(key.id) // azurekms://my-vault.vault.azure.net/keys/release/…
 * ```
 */
export async function openKey(
  uri: string,
  { environment = process.env, signal }: OpenKeyOptions = {},
): Promise<SigningKey<KeyMaterial>> {
  const shown = printable(uri)
  const [, vault, name, version, certificate] = uriPattern.exec(uri) ?? []
  if (vault === undefined || name === undefined)
    throw new OcisignError('INVALID_KEY', `${shown} is no key of Key Vault; write azurekms://VAULT/KEY`, { id: shown })
  const vaultUrl = `https://${vault.includes('.') || vault.includes(':') ? vault : `${vault}.vault.azure.net`}`
  const credential = await openCredential(shown, environment)
  const { CryptographyClient, KeyClient } = await importPeer(
    '@azure/keyvault-keys',
    () => import('@azure/keyvault-keys'),
  )
  const clientOptions = { retryOptions }
  const cryptographyClient = (keyId: string) => new CryptographyClient(keyId, credential, clientOptions)
  if (certificate === undefined) {
    const keyClient = new KeyClient(vaultUrl, credential, clientOptions)
    return createKeyVaultKey({ keyClient, cryptographyClient, name, version, signal })
  }
  const { CertificateClient } = await importPeer(
    '@azure/keyvault-certificates',
    () => import('@azure/keyvault-certificates'),
  )
  const { SecretClient } = await importPeer('@azure/keyvault-secrets', () => import('@azure/keyvault-secrets'))
  return createKeyVaultCertificateKey({
    certificateClient: new CertificateClient(vaultUrl, credential, clientOptions),
    secretClient: new SecretClient(vaultUrl, credential, clientOptions),
    cryptographyClient,
    chain: certificate as 'self-signed' | 'merged',
    name,
    version,
    signal,
  })
}
