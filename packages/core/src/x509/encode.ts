// SPDX-License-Identifier: Apache-2.0
// Makes certificates: for keys in a service that keeps none, and for tests. Verifying needs nothing of this.
import { createHasher } from '#crypto'
import { type Algorithm, algorithmName, notaryAlgorithms } from '../algorithm.js'
import { encodeText } from '../bytes.js'
import type { CallOptions } from '../descriptor.js'
import { OcisignError } from '../errors.js'
import type { SigningKey } from '../key.js'
import {
  derTags,
  encodeBitString,
  encodeExplicit,
  encodeInteger,
  encodeNamedBits,
  encodeObjectIdentifier,
  encodeSequence,
  encodeTime,
  encodeValue,
} from './encode-der.js'
import { encodeName } from './encode-name.js'

/** The bits of the key usage extension, in their order (RFC 5280 section 4.2.1.3). */
const keyUsages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/** What a certificate's key may be used for. */
export type KeyUsage = (typeof keyUsages)[number]

/** An extension that has no member of its own in {@link CertificateTemplate}. */
export interface RawExtension {
  readonly objectIdentifier: string
  readonly critical: boolean
  /** DER. */
  readonly value: Uint8Array
}

/** Everything a certificate states. */
export interface CertificateTemplate {
  /** `C=US,ST=WA,O=Acme,CN=build`, in the order in which it is to stand; or a Name, DER. */
  readonly subject: string | Uint8Array
  readonly issuer: string | Uint8Array
  /** Big-endian, 1 to 20 bytes, not zero. */
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /** Critical. */
  readonly basicConstraints?: { readonly authority: boolean; readonly pathLength?: number }
  /** Critical. */
  readonly keyUsage?: readonly KeyUsage[]
  /** Dotted object identifiers. */
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectKeyIdentifier?: Uint8Array
  readonly authorityKeyIdentifier?: Uint8Array
  readonly crlUrls?: readonly string[]
  readonly ocspUrls?: readonly string[]
  readonly extensions?: readonly RawExtension[]
  /** An AlgorithmIdentifier, DER, in place of the one that the key's algorithm has. */
  readonly signatureAlgorithm?: Uint8Array
}

/**
 * Makes a certificate that `key` signs: the issuer's key, or the subject's own.
 *
 * States what it is told and checks neither that it makes sense nor that it fits a profile.
 * @throws MISUSE_OPTION | INVALID_DISTINGUISHED_NAME | UNSUPPORTED_KEY, and what the key throws
 */
export async function encodeCertificate(
  template: CertificateTemplate,
  key: SigningKey,
  options?: CallOptions,
): Promise<Uint8Array> {
  const { serialNumber } = template
  if (serialNumber.length > 20 || !serialNumber.some((byte) => byte !== 0))
    throw new OcisignError('MISUSE_OPTION', 'a serial number has 1 to 20 bytes and is not 0', {
      option: 'serialNumber',
    })
  const signatureAlgorithm = template.signatureAlgorithm ?? encodeSignatureAlgorithm(key.algorithm)
  const extensions = encodeExtensions(template)
  const toBeSigned = encodeSequence(
    encodeExplicit(0, encodeInteger(Uint8Array.of(2))),
    encodeInteger(serialNumber),
    signatureAlgorithm,
    nameOf(template.issuer),
    encodeSequence(encodeTime(template.notBefore), encodeTime(template.notAfter)),
    nameOf(template.subject),
    template.publicKey,
    ...(extensions.length > 0 ? [encodeExplicit(3, encodeSequence(...extensions))] : []),
  )
  const { signature } = await key.sign(toBeSigned, options)
  const bits = key.algorithm.scheme === 'ECDSA' ? encodeEcdsaSignature(signature) : signature
  return encodeSequence(toBeSigned, signatureAlgorithm, encodeBitString(bits))
}

/**
 * The extensions that the Notary Project asks of a code-signing certificate (signature-specification, certificate
 * requirements), or of the authorities above it.
 */
export function codeSigningProfile(authority?: {
  readonly pathLength?: number
}): Pick<CertificateTemplate, 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'> {
  if (authority) return { basicConstraints: { authority: true, ...authority }, keyUsage: ['keyCertSign', 'cRLSign'] }
  return {
    basicConstraints: { authority: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'],
  }
}

/** Names a public key as key identifier extensions do: 160 bits of the SHA-256 of its SubjectPublicKeyInfo (RFC 7093). */
export async function keyIdentifier(spki: Uint8Array): Promise<Uint8Array> {
  const hasher = createHasher('sha256')
  hasher.update(spki)
  return (await hasher.digest()).subarray(0, 20)
}

const nameOf = (name: string | Uint8Array) => (typeof name === 'string' ? encodeName(name) : name)

// X.509 has the two numbers as DER, where every envelope has them side by side.
function encodeEcdsaSignature(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2
  return encodeSequence(encodeInteger(signature.subarray(0, half)), encodeInteger(signature.subarray(half)))
}

const hashNumbers = { sha256: 1, sha384: 2, sha512: 3 } as const

/** The AlgorithmIdentifier of a signature (RFC 5758, RFC 4055). */
function encodeSignatureAlgorithm(algorithm: Algorithm): Uint8Array {
  const number = hashNumbers[algorithm.hash]
  const parameters = encodeValue(derTags.null)
  if (algorithm.scheme === 'ECDSA') return encodeSequence(encodeObjectIdentifier(`1.2.840.10045.4.3.${number + 1}`))
  if (algorithm.scheme === 'RSASSA-PKCS1-v1_5')
    return encodeSequence(encodeObjectIdentifier(`1.2.840.113549.1.1.${number + 10}`), parameters)
  if (algorithm.scheme === 'RSASSA-PSS') {
    const hash = encodeSequence(encodeObjectIdentifier(`2.16.840.1.101.3.4.2.${number}`), parameters)
    const mask = encodeSequence(encodeObjectIdentifier('1.2.840.113549.1.1.8'), hash)
    const saltLength = encodeInteger(Uint8Array.of(Number(algorithm.hash.slice(3)) / 8))
    return encodeSequence(
      encodeObjectIdentifier('1.2.840.113549.1.1.10'),
      encodeSequence(encodeExplicit(0, hash), encodeExplicit(1, mask), encodeExplicit(2, saltLength)),
    )
  }
  const name = algorithmName(algorithm)
  throw new OcisignError('UNSUPPORTED_KEY', `${name} does not sign certificates here`, {
    algorithm: name,
    supported: notaryAlgorithms.map(algorithmName),
  })
}

const uri = (url: string) => encodeValue(0x86, encodeText(url))

function encodeExtensions(template: CertificateTemplate): readonly Uint8Array[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectKeyIdentifier, authorityKeyIdentifier } = template
  const extensions: Uint8Array[] = []
  const add = (objectIdentifier: string, critical: boolean, ...value: readonly Uint8Array[]) => {
    const flag = critical ? [encodeValue(derTags.boolean, Uint8Array.of(0xff))] : []
    const content = encodeValue(derTags.octetString, ...value)
    extensions.push(encodeSequence(encodeObjectIdentifier(objectIdentifier), ...flag, content))
  }
  if (basicConstraints) {
    const { authority, pathLength } = basicConstraints
    const flag = authority ? [encodeValue(derTags.boolean, Uint8Array.of(0xff))] : []
    const depth = pathLength === undefined ? [] : [encodeInteger(Uint8Array.of(pathLength))]
    add('2.5.29.19', true, encodeSequence(...flag, ...depth))
  }
  if (keyUsage) add('2.5.29.15', true, encodeNamedBits(keyUsage.map((usage) => keyUsages.indexOf(usage))))
  if (extendedKeyUsage) add('2.5.29.37', false, encodeSequence(...extendedKeyUsage.map(encodeObjectIdentifier)))
  if (subjectKeyIdentifier) add('2.5.29.14', false, encodeValue(derTags.octetString, subjectKeyIdentifier))
  if (authorityKeyIdentifier) add('2.5.29.35', false, encodeSequence(encodeValue(0x80, authorityKeyIdentifier)))
  if (template.crlUrls) {
    const points = template.crlUrls.map((url) => encodeSequence(encodeExplicit(0, encodeExplicit(0, uri(url)))))
    add('2.5.29.31', false, encodeSequence(...points))
  }
  if (template.ocspUrls) {
    const method = encodeObjectIdentifier('1.3.6.1.5.5.7.48.1')
    add('1.3.6.1.5.5.7.1.1', false, encodeSequence(...template.ocspUrls.map((url) => encodeSequence(method, uri(url)))))
  }
  for (const { objectIdentifier, critical, value } of template.extensions ?? []) add(objectIdentifier, critical, value)
  return extensions
}
