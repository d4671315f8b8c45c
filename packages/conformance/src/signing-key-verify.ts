// SPDX-License-Identifier: Apache-2.0
// Judges a key's signature by WebCrypto, which every runtime has and which shares no code with what is judged.
import { type Algorithm, algorithmName, encodeHex, type KeyMaterial, parseCertificate } from '@ocisign/core'
import { needs } from './case.js'

/** Says whether the holder of the material made this signature over the message, unhashed. */
export type VerifyRaw = (
  algorithm: Algorithm,
  material: KeyMaterial,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>

/** The default {@link VerifyRaw}. */
export const verifyRaw: VerifyRaw = async (algorithm, material, message, signature) =>
  verifyWith(algorithm, await importMaterial(algorithm, material), message, signature)

const hashName = (hash: Algorithm['hash']) => `SHA-${hash.slice(3)}`
const hashBytes = (hash: Algorithm['hash']) => Number(hash.slice(3)) / 8
const webNames = {
  ECDSA: 'ECDSA',
  'RSASSA-PSS': 'RSA-PSS',
  'RSASSA-PKCS1-v1_5': 'RSASSA-PKCS1-v1_5',
  Ed25519: 'Ed25519',
} as const

/** SubjectPublicKeyInfo of the key that is claimed to have signed. */
export function spkiOf(material: KeyMaterial): Uint8Array {
  if (material.kind === 'public-key') return material.spki
  const [leaf] = material.chain
  needs(leaf !== undefined, 'the certificate chain is empty')
  const { publicKey } = parseCertificate(leaf)
  needs('spki' in publicKey, 'the leaf certificate has a key of an unsupported kind')
  return publicKey.spki
}

/** Makes the public key ready; fails for one that is not of the kind and size of the algorithm. */
export async function importMaterial(algorithm: Algorithm, material: KeyMaterial): Promise<CryptoKey> {
  const name = webNames[algorithm.scheme]
  const spki = spkiOf(material) as Uint8Array<ArrayBuffer>
  const parameters = { name, namedCurve: `P-${algorithm.keyBits}`, hash: hashName(algorithm.hash) }
  let key: CryptoKey
  try {
    key = await crypto.subtle.importKey('spki', spki, parameters, true, ['verify'])
  } catch (cause) {
    throw new Error(`the material is not the public key of an ${algorithmName(algorithm)} key`, { cause })
  }
  const { modulusLength } = key.algorithm as { modulusLength?: number }
  needs(
    modulusLength === undefined || modulusLength === algorithm.keyBits,
    `the algorithm says ${algorithm.keyBits} bits, and the material's key has ${modulusLength}`,
  )
  return key
}

async function verifyWith(
  algorithm: Algorithm,
  key: CryptoKey,
  message: Uint8Array,
  signature: Uint8Array,
  saltLength = hashBytes(algorithm.hash),
): Promise<boolean> {
  const parameters = { name: webNames[algorithm.scheme], hash: hashName(algorithm.hash), saltLength }
  const [bytes, data] = [signature as Uint8Array<ArrayBuffer>, message as Uint8Array<ArrayBuffer>]
  return crypto.subtle.verify(parameters, key, bytes, data)
}

/** Guesses why a signature does not verify, by trying the usual mistakes. */
export async function diagnose(
  algorithm: Algorithm,
  material: KeyMaterial,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<string> {
  const key = await importMaterial(algorithm, material)
  const digest = (hash: Algorithm['hash']) =>
    crypto.subtle.digest(hashName(hash), message as Uint8Array<ArrayBuffer>).then((bytes) => new Uint8Array(bytes))
  if (await verifyWith(algorithm, key, await digest(algorithm.hash), signature)) return 'the message is hashed twice'
  if (algorithm.scheme === 'RSASSA-PSS') {
    const longest = algorithm.keyBits / 8 - hashBytes(algorithm.hash) - 2
    for (const salt of [0, 20, 32, 48, 64, longest])
      if (await verifyWith(algorithm, key, message, signature, salt)) return `the salt has ${salt} bytes`
  }
  if (algorithm.scheme === 'ECDSA')
    for (const hash of ['sha256', 'sha384', 'sha512'] as const)
      if (await verifyWith({ ...algorithm, hash }, key, message, signature)) return `the hash is ${hash}`
  return `it begins with ${encodeHex(signature.subarray(0, 8))} and is over something else, or by another key`
}

/** The exact length of a signature of that algorithm, in bytes. */
export function signatureLength({ scheme, keyBits }: Algorithm): number {
  if (scheme === 'ECDSA') return 2 * Math.ceil(keyBits / 8)
  return scheme === 'Ed25519' ? 64 : keyBits / 8
}
