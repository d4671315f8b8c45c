// SPDX-License-Identifier: Apache-2.0
// Requests for certificates (PKCS #10, RFC 2986): how a key in a service gets a certificate without leaving it.
import type { CallOptions } from '../descriptor.js'
import { OcisignError } from '../errors.js'
import type { SigningKey } from '../key.js'
import { tags } from './der.js'
import {
  type CertificateExtensions,
  type CertificateTemplate,
  encodeExtensions,
  encodeSignature,
  encodeSignatureAlgorithm,
  nameOf,
} from './encode.js'
import { encodeExplicit, encodeInteger, encodeObjectIdentifier, encodeSequence, encodeValue } from './encode-der.js'
import { parsePublicKey } from './public-key.js'

/** Everything a request for a certificate states. */
export interface CertificateRequestTemplate
  extends Pick<CertificateTemplate, 'subject' | 'publicKey' | 'signatureAlgorithm'>,
    CertificateExtensions {}

const extensionRequest = '1.2.840.113549.1.9.14'

/**
 * Makes a request for a certificate (PKCS #10, RFC 2986), DER, which `key` signs: the key that the certificate is for.
 *
 * The extensions are asked for (RFC 2985 section 5.4.2); what the authority makes of them is its own affair. States what
 * it is told, and does not check that `publicKey` is that of the key: `describeKey` of the key gives it.
 * @throws INVALID_DISTINGUISHED_NAME | MISUSE_OPTION for what is no public key | UNSUPPORTED_KEY, and what the key throws
 */
export async function encodeCertificateRequest(
  template: CertificateRequestTemplate,
  key: SigningKey,
  options?: CallOptions,
): Promise<Uint8Array> {
  requirePublicKey(template.publicKey)
  const signatureAlgorithm = template.signatureAlgorithm ?? encodeSignatureAlgorithm(key.algorithm)
  const extensions = encodeExtensions(template)
  const wanted = encodeSequence(
    encodeObjectIdentifier(extensionRequest),
    encodeValue(tags.set, encodeSequence(...extensions)),
  )
  const toBeSigned = encodeSequence(
    encodeInteger(Uint8Array.of(0)),
    nameOf(template.subject),
    template.publicKey,
    // There even where it is empty: [0] is not optional.
    encodeExplicit(0, ...(extensions.length > 0 ? [wanted] : [])),
  )
  const { signature } = await key.sign(toBeSigned, options)
  return encodeSequence(toBeSigned, signatureAlgorithm, encodeSignature(key.algorithm, signature))
}

function requirePublicKey(spki: Uint8Array): void {
  try {
    parsePublicKey(spki)
  } catch (cause) {
    const details = { option: 'publicKey' }
    throw new OcisignError('MISUSE_OPTION', 'publicKey is no SubjectPublicKeyInfo, DER', details, { cause })
  }
}
