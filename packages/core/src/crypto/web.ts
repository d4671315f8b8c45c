// SPDX-License-Identifier: Apache-2.0
// WebCrypto: browsers, Deno, Bun and edge runtimes.
import { concatBytes } from '../bytes.js'
import type { DigestAlgorithm, Hasher } from '../digest.js'
import { OcisignError } from '../errors.js'
import {
  type Awaitable,
  ecdsaSignatureLength,
  type PublicKey,
  type SignatureAlgorithm,
  type VerificationKey,
} from './platform.js'

/** WebCrypto cannot hash a stream, so the chunks are kept; more than this is refused. */
const maxHashedBytes = 256 * 1024 * 1024

const webHash = (algorithm: DigestAlgorithm) => `SHA-${algorithm.slice(3)}`

/** Makes a hasher that keeps its chunks. */
export function createHasher(algorithm: DigestAlgorithm): Hasher {
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    update(chunk) {
      size += chunk.length
      if (size > maxHashedBytes)
        throw new OcisignError('UNAVAILABLE_LIMIT', 'WebCrypto hashes at most 256 MiB; pass createHasher', {
          target: '',
          refusals: [],
          retryable: false,
        })
      chunks.push(new Uint8Array(chunk))
    },
    digest: async () =>
      new Uint8Array(await crypto.subtle.digest(webHash(algorithm), concatBytes(...chunks) as Uint8Array<ArrayBuffer>)),
  }
}

/** Makes a public key ready; rejects with whatever the platform rejects a key that is none. */
export function importPublicKey(publicKey: PublicKey): Awaitable<VerificationKey> {
  // An RSA key is bound to one scheme and hash when it is imported, so that waits until they are known.
  if (publicKey.kind === 'rsa') return { publicKey, handle: undefined }
  const algorithm = { name: 'ECDSA', namedCurve: publicKey.curve }
  return crypto.subtle
    .importKey('raw', publicKey.point as Uint8Array<ArrayBuffer>, algorithm, false, ['verify'])
    .then((handle) => ({ publicKey, handle }))
}

/** Verifies a signature over a message, unhashed; ECDSA as r‖s of the exact width. */
export async function verifySignature(
  key: VerificationKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { publicKey } = key
  const hash = webHash(algorithm.hash)
  const data = message as Uint8Array<ArrayBuffer>
  const bytes = signature as Uint8Array<ArrayBuffer>
  if (algorithm.scheme === 'ECDSA') {
    if (publicKey.kind !== 'ec' || signature.length !== ecdsaSignatureLength(publicKey.bits)) return false
    return crypto.subtle.verify({ name: 'ECDSA', hash }, key.handle as CryptoKey, bytes, data)
  }
  if (publicKey.kind !== 'rsa' || signature.length !== publicKey.modulus.length) return false
  if (algorithm.scheme === 'Ed25519') return false
  const name = algorithm.scheme === 'RSASSA-PSS' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  const spki = publicKey.spki as Uint8Array<ArrayBuffer>
  const handle = await crypto.subtle.importKey('spki', spki, { name, hash }, false, ['verify'])
  const saltLength = Number(algorithm.hash.slice(3)) / 8
  return crypto.subtle.verify({ name, ...(name === 'RSA-PSS' && { saltLength }) }, handle, bytes, data)
}
