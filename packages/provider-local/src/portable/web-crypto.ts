// SPDX-License-Identifier: Apache-2.0
import {
  type Algorithm,
  algorithmName,
  encodeText,
  OcisignError,
  type PublicKeyMaterial,
  printable,
  type SigningKey,
} from '@ocisign/core'
import { selectAlgorithm } from '../algorithm.js'
import { invalidKey, unavailableKey, unsupportedKey } from '../errors.js'

/** A WebCrypto key pair; the private half may be one that cannot be exported. */
export interface WebCryptoKeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

interface Members {
  readonly namedCurve?: string
  readonly modulusLength?: number
  readonly hash?: { readonly name: string }
}

/**
 * Signs with a WebCrypto key pair, after one signature has proved that both halves belong together.
 * @throws UNSUPPORTED_KEY | INVALID_KEY | MISUSE_OPTION where the keys may not be used for this
 *
 * @example
 * ```ts
 * import { createWebCryptoKey } from '@ocisign/provider-local/portable'
 *
 * const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, ['sign', 'verify'])
 * const key = await createWebCryptoKey(pair)
 * console.log(key.algorithm.keyBits)
 * ```
 */
export async function createWebCryptoKey(
  { privateKey, publicKey }: WebCryptoKeyPair,
  options: { readonly id?: string | undefined } = {},
): Promise<SigningKey<PublicKeyMaterial>> {
  const shown = options.id ?? 'the key'
  const algorithm = webAlgorithmOf(privateKey, shown)
  const id = options.id ?? `memory:${algorithmName(algorithm)}`
  if (privateKey.type !== 'private' || !privateKey.usages.includes('sign'))
    throw new OcisignError('MISUSE_OPTION', `${id} is not a private key with the usage "sign"`, {
      option: 'privateKey',
    })
  if (publicKey.type !== 'public' || !publicKey.extractable)
    throw new OcisignError('MISUSE_OPTION', `${id} comes without a public key that can be exported`, {
      option: 'publicKey',
    })
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const parameters = parametersOf(algorithm)
  await proveHalves(privateKey, spki, parameters, id)
  const material: PublicKeyMaterial = { kind: 'public-key', spki }
  return {
    contract: 'signing-key/1',
    id,
    algorithm,
    async sign(message, callOptions) {
      callOptions?.signal?.throwIfAborted()
      const signature = await crypto.subtle
        .sign(parameters, privateKey, message as Uint8Array<ArrayBuffer>)
        .catch((cause: unknown) => {
          throw unavailableKey(id, cause)
        })
      callOptions?.signal?.throwIfAborted()
      return { signature: new Uint8Array(signature), material }
    },
  }
}

function webAlgorithmOf(key: CryptoKey, id: string): Algorithm {
  const { name } = key.algorithm
  const { namedCurve = '', modulusLength, hash } = key.algorithm as Members
  if (name === 'ECDSA') return selectAlgorithm('ECDSA', Number(namedCurve.slice(2)), id, `an EC key on ${namedCurve}`)
  if (name !== 'RSA-PSS') throw unsupportedKey(id, `a WebCrypto key for ${printable(name, 40)}`)
  const what = `an RSA-PSS key of ${modulusLength} bits with ${printable(String(hash?.name), 40)}`
  const algorithm = selectAlgorithm('RSASSA-PSS', modulusLength, id, what)
  // WebCrypto binds an RSA key to its hash.
  if (hash?.name !== hashName(algorithm)) throw unsupportedKey(id, what)
  return algorithm
}

const hashName = ({ hash }: Algorithm) => `SHA-${hash.slice(3)}`

function parametersOf(algorithm: Algorithm): EcdsaParams | RsaPssParams {
  if (algorithm.scheme === 'ECDSA') return { name: 'ECDSA', hash: hashName(algorithm) }
  return { name: 'RSA-PSS', saltLength: Number(algorithm.hash.slice(3)) / 8 }
}

async function proveHalves(
  privateKey: CryptoKey,
  spki: Uint8Array<ArrayBuffer>,
  parameters: EcdsaParams | RsaPssParams,
  id: string,
): Promise<void> {
  const { subtle } = crypto
  const message = encodeText('ocisign asks whether both halves of this key belong together') as Uint8Array<ArrayBuffer>
  try {
    const publicKey = await subtle.importKey('spki', spki, privateKey.algorithm, false, ['verify'])
    const signature = await subtle.sign(parameters, privateKey, message)
    if (await subtle.verify(parameters, publicKey, signature, message)) return
  } catch (cause) {
    throw invalidKey(id, 'has halves that do not work together', cause)
  }
  throw invalidKey(id, 'has a public half that does not belong to its private half')
}
