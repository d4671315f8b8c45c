// SPDX-License-Identifier: Apache-2.0
// The signatures of a chain, each by the key of the next certificate. Says nothing about profile, time or trust.
import { importPublicKey, verifySignature } from '#crypto'
import { equalBytes } from '../bytes.js'
import type { Awaitable, VerificationKey } from '../crypto/platform.js'
import type { Certificate } from './certificate.js'
import { parseEcdsaSignature } from './ecdsa-signature.js'
import { invalidChain } from './profile.js'

/**
 * Makes the key of a certificate ready, `position` being its place in a chain, for messages.
 * @throws INVALID_CERTIFICATE_CHAIN for a key that is unsupported, or none: a point that is not on its curve
 */
export function importCertificateKey(certificate: Certificate, position = 0): Awaitable<VerificationKey> {
  const { publicKey } = certificate
  if ('unsupported' in publicKey)
    throw invalidChain(position, certificate, `has a key of an unsupported kind, ${publicKey.unsupported}`)
  const refuse = (cause: unknown): never => {
    throw invalidChain(position, certificate, 'has a public key that is none', cause)
  }
  try {
    const key = importPublicKey(publicKey)
    return key instanceof Promise ? key.catch(refuse) : key
  } catch (cause) {
    return refuse(cause)
  }
}

/**
 * Proves that `issuer` issued the certificate: its subject is the certificate's issuer, byte for byte, and its key,
 * imported by the caller, made the signature. The same certificate twice: that it is self-signed.
 *
 * Does not check that the issuer is allowed to issue (`validateCodeSigningChain` does), and neither time nor trust.
 * @throws INVALID_CERTIFICATE_CHAIN
 */
export function verifyIssuedBy(
  certificate: Certificate,
  issuer: Certificate,
  key: VerificationKey,
  position = 0,
): Awaitable<void> {
  const refuse = (why: string, cause?: unknown): never => {
    throw invalidChain(position, certificate, why, cause)
  }
  const { signatureAlgorithm, tbs } = certificate
  if (!equalBytes(certificate.issuer, issuer.subject)) refuse('was not issued by the next one: it names another issuer')
  if ('unsupported' in signatureAlgorithm) return refuse(`is signed with ${signatureAlgorithm.unsupported}`)
  const isEc = signatureAlgorithm.scheme === 'ECDSA'
  if (isEc !== (key.publicKey.kind === 'ec'))
    refuse(`is signed with ${signatureAlgorithm.scheme}, which the issuer's key does not do`)
  const judge = (valid: boolean) => {
    if (!valid) refuse('was not issued by the next one: the signature does not fit')
  }
  const fail = (cause: unknown) => refuse('has a signature that cannot be verified', cause)
  let valid: Awaitable<boolean>
  try {
    const signature = isEc ? parseEcdsaSignature(certificate.signature, key.publicKey.bits) : certificate.signature
    valid = verifySignature(key, signatureAlgorithm, tbs, signature)
  } catch (cause) {
    return fail(cause)
  }
  return typeof valid === 'boolean' ? judge(valid) : valid.then(judge, fail)
}

/** A certificate of a chain up to a self-signed root in which every signature was verified, with its key. */
export interface ProvenCertificate {
  readonly certificate: Certificate
  readonly key: VerificationKey
}

/**
 * Proves that each certificate was issued by the next one, and the last one by itself. `known` are the last certificates
 * of the chain, byte for byte, where they were proven before.
 *
 * Goes from the root down, so that no key is used before it is known whose it is. Checks neither profile nor time nor
 * trust.
 * @throws INVALID_CERTIFICATE_CHAIN
 */
export async function verifyChainSignatures(
  chain: readonly Certificate[],
  known: readonly ProvenCertificate[] = [],
): Promise<readonly ProvenCertificate[]> {
  const proven = [...known]
  for (let position = chain.length - 1 - known.length; position >= 0; position--) {
    const certificate = chain[position]!
    const [issuer] = proven
    // Where everything is at hand there is nothing to wait for, and waiting costs.
    const verifying = issuer && verifyIssuedBy(certificate, issuer.certificate, issuer.key, position)
    if (verifying) await verifying
    const importing = importCertificateKey(certificate, position)
    const key = importing instanceof Promise ? await importing : importing
    if (!issuer) await verifyIssuedBy(certificate, certificate, key, position)
    proven.unshift({ certificate, key })
  }
  return proven
}
