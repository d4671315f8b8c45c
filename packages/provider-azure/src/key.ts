// SPDX-License-Identifier: Apache-2.0
import {
  type Algorithm,
  algorithmOfPublicKey,
  askKeyService,
  type CallOptions,
  createRemoteKey,
  type KeyMaterial,
  OcisignError,
  type PublicKeyMaterial,
  printable,
  type RetryOptions,
  type SigningKey,
} from '@ocisign/core'
import { publicKeyOf, signatureAlgorithm } from './algorithm.js'
import { type CryptographyClientLike, callOptions, type KeyClientLike } from './clients.js'
import { keyError } from './errors.js'
import { findVersion } from './version.js'

/** What {@link createKeyVaultKey} accepts. */
export interface KeyVaultKeyOptions extends CallOptions {
  readonly keyClient: KeyClientLike
  /** Makes the client that signs, for the identifier (URL) of one version of one key. */
  readonly cryptographyClient: (keyId: string) => CryptographyClientLike
  /** The name of the key. */
  readonly name: string
  /** The newest that is enabled where left out. */
  readonly version?: string | undefined
  readonly retry?: RetryOptions | undefined
  /** For tests. */
  readonly clock?: (() => Date) | undefined
}

/**
 * Opens a key of Azure Key Vault or of a managed HSM; each signature is one `sign` of a digest.
 *
 * Without a version the newest that is enabled signs: `id` says which, and the key stays with it. The material is the
 * public key: give it a certificate chain with `withCertificates`, or use {@link createKeyVaultCertificateKey}.
 *
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY | UNAVAILABLE_LIMIT for more than 10,000 versions
 *
 * @example
 * ```ts
 * import { CryptographyClient, KeyClient } from '@azure/keyvault-keys'
 * import { createFakeKeyVault } from '@ocisign/conformance/key-vault'
 * import { createKeyVaultKey } from '@ocisign/provider-azure'
 *
 * const vault = await createFakeKeyVault({ token: 'test' }) // in your setup: https://my-vault.vault.azure.net
 * const { credential, clientOptions } = vault // in your setup: any TokenCredential, { retryOptions: { maxRetries: 0 } }
 * vault.createKey('release', 'EC', 'P-384')
 * const key = await createKeyVaultKey({
 *   keyClient: new KeyClient(vault.origin, credential, clientOptions),
 *   cryptographyClient: (keyId) => new CryptographyClient(keyId, credential, clientOptions),
 *   name: 'release',
 * })
 * const { signature } = await key.sign(new TextEncoder().encode('hello'))
 * console.log(key.id, signature.length)
 * await vault.close()
 * ```
 */
export async function createKeyVaultKey(options: KeyVaultKeyOptions): Promise<SigningKey<PublicKeyMaterial>> {
  const { keyId, spki } = await findKey(options)
  const id = idOf(keyId)
  const material = { kind: 'public-key', spki } as const
  return createVaultSigningKey({ ...options, keyId, id, algorithm: algorithmOfPublicKey(spki, id), material })
}

/** How messages name it: `azurekms://VAULT/keys/NAME/VERSION`. */
export const idOf = (keyId: string) => `azurekms://${printable(keyId.replace(/^https:\/\//, ''))}`

/** The identifier of the version that signs, and its public key. */
async function findKey(options: KeyVaultKeyOptions) {
  const { keyClient, name, version, retry, signal, clock = () => new Date() } = options
  const id = idOf(`${keyClient.vaultUrl.replace(/\/+$/, '')}/keys/${name}${version ? `/${version}` : ''}`)
  const ask = (asked: CallOptions) =>
    findVersion({
      id,
      kind: 'keys',
      version,
      get: (wanted) =>
        keyClient.getKey(name, { ...callOptions(asked.signal), ...(wanted !== undefined && { version: wanted }) }),
      list: () => keyClient.listPropertiesOfKeyVersions(name, callOptions(asked.signal)),
      now: clock(),
    })
  const toError = (cause: unknown) => keyError(id, 'keys/get', cause)
  const found = await askKeyService(ask, { ...retry, id, toError, signal })
  if (!found.id) throw new OcisignError('UNAVAILABLE_KEY', `${id} has no identifier`, { id, retryable: false })
  return { keyId: found.id, spki: publicKeyOf(found.key, idOf(found.id)) }
}

/** What signs with one version of a key. */
export function createVaultSigningKey<M extends KeyMaterial>({
  cryptographyClient,
  keyId,
  id,
  algorithm,
  material,
  retry,
}: Pick<KeyVaultKeyOptions, 'cryptographyClient' | 'retry'> & {
  readonly keyId: string
  readonly id: string
  readonly algorithm: Algorithm
  readonly material: M
}): SigningKey<M> {
  const client = cryptographyClient(keyId)
  const name = signatureAlgorithm(algorithm)
  return createRemoteKey<M>({
    id,
    algorithm,
    material,
    ecdsa: 'raw',
    async signHash(hash, { signal }) {
      const { result, keyID = keyId } = await client.sign(name, hash, callOptions(signal))
      if (keyID !== keyId)
        throw new OcisignError('UNAVAILABLE_KEY', `${id} was asked for, and another key signed`, {
          id,
          retryable: false,
        })
      return { signature: result }
    },
    toError: (cause) => keyError(id, 'keys/sign', cause),
    retry,
  })
}
