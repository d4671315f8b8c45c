// SPDX-License-Identifier: Apache-2.0
import {
  algorithmOfPublicKey,
  askKeyService,
  type CallOptions,
  type Certificate,
  OcisignError,
  parseCertificate,
  type SigningKey,
  unsupportedKey,
  type X509Material,
} from '@ocisign/core'
import { type CertificateAnswer, type CertificateClientLike, callOptions, type SecretClientLike } from './clients.js'
import { keyError } from './errors.js'
import { createVaultSigningKey, idOf, type KeyVaultKeyOptions } from './key.js'
import { readIssuers } from './secret.js'
import { findVersion } from './version.js'

/** What {@link createKeyVaultCertificateKey} accepts. */
export interface KeyVaultCertificateKeyOptions
  extends Pick<KeyVaultKeyOptions, 'cryptographyClient' | 'name' | 'version' | 'retry' | 'signal' | 'clock'> {
  readonly certificateClient: CertificateClientLike
  /**
   * Where the rest of the chain is: nowhere (`self-signed`), with the certificate, where it was merged (`merged`, which
   * needs `secretClient`), or here: DER, what issued the certificate first.
   */
  readonly chain: 'self-signed' | 'merged' | readonly Uint8Array[]
  readonly secretClient?: SecretClientLike | undefined
}

/**
 * Opens the key of a certificate of Azure Key Vault, with the certificate and its chain.
 *
 * Without a version the newest signs that is enabled and valid now: `id` says which, and the key stays with it. Does not
 * look whether the chain is a chain: signing does, before anything is stored.
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY | MISUSE_OPTION | UNAVAILABLE_LIMIT for more than 10,000 versions
 *
 * @example
 * ```ts
 * import { CertificateClient } from '@azure/keyvault-certificates'
 * import { CryptographyClient } from '@azure/keyvault-keys'
 * import { SecretClient } from '@azure/keyvault-secrets'
 * import { createFakeAuthority } from '@ocisign/conformance/fake'
 * import { createFakeKeyVault } from '@ocisign/conformance/key-vault'
 * import { createKeyVaultCertificateKey } from '@ocisign/provider-azure'
 *
 * const vault = await createFakeKeyVault({ token: 'test' }) // in your setup: https://my-vault.vault.azure.net
 * const { credential, clientOptions } = vault // in your setup: any TokenCredential, { retryOptions: { maxRetries: 0 } }
 * vault.mergeCertificate('release', await (await createFakeAuthority()).issue())
 * const key = await createKeyVaultCertificateKey({
 *   certificateClient: new CertificateClient(vault.origin, credential, clientOptions),
 *   secretClient: new SecretClient(vault.origin, credential, clientOptions),
 *   cryptographyClient: (keyId) => new CryptographyClient(keyId, credential, clientOptions),
 *   name: 'release',
 *   chain: 'merged',
 * })
 * const { material } = await key.sign(new TextEncoder().encode('hello'))
 * console.log(key.id, material.chain.length)
 * await vault.close()
 * ```
 */
export async function createKeyVaultCertificateKey(
  options: KeyVaultCertificateKeyOptions,
): Promise<SigningKey<X509Material>> {
  const { certificateClient, secretClient, name, version, chain, retry, signal } = options
  if (chain === 'merged' && !secretClient)
    throw new OcisignError('MISUSE_OPTION', 'the merged chain of a certificate needs a secretClient', {
      option: 'secretClient',
    })
  const vault = certificateClient.vaultUrl.replace(/\/+$/, '')
  const named = idOf(`${vault}/certificates/${name}${version ? `/${version}` : ''}`)
  const ask = async (asked: CallOptions) => {
    const found = await findCertificate(options, named, asked)
    return { ...found, issuers: await findIssuers(options, found, asked) }
  }
  const toError = (cause: unknown) => keyError(named, 'certificates/get', cause)
  const { keyId, id, leaf, issuers } = await askKeyService(ask, { ...retry, id: named, toError, signal })
  if ('unsupported' in leaf.publicKey) throw unsupportedKey(id, `a key of the kind ${leaf.publicKey.unsupported}`)
  const algorithm = algorithmOfPublicKey(leaf.publicKey.spki, id)
  const material = { kind: 'x509', chain: [leaf.der, ...issuers] } as const
  return createVaultSigningKey<X509Material>({ ...options, keyId, id, algorithm, material })
}

/** What follows the certificate in its chain. */
async function findIssuers(
  { chain, secretClient, name }: KeyVaultCertificateKeyOptions,
  { certificate, leaf, id }: FoundCertificate,
  { signal }: CallOptions,
): Promise<readonly Uint8Array[]> {
  if (typeof chain !== 'string') return chain
  if (chain === 'self-signed' || !secretClient) return []
  const { version } = certificate.properties
  const options = { ...callOptions(signal), ...(version !== undefined && { version }) }
  return readIssuers(() => secretClient.getSecret(name, options), leaf, id)
}

interface FoundCertificate {
  readonly certificate: CertificateAnswer
  readonly keyId: string
  readonly id: string
  readonly leaf: Certificate
}

/** The version that signs. Its key and its secret have the same one, and are enabled and valid as it is. */
async function findCertificate(
  { certificateClient, name, version, clock = () => new Date() }: KeyVaultCertificateKeyOptions,
  id: string,
  { signal }: CallOptions,
): Promise<FoundCertificate> {
  const certificate = await findVersion<CertificateAnswer>({
    id,
    kind: 'certificates',
    version,
    get: (wanted) =>
      wanted === undefined
        ? certificateClient.getCertificate(name, callOptions(signal))
        : certificateClient.getCertificateVersion(name, wanted, callOptions(signal)),
    list: () => certificateClient.listPropertiesOfCertificateVersions(name, callOptions(signal)),
    now: clock(),
  })
  const { keyId, cer } = certificate
  if (!keyId || !cer)
    throw new OcisignError('UNAVAILABLE_KEY', `${id} has no certificate yet`, { id, retryable: false })
  // Not a Buffer, whose slice shares memory.
  return { certificate, keyId, id: idOf(keyId), leaf: parseCertificate(new Uint8Array(cer)) }
}
