// SPDX-License-Identifier: Apache-2.0
import {
  algorithmName,
  decodeBase64Url,
  equalBytes,
  type PublicKeyMaterial,
  printable,
  type SigningKey,
} from '@ocisign/core'
import { selectAlgorithm } from '../algorithm.js'
import { invalidKey, unavailableKey, unsupportedKey } from '../errors.js'
import { type Curve, curves, encodeSpki, signEcdsa, verifyEcdsa } from './ecdsa.js'

/** A private EC key as JSON Web Key (RFC 7518 section 6.2); `x` and `y`, where given, have to belong to `d`. */
export interface EcPrivateJwk {
  readonly kty?: string | undefined
  readonly crv?: string | undefined
  readonly d?: string | undefined
  readonly x?: string | undefined
  readonly y?: string | undefined
}

/**
 * Makes a key whose ECDSA signatures depend on nothing but key and message (RFC 6979), in plain JavaScript.
 *
 * For runtimes without another, and for reproducible builds. Makes no promise of constant time: where an attacker may
 * measure how long it signs, use another key.
 * @throws INVALID_KEY | UNSUPPORTED_KEY
 *
 * @example
 * ```ts
 * import { createDeterministicKey } from '@ocisign/provider-local/portable'
 *
 * // The key of RFC 6979, appendix A.2.5: everybody has it.
 * const key = createDeterministicKey({ kty: 'EC', crv: 'P-256', d: 'yazZ9ehnZ8zT1PrBgRE3_QdNsbnAFzm_oKQFJXqBAZU' })
 * const { signature } = await key.sign(new TextEncoder().encode('sample'))
 * console.log(signature.length)
 * ```
 */
export function createDeterministicKey(
  jwk: EcPrivateJwk,
  options: { readonly id?: string | undefined } = {},
): SigningKey<PublicKeyMaterial> {
  const name = String(jwk.crv)
  const shown = options.id ?? 'the key'
  const curve = jwk.kty === 'EC' && Object.hasOwn(curves, name) ? curves[name] : undefined
  if (!curve) throw unsupportedKey(shown, `a key of the type ${printable(`${jwk.kty} ${name}`, 40)}`)
  const algorithm = selectAlgorithm('ECDSA', curve.bits, shown, name)
  const id = options.id ?? `memory:${algorithmName(algorithm)}`
  const { secretKey, point } = readJwk(jwk, curve, id)
  const material: PublicKeyMaterial = { kind: 'public-key', spki: encodeSpki(curve, point) }
  return {
    contract: 'signing-key/1',
    id,
    algorithm,
    async sign(message, callOptions) {
      callOptions?.signal?.throwIfAborted()
      const signature = signEcdsa(curve, secretKey, message)
      // With a fixed nonce one wrong result beside a right one is enough to compute the key.
      if (!verifyEcdsa(curve, point, message, signature)) throw unavailableKey(id, new Error('the signature was wrong'))
      return { signature, material }
    },
  }
}

function readJwk(jwk: EcPrivateJwk, curve: Curve, id: string): { secretKey: Uint8Array; point: Uint8Array } {
  const secretKey = readMember(jwk.d, curve, id)
  if (!curve.implementation.utils.isValidSecretKey(secretKey))
    throw invalidKey(id, 'has a private number that its curve does not have')
  const point = curve.implementation.getPublicKey(secretKey, false)
  const halves = { x: point.subarray(1, 1 + curve.bytes), y: point.subarray(1 + curve.bytes) }
  for (const half of ['x', 'y'] as const)
    if (jwk[half] !== undefined && !equalBytes(readMember(jwk[half], curve, id), halves[half]))
      throw invalidKey(id, 'has a public half that does not belong to its private half')
  return { secretKey, point }
}

function readMember(text: string | undefined, { bytes }: Curve, id: string): Uint8Array {
  try {
    const number = decodeBase64Url(text ?? '')
    if (number.length === bytes) return number
  } catch {
    // The cause is left out: whatever it may quote one day is a piece of the key.
  }
  throw invalidKey(id, `is not a private JSON Web Key: its numbers are base64url of ${bytes} bytes`)
}
