// SPDX-License-Identifier: Apache-2.0
// What certificates must be like to sign artifacts (signature-specification, certificate requirements). Nothing here
// looks at a signature, a clock or a trust store.
import { type Algorithm, algorithmName, notaryAlgorithms } from '../algorithm.js'
import { equalBytes } from '../bytes.js'
import { OcisignError } from '../errors.js'
import { limits } from '../limits.js'
import { type Certificate, describeSubject, isSelfIssued } from './certificate.js'
import type { KeyUsage } from './extensions.js'
import { oids } from './oid.js'

// Only basicConstraints, keyUsage and extendedKeyUsage are honoured. Every other extension, critical or not, must be left
// alone: signature-specification, certificate requirements, says that implementations fail open here, as the reference does.

/** What a signing key is for, and perhaps contentCommitment; anything else is refused. */
const leafKeyUsages: readonly KeyUsage[] = ['digitalSignature', 'contentCommitment']

const otherPurposes: Readonly<Record<string, string>> = {
  [oids.anyExtendedKeyUsage]: 'anyExtendedKeyUsage',
  [oids.serverAuth]: 'serverAuth',
  [oids.clientAuth]: 'clientAuth',
  [oids.emailProtection]: 'emailProtection',
  [oids.timeStamping]: 'timeStamping',
  // The specification does not name it; the reference refuses it.
  [oids.ocspSigning]: 'OCSPSigning',
}

/** Makes the error of the certificate at this place of the chain, from 0. */
export function invalidChain(position: number, certificate: Certificate, why: string, cause?: unknown) {
  const subject = describeSubject(certificate)
  return new OcisignError(
    'INVALID_CERTIFICATE_CHAIN',
    `certificate ${position + 1} of the chain ("${subject}") ${why}`,
    { position, subject },
    cause === undefined ? {} : { cause },
  )
}

/**
 * Holds a chain to the profile for code signing: leaf first, then each one's issuer, to a root that issued itself; or
 * a single self-issued certificate that is no authority.
 *
 * Does not verify signatures ({@link verifyChainSignatures} does), nor time, nor trust.
 * @throws INVALID_CERTIFICATE_CHAIN naming the certificate, what is wrong with it, and what would be right
 */
export function validateCodeSigningChain(chain: readonly Certificate[]): void {
  if (chain.length === 0 || chain.length > limits.chainCertificates) {
    const why = `a certificate chain has 1 to ${limits.chainCertificates} certificates, not ${chain.length}`
    throw new OcisignError('INVALID_CERTIFICATE_CHAIN', why, {})
  }
  for (const [position, certificate] of chain.entries()) {
    const refuse = (why: string): never => {
      throw invalidChain(position, certificate, why)
    }
    checkOrder(certificate, chain[position + 1], refuse)
    checkAlgorithms(certificate, refuse)
    if (position === 0) checkLeaf(certificate, refuse)
    else checkAuthority(certificate, position - 1, refuse)
  }
}

type Refuse = (why: string) => never

function checkOrder(certificate: Certificate, issuer: Certificate | undefined, refuse: Refuse): void {
  if (!issuer) {
    if (!isSelfIssued(certificate)) refuse('is the last one and not a root; a chain ends with the self-signed root')
    return
  }
  if (!equalBytes(certificate.issuer, issuer.subject))
    refuse('was not issued by the next one; a chain is in order from the leaf to the root, with nothing else in it')
  // A new key certified under the same name is no root; the same key under the same name is.
  if (isSelfIssued(certificate) && equalKeys(certificate, issuer))
    refuse('is self-signed; only the last certificate of a chain is')
}

function equalKeys(a: Certificate, b: Certificate): boolean {
  if ('unsupported' in a.publicKey || 'unsupported' in b.publicKey) return true
  return equalBytes(a.publicKey.spki, b.publicKey.spki)
}

function checkAlgorithms({ signatureAlgorithm, publicKey }: Certificate, refuse: Refuse): void {
  if ('unsupported' in signatureAlgorithm)
    refuse(
      `is signed with ${signatureAlgorithm.unsupported}; ECDSA, RSASSA-PSS and RSA PKCS #1 v1.5 with SHA-256, SHA-384 or SHA-512 are accepted`,
    )
  else if ('unsupported' in publicKey)
    refuse(`has a key of an unsupported kind, ${publicKey.unsupported}; use RSA or the curves P-256, P-384 or P-521`)
  else if (publicKey.kind === 'rsa' && publicKey.bits < 2048)
    refuse(`has an RSA key of ${publicKey.bits} bits; it needs 2048 or more`)
}

const isCritical = ({ extensions }: Certificate, oid: string) =>
  extensions.some((extension) => extension.oid === oid && extension.critical)

function checkKeyUsage(certificate: Certificate, refuse: Refuse): readonly KeyUsage[] {
  if (!certificate.keyUsage) return refuse('has no keyUsage; it needs one, marked critical')
  if (!isCritical(certificate, oids.keyUsage)) refuse('has a keyUsage that is not marked critical, which it must be')
  return certificate.keyUsage
}

function checkLeaf(certificate: Certificate, refuse: Refuse): void {
  if (certificate.basicConstraints?.ca)
    refuse('is an authority; a signing certificate has no basicConstraints, or CA=FALSE')
  const usages = checkKeyUsage(certificate, refuse)
  if (!usages.includes('digitalSignature')) refuse('has a keyUsage without digitalSignature, which signing needs')
  const wrong = usages.find((usage) => !leafKeyUsages.includes(usage))
  if (wrong) refuse(`has the keyUsage ${wrong}; a signing certificate has digitalSignature only`)
  const purpose = certificate.extendedKeyUsage?.find((usage) => otherPurposes[usage] !== undefined)
  if (purpose)
    refuse(`has the extendedKeyUsage ${otherPurposes[purpose]}; a signing certificate has codeSigning, or none`)
  if (!leafAlgorithm(certificate)) refuse(`has ${describeKey(certificate)}; it must be ${signingKeys}`)
}

function checkAuthority(certificate: Certificate, below: number, refuse: Refuse): void {
  const { basicConstraints } = certificate
  if (!basicConstraints?.ca) refuse('issued another one but is no authority; it needs basicConstraints with CA=TRUE')
  if (!isCritical(certificate, oids.basicConstraints))
    refuse('has basicConstraints that are not marked critical, which they must be')
  const pathLength = basicConstraints?.pathLength
  if (pathLength !== undefined && pathLength < below)
    refuse(`allows ${pathLength} authorities below it, and there are ${below}`)
  const usages = checkKeyUsage(certificate, refuse)
  if (!usages.includes('keyCertSign')) refuse('has a keyUsage without keyCertSign, which an authority needs')
}

const signingKeys = 'RSA of 2048, 3072 or 4096 bits, or on the curve P-256, P-384 or P-521'

const describeKey = ({ publicKey }: Certificate) =>
  'unsupported' in publicKey
    ? publicKey.unsupported
    : `${publicKey.kind === 'rsa' ? 'RSA' : 'EC'} of ${publicKey.bits} bits`

function leafAlgorithm({ publicKey }: Certificate): Algorithm | undefined {
  if ('unsupported' in publicKey) return undefined
  const scheme = publicKey.kind === 'rsa' ? 'RSASSA-PSS' : 'ECDSA'
  return notaryAlgorithms.find((algorithm) => algorithm.scheme === scheme && algorithm.keyBits === publicKey.bits)
}

/**
 * The one signature algorithm that goes with the key of a signing certificate (signature-specification, algorithm selection).
 * @throws UNSUPPORTED_KEY
 */
export function algorithmOfLeaf(certificate: Certificate): Algorithm {
  const algorithm = leafAlgorithm(certificate)
  if (algorithm) return algorithm
  const name = describeKey(certificate)
  throw new OcisignError('UNSUPPORTED_KEY', `the signing certificate has ${name}; it must be ${signingKeys}`, {
    algorithm: name,
    supported: notaryAlgorithms.map(algorithmName),
  })
}
