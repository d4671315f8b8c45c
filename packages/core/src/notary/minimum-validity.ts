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
  /** Told of each signature when the first of its certificates ends. */
  readonly onSigned?: ((validUntil: Date) => void) | undefined
  readonly clock?: (() => Date) | undefined
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
      onSigned?.(new Date(Math.min(...certificates.map(({ notAfter }) => notAfter))))
      return signature
    },
  }
}

/** @throws UNTRUSTED_VALIDITY naming the certificate that ends first */
export function requireRemaining(certificates: readonly Certificate[], now: number, seconds: number): void {
  const first = certificates.reduce<Certificate | undefined>(
    (earliest, each) => (earliest && earliest.notAfter <= each.notAfter ? earliest : each),
    undefined,
  )
  if (!first || seconds === 0 || first.notAfter - now >= seconds * 1000) return
  const subject = describeSubject(first)
  const notBefore = new Date(first.notBefore).toISOString()
  const notAfter = new Date(first.notAfter).toISOString()
  const message = `the certificate "${subject}" ends at ${notAfter}, in less than the ${seconds} seconds that were asked for; get a new one`
  throw new OcisignError('UNTRUSTED_VALIDITY', message, { subject, notBefore, notAfter })
}
