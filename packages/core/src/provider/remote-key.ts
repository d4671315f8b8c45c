// SPDX-License-Identifier: Apache-2.0
// What every key in a service does the same way, so that a provider says only what is its own.

import { createHasher } from '#crypto'
import type { Algorithm } from '../algorithm.js'
import { ecdsaSignatureLength } from '../crypto/platform.js'
import type { CallOptions } from '../descriptor.js'
import { OcisignError } from '../errors.js'
import type { KeyMaterial, RawSignature, SigningKey } from '../key.js'
import { parseEcdsaSignature } from '../x509/ecdsa-signature.js'
import { askKeyService } from './ask.js'
import type { RetryOptions } from './retry.js'

/** What a service answered. */
export interface RemoteSignature<M extends KeyMaterial> {
  readonly signature: Uint8Array
  /** Where the claim of who signed comes with each signature; that of the options otherwise. */
  readonly material?: M | undefined
}

/** What {@link createRemoteKey} accepts. */
export interface RemoteKeyOptions<M extends KeyMaterial> {
  /** Names the key in messages; never a secret. */
  readonly id: string
  readonly algorithm: Algorithm
  readonly material?: M | undefined
  readonly requiresTimestamp?: boolean | undefined
  /** How the service writes ECDSA: `der`, or `raw` for r‖s; of no meaning for RSA. */
  readonly ecdsa: 'der' | 'raw'
  /** Has the service sign a hash made with `algorithm.hash`. Whatever it throws goes to `toError`. */
  signHash(hash: Uint8Array, options: CallOptions): Promise<RemoteSignature<M>>
  /** Says what a failure of the service means: UNAVAILABLE_KEY, DENIED_KEY, UNSUPPORTED_KEY. */
  toError(cause: unknown): OcisignError
  readonly retry?: RetryOptions | undefined
}

/**
 * Makes a {@link SigningKey} of a service that signs hashes: it hashes once, tries again what may succeed later, checks
 * the width of what comes back, turns DER into r‖s, and gives up at once when the caller does.
 *
 * Does not verify the signature: signing does, before anything is stored. `details.tries` of UNAVAILABLE_KEY says how
 * often it was tried.
 *
 * @example
 * ```ts
 * import { generateKeyPairSync, sign } from 'node:crypto'
 * import { algorithmOfPublicKey, createRemoteKey, digestBytes, OcisignError } from '@ocisign/core'
 *
 * const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
 * const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
 * const id = 'acme:my-key'
 * const key = createRemoteKey({
 *   id,
 *   algorithm: algorithmOfPublicKey(spki, id),
 *   material: { kind: 'public-key', spki },
 *   ecdsa: 'der',
 *   signHash: async () => {
 *     throw new Error('the service is down')
 *   },
 *   toError: (cause) => new OcisignError('UNAVAILABLE_KEY', `${id} cannot be used now`, { id, retryable: false }, { cause }),
 * })
 * await key.sign(new Uint8Array()).catch((error) => console.log(error.code))
 * ```
 */
export function createRemoteKey<M extends KeyMaterial>(options: RemoteKeyOptions<M>): SigningKey<M> {
  const { id, algorithm, requiresTimestamp, retry } = options
  const failed = (why: string, cause?: unknown) =>
    new OcisignError('UNAVAILABLE_KEY', `the service answered ${why} for ${id}`, { id, retryable: false }, { cause })

  const askOnce = async (hash: Uint8Array, callOptions: CallOptions): Promise<RawSignature<M>> => {
    const answer = await options.signHash(hash, callOptions)
    const material = answer.material ?? options.material
    if (!material) throw failed('without saying who signed')
    return { signature: requireWidth(answer.signature), material }
  }

  const requireWidth = (signature: Uint8Array): Uint8Array => {
    if (!(signature instanceof Uint8Array)) throw failed('with no signature')
    if (algorithm.scheme === 'ECDSA' && options.ecdsa === 'der')
      try {
        return parseEcdsaSignature(signature, algorithm.keyBits)
      } catch (cause) {
        throw failed('with a malformed signature', cause)
      }
    const width = algorithm.scheme === 'ECDSA' ? ecdsaSignatureLength(algorithm.keyBits) : algorithm.keyBits / 8
    if (signature.length !== width) throw failed(`with a signature of ${signature.length} bytes instead of ${width}`)
    // Not a Buffer, whose slice shares memory.
    return new Uint8Array(signature.buffer, signature.byteOffset, signature.length)
  }

  return {
    contract: 'signing-key/1',
    id,
    algorithm,
    ...(requiresTimestamp !== undefined && { requiresTimestamp }),
    async sign(message, { signal } = {}) {
      signal?.throwIfAborted()
      const hasher = createHasher(algorithm.hash)
      hasher.update(message)
      const hash = await hasher.digest()
      const { toError } = options
      return askKeyService((callOptions) => askOnce(hash, callOptions), { ...retry, id, toError, signal })
    },
  }
}
