// SPDX-License-Identifier: Apache-2.0
import { importPublicKey, verifySignature } from '#crypto'
import { algorithmName, equalAlgorithms } from '../algorithm.js'
import { encodeText } from '../bytes.js'
import type { CallOptions } from '../descriptor.js'
import { OcisignError } from '../errors.js'
import type { KeyMaterial, SigningKey } from '../key.js'
import { parseCertificate } from '../x509/certificate.js'
import { parsePublicKey } from '../x509/public-key.js'
import { algorithmOfPublicKey } from './public-key.js'

/** What a key shows of itself. */
export interface KeyDescription {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /** The certificates that come with the key, leaf first, DER; undefined for a key that has none of its own. */
  readonly chain?: readonly Uint8Array[]
}

/** It is signed, so it says what for; it is no artifact, no certificate, and nothing that a verifier would take. */
const question = encodeText('ocisign asks for the public key; this signature means nothing else')

/**
 * Finds out a key's public half, and its certificates where it has any. A key states both with a signature only, so this
 * makes one, over a text that means nothing, and verifies it: the key works, and it is the one that it says it is.
 *
 * Does not check the certificates: `verifySigningCertificates` does.
 * @throws UNTRUSTED_INTEGRITY where the signature is not good | UNSUPPORTED_KEY, and what the key throws
 */
export async function describeKey(key: SigningKey, options?: CallOptions): Promise<KeyDescription> {
  const { signature, material } = await key.sign(question, options)
  const { id, algorithm } = key
  const refuse = (why: string) =>
    new OcisignError('UNTRUSTED_INTEGRITY', `${id} ${why}`, { algorithm: algorithmName(algorithm) })
  const spki = spkiOf(material)
  const publicKey = spki && parsePublicKey(spki)
  if (!spki || !publicKey || 'unsupported' in publicKey) throw refuse('did not say which public key is its own')
  if (!equalAlgorithms(algorithmOfPublicKey(spki, id), algorithm))
    throw refuse(`does not sign with ${algorithmName(algorithm)}, as it says it does`)
  if (!(await verifySignature(await importPublicKey(publicKey), algorithm, question, signature)))
    throw refuse('made a signature that is not good for the public key it came with')
  return { publicKey: new Uint8Array(spki), ...(material.kind === 'x509' && { chain: material.chain }) }
}

function spkiOf(material: KeyMaterial): Uint8Array | undefined {
  if (material.kind === 'public-key') return material.spki
  const [leaf] = material.chain
  if (!leaf) return undefined
  const { publicKey } = parseCertificate(leaf)
  return 'unsupported' in publicKey ? undefined : publicKey.spki
}
