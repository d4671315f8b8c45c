// SPDX-License-Identifier: Apache-2.0
import type { DigestAlgorithm } from './digest.js'
import { OcisignError } from './errors.js'

/** A signature algorithm, resolved once at the edge; nothing below it switches on names. */
export interface Algorithm {
  readonly scheme: 'ECDSA' | 'RSASSA-PSS' | 'RSASSA-PKCS1-v1_5' | 'Ed25519'
  readonly hash: DigestAlgorithm
  /** Modulus or curve size in bits: 256, 384, 521, 2048 … */
  readonly keyBits: number
}

/** How messages name an algorithm: `ECDSA-256-sha256`. */
export function algorithmName({ scheme, keyBits, hash }: Algorithm): string {
  return `${scheme}-${keyBits}-${hash}`
}

/** The six that Notary Project signatures use (signature-specification, algorithm selection). */
export const notaryAlgorithms: readonly Algorithm[] = [
  { scheme: 'ECDSA', hash: 'sha256', keyBits: 256 },
  { scheme: 'ECDSA', hash: 'sha384', keyBits: 384 },
  { scheme: 'ECDSA', hash: 'sha512', keyBits: 521 },
  { scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 2048 },
  { scheme: 'RSASSA-PSS', hash: 'sha384', keyBits: 3072 },
  { scheme: 'RSASSA-PSS', hash: 'sha512', keyBits: 4096 },
]

/** Tells whether two algorithms are the same. */
export function equalAlgorithms(a: Algorithm, b: Algorithm): boolean {
  return a.keyBits === b.keyBits && a.scheme === b.scheme && a.hash === b.hash
}

/**
 * Holds an algorithm to a list.
 * @throws UNSUPPORTED_KEY naming those that fit
 */
export function requireAlgorithm(algorithm: Algorithm, fitting: readonly Algorithm[]): void {
  if (fitting.some((each) => equalAlgorithms(each, algorithm))) return
  const supported = fitting.map(algorithmName)
  const name = algorithmName(algorithm)
  throw new OcisignError('UNSUPPORTED_KEY', `${name} does not fit here; these do: ${supported.join(', ')}`, {
    algorithm: name,
    supported,
  })
}
