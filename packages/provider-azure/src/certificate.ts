// SPDX-License-Identifier: Apache-2.0
import {
  algorithmOfPublicKey,
  OcisignError,
  parseCertificate,
  parsePem,
  type SigningKey,
  unsupportedKey,
  type X509Material,
} from '@ocisign/core'
import { type CertificateAnswer, type CertificateClientLike, callOptions, type SecretClientLike } from './clients.js'
import { keyError } from './errors.js'
import { createVaultSigningKey, idOf, type KeyVaultKeyOptions } from './key.js'

/** What {@link createKeyVaultCertificateKey} accepts. */
export interface KeyVaultCertificateKeyOptions
  extends Pick<KeyVaultKeyOptions, 'cryptographyClient' | 'name' | 'version' | 'retry' | 'signal'> {
  readonly certificateClient: CertificateClientLike
  /**
   * Where the rest of the chain is: nowhere (`self-signed`), with the certificate, where it was merged (`merged`, which
   * needs `secretClient` and a certificate of the content type PEM), or here: DER, what issued the certificate first.
   */
  readonly chain: 'self-signed' | 'merged' | readonly Uint8Array[]
  readonly secretClient?: SecretClientLike | undefined
}

/**
 * Opens the key of a certificate of Azure Key Vault, with the certificate and its chain.
 *
 * Does not look whether the chain is a chain: signing does, before anything is stored.
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY | MISUSE_OPTION
 */
export async function createKeyVaultCertificateKey(
  options: KeyVaultCertificateKeyOptions,
): Promise<SigningKey<X509Material>> {
  const { certificateClient, name, version, signal } = options
  const named = `azurekms:${name}`
  signal?.throwIfAborted()
  const get = () =>
    version === undefined
      ? certificateClient.getCertificate(name, callOptions(signal))
      : certificateClient.getCertificateVersion(name, version, callOptions(signal))
  const certificate = await get().catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw keyError(named, 'certificates/get', cause)
  })
  const { keyId, cer } = certificate
  if (!keyId || !cer)
    throw new OcisignError('UNAVAILABLE_KEY', `${named} has no certificate yet`, { id: named, retryable: false })
  const id = idOf(keyId)
  // Not a Buffer, whose slice shares memory.
  const leaf = parseCertificate(new Uint8Array(cer))
  const chain = [leaf.der, ...(await readIssuers(options, certificate, id))]
  if ('unsupported' in leaf.publicKey) throw unsupportedKey(id, `a key of the kind ${leaf.publicKey.unsupported}`)
  const algorithm = algorithmOfPublicKey(leaf.publicKey.spki, id)
  return createVaultSigningKey<X509Material>({ ...options, keyId, id, algorithm, material: { kind: 'x509', chain } })
}

/** What follows the certificate in its chain. */
async function readIssuers(
  { chain, secretClient, name, signal }: KeyVaultCertificateKeyOptions,
  { properties, cer }: CertificateAnswer,
  id: string,
): Promise<readonly Uint8Array[]> {
  if (chain === 'self-signed') return []
  if (chain !== 'merged') return chain
  if (!secretClient)
    throw new OcisignError('MISUSE_OPTION', 'the merged chain of a certificate needs a secretClient', {
      option: 'secretClient',
    })
  const { version } = properties
  const secret = await secretClient
    .getSecret(name, { ...callOptions(signal), ...(version !== undefined && { version }) })
    .catch((cause: unknown) => {
      signal?.throwIfAborted()
      throw keyError(id, 'secrets/get', cause)
    })
  if (secret.properties.contentType !== 'application/x-pem-file')
    throw new OcisignError(
      'UNSUPPORTED_KEY',
      `${id} keeps its chain as PKCS#12, which is not read here; give the chain yourself, or make the certificate with the content type PEM`,
      { algorithm: 'PKCS#12', supported: ['application/x-pem-file'] },
    )
  // It may hold the private key, too, which is nobody's business here.
  const blocks = parsePem(secret.value ?? '', `the secret of ${id}`)
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ bytes }) => bytes)
  return certificates.filter((der) => !isSame(der, cer))
}

const isSame = (a: Uint8Array, b: Uint8Array | undefined) =>
  a.length === b?.length && a.every((byte, index) => byte === b[index])
