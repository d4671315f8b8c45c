// SPDX-License-Identifier: Apache-2.0
import type { Algorithm } from './algorithm.js'
import type { CallOptions } from './descriptor.js'

/** The claim that the holder of this certificate chain signed: leaf first, each DER. */
export interface X509Material {
  readonly kind: 'x509'
  readonly chain: readonly Uint8Array[]
}

/** The claim that the holder of this public key signed: SubjectPublicKeyInfo, DER. */
export interface PublicKeyMaterial {
  readonly kind: 'public-key'
  readonly spki: Uint8Array
}

/** The claim of who signed; a verifier checks it, nobody believes it. */
export type KeyMaterial = X509Material | PublicKeyMaterial

/** Signature bytes (ECDSA as r‖s, never DER) with the claim of who made them. */
export interface RawSignature<M extends KeyMaterial = KeyMaterial> {
  readonly signature: Uint8Array
  readonly material: M
}

/**
 * A private key somewhere: the only thing a key provider implements.
 *
 * `sign` takes the message unhashed and hashes it with `algorithm.hash`, once. ECDSA comes back as r‖s, each as wide
 * as the curve; RSASSA-PSS uses MGF1 with the same hash and a salt as long as the hash. Failures are OcisignErrors:
 * UNAVAILABLE_KEY (could not reach or find it), DENIED_KEY (refused), UNSUPPORTED_KEY. `id` and errors hold no secret.
 */
export interface SigningKey<M extends KeyMaterial = KeyMaterial> {
  readonly contract: 'signing-key/1'
  /** Names the key in messages, never a secret: `file:key.pem`, `awskms:///arn…`. */
  readonly id: string
  readonly algorithm: Algorithm
  /** Its certificates live so short that a signature without a timestamp is soon worthless. */
  readonly requiresTimestamp?: boolean
  sign(message: Uint8Array, options?: CallOptions): Promise<RawSignature<M>>
}

/** Gives a key its certificate chain (leaf first, DER). Does not check that the leaf holds the key: signing does. */
export function withCertificates(key: SigningKey, chain: readonly Uint8Array[]): SigningKey<X509Material> {
  // Field by field: a spread would lose the getters of a provider that is a class.
  return {
    contract: key.contract,
    id: key.id,
    algorithm: key.algorithm,
    requiresTimestamp: key.requiresTimestamp ?? false,
    sign: async (message, options) => ({
      signature: (await key.sign(message, options)).signature,
      material: { kind: 'x509', chain },
    }),
  }
}

/** What {@link KeyOpener.openKey} accepts. */
export interface OpenKeyOptions extends CallOptions {
  /** Asked only when the key turns out to be encrypted; undefined means there is none. */
  readonly passphrase?: () => Promise<string | undefined>
  /** Where a provider looks for addresses and credentials; the environment of the process where left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** The `./uri` subpath of a provider: turns a command line's key URI into a key. */
export interface KeyOpener {
  readonly scheme: string
  openKey(uri: string, options?: OpenKeyOptions): Promise<SigningKey>
}
