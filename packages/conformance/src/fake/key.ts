// SPDX-License-Identifier: Apache-2.0
// A plain key of node:crypto: conformance knows no provider.
import { constants, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import {
  type Algorithm,
  notaryAlgorithms,
  type PublicKeyMaterial,
  requireAlgorithm,
  type SigningKey,
} from '@ocisign/core'

/** A key in both forms: to sign envelopes with, and to sign certificates with. */
export interface FakeKey {
  readonly privateKey: KeyObject
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  readonly key: SigningKey<PublicKeyMaterial>
}

/** Makes a key of one of the six algorithms of the Notary Project. */
export async function createFakeKey(algorithm: Algorithm): Promise<FakeKey> {
  requireAlgorithm(algorithm, notaryAlgorithms)
  const generate = promisify(generateKeyPair)
  const { privateKey, publicKey } =
    algorithm.scheme === 'ECDSA'
      ? await generate('ec', { namedCurve: `P-${algorithm.keyBits}` })
      : await generate('rsa', { modulusLength: algorithm.keyBits })
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  return { privateKey, spki, key: keyOf(privateKey, algorithm, algorithm.hash) }
}

/** Signs certificates: RSA as most authorities do, and with SHA-1 where that is asked for. */
export function certifierOf({ privateKey, key }: FakeKey, hash: Algorithm['hash'] | 'sha1'): SigningKey {
  const scheme = key.algorithm.scheme === 'ECDSA' ? 'ECDSA' : 'RSASSA-PKCS1-v1_5'
  return keyOf(privateKey, { ...key.algorithm, scheme }, hash)
}

function keyOf(privateKey: KeyObject, algorithm: Algorithm, hash: string): SigningKey<PublicKeyMaterial> {
  const padding = algorithm.scheme === 'RSASSA-PSS' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  const options =
    algorithm.scheme === 'ECDSA'
      ? ({ key: privateKey, dsaEncoding: 'ieee-p1363' } as const)
      : { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  // The typings know only public keys here; Node takes a private key and derives.
  const publicKey = createPublicKey(privateKey as unknown as Parameters<typeof createPublicKey>[0])
  const material = {
    kind: 'public-key',
    spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
  } as const
  return {
    contract: 'signing-key/1',
    id: 'fake key',
    algorithm,
    async sign(message, callOptions) {
      callOptions?.signal?.throwIfAborted()
      return { signature: new Uint8Array(sign(hash, message, options)), material }
    },
  }
}
