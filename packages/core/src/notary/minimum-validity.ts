// SPDX-License-Identifier: Apache-2.0
// Certificates that end soon: noticed while signing, not when the first verifier refuses.
import { OcisignError } from '../errors.js'
import type { Signer } from '../signer.js'
import { type Certificate, describeSubject, parseCertificate } from '../x509/certificate.js'
import type { EnvelopeDecoder } from './envelope.js'
import { parseEnvelope } from './intact.js'

/** What {@link withMinimumValidity} accepts. */
export interface MinimumValidityOptions {
  /** Those of the signer: `jws`, `cose`. */
  readonly formats: readonly EnvelopeDecoder[]
  /** Seconds for which every certificate of a signature has to be valid yet; 0 by default. */
  readonly minimumSeconds?: number | undefined
  /** Told of each signature which of its certificates ends first, and when. */
  readonly onSigned?: ((validity: CertificateValidity) => void) | undefined
  readonly clock?: (() => Date) | undefined
}

/** How long a certificate is valid. */
export interface CertificateValidity {
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/**
 * Gives any signer an eye on its certificates: a signature of which a certificate ends too soon is refused, before it is
 * stored anywhere, and when they end is told.
 *
 * Reads the certificates only; proving the signature is the signer's part.
 * @throws MISUSE_OPTION, and when signing UNTRUSTED_VALIDITY
 */
export function withMinimumValidity(signer: Signer, options: MinimumValidityOptions): Signer {
  const { minimumSeconds = 0, clock = () => new Date(), onSigned } = options
  if (!(Number.isSafeInteger(minimumSeconds) && minimumSeconds >= 0))
    throw new OcisignError('MISUSE_OPTION', 'minimumSeconds is a whole number of seconds', { option: 'minimumSeconds' })
  const decoders = new Map(options.formats.map((format) => [format.mediaType, format]))
  return {
    attachment: signer.attachment,
    // Asked for only where blobs are signed: some signers have none.
    get digestAlgorithm() {
      return signer.digestAlgorithm
    },
    async sign(target, context) {
      const signature = await signer.sign(target, context)
      const certificates = parseEnvelope(decoders, signature).chain.map((der) => parseCertificate(der))
      requireRemaining(certificates, clock().getTime(), minimumSeconds)
      onSigned?.(firstToEnd(certificates))
      return signature
    },
  }
}

function firstToEnd(certificates: readonly Certificate[]): CertificateValidity {
  const first = certificates.reduce((earliest, each) => (earliest.notAfter <= each.notAfter ? earliest : each))
  return {
    subject: describeSubject(first),
    notBefore: new Date(first.notBefore),
    notAfter: new Date(first.notAfter),
  }
}

/** @throws UNTRUSTED_VALIDITY naming the certificate that ends first */
export function requireRemaining(certificates: readonly Certificate[], now: number, seconds: number): void {
  const first = firstToEnd(certificates)
  if (seconds === 0 || first.notAfter.getTime() - now >= seconds * 1000) return
  const [notBefore, notAfter] = [first.notBefore.toISOString(), first.notAfter.toISOString()]
  const message = `the certificate "${first.subject}" ends at ${notAfter}, in less than the ${describeSeconds(seconds)} that were asked for; get a new one`
  throw new OcisignError('UNTRUSTED_VALIDITY', message, { subject: first.subject, notBefore, notAfter })
}

/** Days where it comes out even: most is asked for in days. */
function describeSeconds(seconds: number): string {
  const [count, unit] = seconds % 86_400 === 0 ? [seconds / 86_400, 'day'] : [seconds, 'second']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
