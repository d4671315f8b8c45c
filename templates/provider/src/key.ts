// SPDX-License-Identifier: Apache-2.0
import {
  algorithmOfPublicKey,
  askKeyService,
  type CallOptions,
  createRemoteKey,
  type PublicKeyMaterial,
  printable,
  type RetryOptions,
  type SigningKey,
} from '@ocisign/core'
import { signatureAlgorithm } from './algorithm.js'
import type { AcmeClientLike } from './client.js'
import { keyError } from './errors.js'

/** What {@link createAcmeKey} accepts. */
export interface AcmeKeyOptions extends CallOptions {
  readonly client: AcmeClientLike
  /** The name of the key. */
  readonly keyId: string
  /** Beside whatever the client does by itself: tell it to try once only. */
  readonly retry?: RetryOptions | undefined
}

/**
 * Opens a key of Acme's key service: with the version that is the newest now, which signs even after a rotation.
 *
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY
 */
export async function createAcmeKey({
  client,
  keyId,
  retry,
  signal,
}: AcmeKeyOptions): Promise<SigningKey<PublicKeyMaterial>> {
  const named = `acme:${printable(keyId)}`
  const toError = (cause: unknown) => keyError(named, cause)
  const ask = (options: CallOptions) => client.getPublicKey(keyId, options.signal ? { signal: options.signal } : {})
  const { der: spki, version } = await askKeyService(ask, { ...retry, id: named, toError, signal })
  const id = `${named}/${version}`
  const algorithm = algorithmOfPublicKey(spki, id)
  return createRemoteKey<PublicKeyMaterial>({
    id,
    algorithm,
    material: { kind: 'public-key', spki },
    ecdsa: 'der',
    async signHash(hash, options) {
      const request = { keyId, version, algorithm: signatureAlgorithm(algorithm), hash }
      return { signature: await client.signHash(request, options.signal ? { signal: options.signal } : {}) }
    },
    toError: (cause) => keyError(id, cause),
    retry,
  })
}
