// SPDX-License-Identifier: Apache-2.0
// Node's own crypto: synchronous, 1.7 times as quick as WebCrypto here, and it hashes as it streams.
import { constants, createHash, createPublicKey, KeyObject, verify, webcrypto } from 'node:crypto'
import type { DigestAlgorithm, Hasher } from '../digest.js'
import {
  type Awaitable,
  ecdsaSignatureLength,
  type PublicKey,
  type SignatureAlgorithm,
  type VerificationKey,
} from './platform.js'

// Taken out once: among so many, each takes a while to find.
const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants

/** Makes a hasher. */
export function createHasher(algorithm: DigestAlgorithm): Hasher {
  const hash = createHash(algorithm)
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => new Uint8Array(hash.digest()),
  }
}

/**
 * Makes a public key ready; throws, or rejects with, whatever the platform says of a key that is none.
 *
 * RSA comes quickest as PKCS #1 has it. A point comes quickest by WebCrypto: JWK checks it twice, and SubjectPublicKeyInfo is
 * decoded by trial; both make the first verification slower, too.
 */
export function importPublicKey(publicKey: PublicKey): Awaitable<VerificationKey> {
  if (publicKey.kind === 'rsa') {
    const key = rsaPublicKeyOf(publicKey) as Buffer
    return { publicKey, handle: createPublicKey({ format: 'der', type: 'pkcs1', key }) }
  }
  const algorithm = { name: 'ECDSA', namedCurve: publicKey.curve }
  return webcrypto.subtle
    .importKey('raw', publicKey.point, algorithm, true, ['verify'])
    .then((key) => ({ publicKey, handle: KeyObject.from(key) }))
}

/** The RSAPublicKey (RFC 8017 appendix A.1.1), with which SubjectPublicKeyInfo ends. */
function rsaPublicKeyOf({ modulus, exponent, spki }: PublicKey & { kind: 'rsa' }): Uint8Array {
  return spki.subarray(-elementLength(integerLength(modulus) + integerLength(exponent)))
}

/** The length of a DER element with so many bytes of content. */
const elementLength = (content: number) => content + (content < 0x80 ? 2 : content < 0x100 ? 3 : 4)
const integerLength = (magnitude: Uint8Array) => elementLength(magnitude.length + (magnitude[0]! >> 7))

/** Verifies a signature over a message, unhashed; ECDSA as r‖s of the exact width. */
export function verifySignature(
  key: VerificationKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): Awaitable<boolean> {
  const handle = key.handle as KeyObject
  if (algorithm.scheme === 'ECDSA') {
    if (key.publicKey.kind !== 'ec' || signature.length !== ecdsaSignatureLength(key.publicKey.bits)) return false
    return verify(algorithm.hash, message, { key: handle, dsaEncoding: 'ieee-p1363' }, signature)
  }
  if (key.publicKey.kind !== 'rsa' || signature.length !== key.publicKey.modulus.length) return false
  if (algorithm.scheme === 'RSASSA-PKCS1-v1_5')
    return verify(algorithm.hash, message, { key: handle, padding: RSA_PKCS1_PADDING }, signature)
  if (algorithm.scheme !== 'RSASSA-PSS') return false
  const options = { key: handle, padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST }
  return verify(algorithm.hash, message, options, signature)
}
