// SPDX-License-Identifier: Apache-2.0
import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'
import {
  type Algorithm,
  algorithmName,
  decodeBase64Url,
  equalBytes,
  notaryAlgorithms,
  type PublicKeyMaterial,
  requireAlgorithm,
  type SigningKey,
} from '@ocisign/core'
import { algorithmOf } from './algorithm.js'
import { invalidKey, unavailableKey, unsupportedKey } from './errors.js'
import type { EcPrivateJwk } from './portable/deterministic.js'

/** What every function that makes a local key accepts. */
export interface LocalKeyOptions {
  /** Names the key in messages and is never a secret; made up where left out. */
  readonly id?: string | undefined
  /** ECDSA with nonces made from message and key (RFC 6979) instead of random ones; RSA keys refuse it. */
  readonly deterministic?: boolean | undefined
}

/** A private key in this process; its material is the public key. */
export type LocalKey = SigningKey<PublicKeyMaterial>

const curves = { 256: 'P-256', 384: 'P-384', 521: 'P-521' } as const
const opensslCurves = { 256: 'prime256v1', 384: 'secp384r1', 521: 'secp521r1' } as const
/** The length of a SubjectPublicKeyInfo with a named curve and an uncompressed point. */
const spkiLengths = { 256: 91, 384: 120, 521: 158 } as const
type CurveBits = keyof typeof curves

/**
 * Makes a new key that lives in memory only.
 * @throws UNSUPPORTED_KEY for an algorithm that is none of the six of the Notary Project
 *
 * @example
 * ```ts
 * import { notaryAlgorithms } from '@ocisign/core'
 * import { generateKey } from '@ocisign/provider-local'
 *
 * const key = await generateKey(notaryAlgorithms[0]!, { id: 'a key of this run' })
 * console.log((await key.sign(new Uint8Array())).signature.length) // 64
 * ```
 */
export async function generateKey(algorithm: Algorithm, options: LocalKeyOptions = {}): Promise<LocalKey> {
  return createKeyObjectKey(await generateKeyObject(algorithm), options)
}

/** Makes a new private key of one of the six algorithms. */
export async function generateKeyObject(algorithm: Algorithm): Promise<KeyObject> {
  requireAlgorithm(algorithm, notaryAlgorithms)
  const bits = algorithm.keyBits
  const generate = promisify(generateKeyPair)
  const { privateKey } =
    algorithm.scheme === 'ECDSA'
      ? await generate('ec', { namedCurve: curves[bits as CurveBits] })
      : await generate('rsa', { modulusLength: bits })
  return privateKey
}

/**
 * Signs with a private key of `node:crypto`, synchronously and with as little around it as there can be.
 * @throws UNSUPPORTED_KEY | INVALID_KEY
 *
 * @example
 * ```ts
 * import { generateKeyPairSync } from 'node:crypto'
 * import { createKeyObjectKey } from '@ocisign/provider-local'
 *
 * const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
 * console.log((await createKeyObjectKey(privateKey)).algorithm) // RSASSA-PSS with SHA-384
 * ```
 */
export async function createKeyObjectKey(given: KeyObject, options: LocalKeyOptions = {}): Promise<LocalKey> {
  if (given.type !== 'private') throw invalidKey(options.id ?? 'the key', `is a ${given.type} key, not a private key`)
  const algorithm = algorithmOf(given, options.id ?? 'the key')
  const id = options.id ?? `memory:${algorithmName(algorithm)}`
  const key = algorithm.scheme === 'ECDSA' ? checkedEcKey(given, algorithm.keyBits as CurveBits, id) : given
  if (options.deterministic) {
    if (algorithm.scheme !== 'ECDSA') throw unsupportedKey(id, 'an RSA key, which has no deterministic signatures')
    // Loaded on demand: a command that signs as usual has no need of a second implementation of three curves.
    const { createDeterministicKey } = await import('./portable/deterministic.js')
    return createDeterministicKey(key.export({ format: 'jwk' }) as unknown as EcPrivateJwk, { id })
  }
  const material: PublicKeyMaterial = { kind: 'public-key', spki: spkiOf(key) }
  const signOptions =
    algorithm.scheme === 'ECDSA'
      ? ({ key, dsaEncoding: 'ieee-p1363' } as const)
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return {
    contract: 'signing-key/1',
    id,
    algorithm,
    async sign(message, callOptions) {
      callOptions?.signal?.throwIfAborted()
      try {
        const { buffer, byteOffset, length } = sign(algorithm.hash, message, signOptions)
        return { signature: new Uint8Array(buffer, byteOffset, length), material }
      } catch (cause) {
        throw unavailableKey(id, cause)
      }
    },
  }
}

/** SubjectPublicKeyInfo, DER. */
export function spkiOf(privateKey: KeyObject): Uint8Array {
  // The typings know only public keys here; Node takes a private key and derives.
  const publicKey = createPublicKey(privateKey as unknown as Parameters<typeof createPublicKey>[0])
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
}

/**
 * Proves that both halves belong together, which OpenSSL does not, and writes the public half in the usual way.
 * Otherwise every signature would come with somebody else's public key.
 */
function checkedEcKey(key: KeyObject, bits: CurveBits, id: string): KeyObject {
  const jwk = key.export({ format: 'jwk' })
  const width = Math.ceil(bits / 8)
  const scalar = decodeBase64Url(jwk.d ?? '', 'private key')
  const ecdh = createECDH(opensslCurves[bits])
  let point: Uint8Array
  try {
    ecdh.setPrivateKey(scalar)
    point = ecdh.getPublicKey()
  } catch (cause) {
    throw invalidKey(id, 'has a private number that its curve does not have', cause)
  }
  const halves = [decodeBase64Url(jwk.x ?? '', 'public key'), decodeBase64Url(jwk.y ?? '', 'public key')]
  const [x, y] = [point.subarray(1, 1 + width), point.subarray(1 + width)]
  if (!equalBytes(x, halves[0]!) || !equalBytes(y, halves[1]!))
    throw invalidKey(id, 'has a public half that does not belong to its private half')
  // Explicit parameters or a compressed point: correct, but certificates and verifiers know only the named form.
  return spkiOf(key).length === spkiLengths[bits] ? key : createPrivateKey({ key: jwk, format: 'jwk' })
}
