// SPDX-License-Identifier: Apache-2.0
// Makes certificates: for keys in a service that keeps none, and for tests. Verifying needs nothing of this.
import { createHasher } from '#crypto'
import { type Algorithm, algorithmName, notaryAlgorithms } from '../algorithm.js'
import { encodeText } from '../bytes.js'
import type { CallOptions } from '../descriptor.js'
import { OcisignError } from '../errors.js'
import type { SigningKey } from '../key.js'
import { contextTag, tags } from './der.js'
import {
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
import { type BasicConstraints, type Extension, type KeyUsage, keyUsages } from './extensions.js'
import { oids } from './oid.js'

/** The extensions of a certificate, or those that a request asks for. */
export interface CertificateExtensions {
  /** Critical. */
  readonly basicConstraints?: BasicConstraints
  /** Critical. */
  readonly keyUsage?: readonly KeyUsage[]
  /** Dotted object identifiers. */
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectKeyIdentifier?: Uint8Array
  readonly authorityKeyIdentifier?: Uint8Array
  readonly crlUrls?: readonly string[]
  readonly ocspUrls?: readonly string[]
  /** Further ones, as they are to stand. */
  readonly extensions?: readonly Extension[]
}

/** Everything a certificate states. */
export interface CertificateTemplate extends CertificateExtensions {
  /** `C=US,ST=WA,O=Acme,CN=build`, in the order in which it is to stand; or a Name, DER. */
  readonly subject: string | Uint8Array
  readonly issuer: string | Uint8Array
  /** Big-endian, 1 to 20 bytes, not zero. */
  readonly serialNumber: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
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
  return encodeSequence(toBeSigned, signatureAlgorithm, encodeSignature(key.algorithm, signature))
}

/**
 * The extensions that the Notary Project asks of a code-signing certificate (signature-specification, certificate
 * requirements), or of the authorities above it.
 */
export function codeSigningProfile(authority?: {
  readonly pathLength?: number
}): Pick<CertificateTemplate, 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'> {
  if (authority) return { basicConstraints: { ca: true, ...authority }, keyUsage: ['keyCertSign', 'cRLSign'] }
  return {
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [oids.codeSigning],
  }
}

/** Names a public key as key identifier extensions do: 160 bits of the SHA-256 of its SubjectPublicKeyInfo (RFC 7093). */
export async function keyIdentifier(spki: Uint8Array): Promise<Uint8Array> {
  const hasher = createHasher('sha256')
  hasher.update(spki)
  return (await hasher.digest()).subarray(0, 20)
}

/** A name as DER. */
export const nameOf = (name: string | Uint8Array) => (typeof name === 'string' ? encodeName(name) : name)

/** What a key answered, as it stands in certificates: X.509 has ECDSA's two numbers as DER, envelopes side by side. */
export function encodeSignature({ scheme }: Algorithm, signature: Uint8Array): Uint8Array {
  return encodeBitString(scheme === 'ECDSA' ? encodeEcdsaSignature(signature) : signature)
}

function encodeEcdsaSignature(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2
  return encodeSequence(encodeInteger(signature.subarray(0, half)), encodeInteger(signature.subarray(half)))
}

const hashNumbers = { sha256: 1, sha384: 2, sha512: 3 } as const

/** The AlgorithmIdentifier of a signature (RFC 5758, RFC 4055). */
export function encodeSignatureAlgorithm(algorithm: Algorithm): Uint8Array {
  const number = hashNumbers[algorithm.hash]
  const parameters = encodeValue(tags.null)
  if (algorithm.scheme === 'ECDSA') return encodeSequence(encodeObjectIdentifier(`1.2.840.10045.4.3.${number + 1}`))
  if (algorithm.scheme === 'RSASSA-PKCS1-v1_5')
    return encodeSequence(encodeObjectIdentifier(`1.2.840.113549.1.1.${number + 10}`), parameters)
  if (algorithm.scheme === 'RSASSA-PSS') {
    const hash = encodeSequence(encodeObjectIdentifier(oids[algorithm.hash]), parameters)
    const mask = encodeSequence(encodeObjectIdentifier(oids.mgf1), hash)
    const saltLength = encodeInteger(Uint8Array.of(Number(algorithm.hash.slice(3)) / 8))
    return encodeSequence(
      encodeObjectIdentifier(oids.rsassaPss),
      encodeSequence(encodeExplicit(0, hash), encodeExplicit(1, mask), encodeExplicit(2, saltLength)),
    )
  }
  const name = algorithmName(algorithm)
  throw new OcisignError('UNSUPPORTED_KEY', `${name} does not sign certificates here`, {
    algorithm: name,
    supported: notaryAlgorithms.map(algorithmName),
  })
}

const uri = (url: string) => encodeValue(contextTag(6, false), encodeText(url))

/** The extensions that a template asks for, each DER. */
export function encodeExtensions(template: CertificateExtensions): readonly Uint8Array[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectKeyIdentifier, authorityKeyIdentifier } = template
  const extensions: Uint8Array[] = []
  const add = (oid: string, critical: boolean, ...value: readonly Uint8Array[]) => {
    const flag = critical ? [encodeValue(tags.boolean, Uint8Array.of(0xff))] : []
    const content = encodeValue(tags.octetString, ...value)
    extensions.push(encodeSequence(encodeObjectIdentifier(oid), ...flag, content))
  }
  if (basicConstraints) {
    const { ca, pathLength } = basicConstraints
    const flag = ca ? [encodeValue(tags.boolean, Uint8Array.of(0xff))] : []
    const depth = pathLength === undefined ? [] : [encodeInteger(Uint8Array.of(pathLength))]
    add(oids.basicConstraints, true, encodeSequence(...flag, ...depth))
  }
  if (keyUsage) add(oids.keyUsage, true, encodeNamedBits(keyUsage.map((usage) => keyUsages.indexOf(usage))))
  if (extendedKeyUsage)
    add(oids.extendedKeyUsage, false, encodeSequence(...extendedKeyUsage.map(encodeObjectIdentifier)))
  if (subjectKeyIdentifier) add(oids.subjectKeyIdentifier, false, encodeValue(tags.octetString, subjectKeyIdentifier))
  if (authorityKeyIdentifier)
    add(oids.authorityKeyIdentifier, false, encodeSequence(encodeValue(contextTag(0, false), authorityKeyIdentifier)))
  if (template.crlUrls) {
    const points = template.crlUrls.map((url) => encodeSequence(encodeExplicit(0, encodeExplicit(0, uri(url)))))
    add(oids.crlDistributionPoints, false, encodeSequence(...points))
  }
  if (template.ocspUrls) {
    const method = encodeObjectIdentifier('1.3.6.1.5.5.7.48.1')
    add(
      oids.authorityInformationAccess,
      false,
      encodeSequence(...template.ocspUrls.map((url) => encodeSequence(method, uri(url)))),
    )
  }
  for (const { oid, critical, value } of template.extensions ?? []) add(oid, critical, value)
  return extensions
}
