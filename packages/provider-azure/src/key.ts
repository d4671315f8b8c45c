// SPDX-License-Identifier: Apache-2.0
import {
  type Algorithm,
  algorithmOfPublicKey,
  type CallOptions,
  createRemoteKey,
  type KeyMaterial,
  OcisignError,
  type PublicKeyMaterial,
  printable,
  type RetryOptions,
  type SigningKey,
} from '@ocisign/core'
import { encodePublicKey, signatureAlgorithm } from './algorithm.js'
import { type CryptographyClientLike, callOptions, type KeyClientLike } from './clients.js'
import { isDisabled, keyError } from './errors.js'
import { maySign, newestVersion } from './version.js'

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
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY
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
async function findKey({ keyClient, name, version, signal, clock = () => new Date() }: KeyVaultKeyOptions) {
  const id = idOf(`${keyClient.vaultUrl.replace(/\/+$/, '')}/keys/${name}${version ? `/${version}` : ''}`)
  signal?.throwIfAborted()
  const get = (wanted: string | undefined) =>
    keyClient.getKey(name, { ...callOptions(signal), ...(wanted !== undefined && { version: wanted }) })
  const answer = await get(version).catch(async (cause: unknown) => {
    signal?.throwIfAborted()
    if (version !== undefined || !isDisabled(cause)) throw keyError(id, 'keys/get', cause)
    return undefined
  })
  const isUsable = answer && (version !== undefined || maySign(answer.properties, clock()))
  const found = isUsable
    ? answer
    : await get(await newestVersion(keyClient, name, id, { signal }, clock())).catch((cause: unknown) => {
        signal?.throwIfAborted()
        throw keyError(id, 'keys/get', cause)
      })
  if (!found.id) throw new OcisignError('UNAVAILABLE_KEY', `${id} has no identifier`, { id, retryable: false })
  return { keyId: found.id, spki: encodePublicKey(found.key, idOf(found.id)) }
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
