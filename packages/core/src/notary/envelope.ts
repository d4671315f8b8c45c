// SPDX-License-Identifier: Apache-2.0
// What the two envelope formats have in common (signature-specification, signature envelope).
import type { Algorithm } from '../algorithm.js'
import type { SignatureAlgorithm } from '../crypto/platform.js'
import type { RawSignature, X509Material } from '../key.js'

/** The media type of what a Notary Project signature signs. */
export const payloadMediaType = 'application/vnd.cncf.notary.payload.v1+json'

/** `notary.x509`: the signer states the time. `notary.x509.signingAuthority`: a trusted service does. */
export type SigningScheme = 'notary.x509' | 'notary.x509.signingAuthority'

/** An attribute beyond those the specification names; a critical one must be understood by whoever verifies. */
export interface ExtendedAttribute {
  /** A name; COSE also has whole-number labels. */
  readonly key: string | number
  readonly value: unknown
  readonly critical: boolean
}

/** The signed attributes; times are whole seconds. */
export interface SignedAttributes {
  readonly signingScheme: SigningScheme
  /** Stated by the signer; scheme `notary.x509`. */
  readonly signingTime?: Date | undefined
  /** Stated by the signing authority; scheme `notary.x509.signingAuthority`. */
  readonly authenticSigningTime?: Date | undefined
  readonly expiry?: Date | undefined
  /** In the order of the envelope. */
  readonly extended: readonly ExtendedAttribute[]
}

/** The unsigned attributes; they decide nothing by themselves. */
export interface UnsignedAttributes {
  readonly signingAgent?: string | undefined
  /** RFC 3161 TimeStampToken, DER. */
  readonly timestamp?: Uint8Array | undefined
}

/** What an envelope says, signed. */
export interface EnvelopeContent {
  readonly payload: Uint8Array
  readonly payloadType: string
  readonly attributes: SignedAttributes
}

/** What an envelope says before anyone checked it. */
export interface UnverifiedEnvelope extends EnvelopeContent {
  readonly mediaType: string
  /** From the protected header; the certificate's key must agree. */
  readonly algorithm: SignatureAlgorithm
  /** The exact bytes that were signed. */
  readonly toBeSigned: Uint8Array
  /** ECDSA as r‖s. */
  readonly signature: Uint8Array
  /** As in the envelope, each DER; neither parsed nor checked. */
  readonly chain: readonly Uint8Array[]
  readonly unsigned: UnsignedAttributes
}

/** A chain that was read before: a format need not decode the same text, or copy the same bytes, again. */
export interface KnownChain {
  /** DER. */
  readonly der: readonly Uint8Array[]
  /** The same in canonical base64. */
  readonly texts: () => readonly string[]
}

/** The reading half of a codec: no keys, no cryptography, no I/O. */
export interface EnvelopeDecoder {
  readonly mediaType: string
  /**
   * The certificates are never views of the bytes, which are the caller's to change, for they may be remembered.
   * @throws INVALID_ENVELOPE for anything but one well-formed envelope
   */
  parse(bytes: Uint8Array, known?: KnownChain): UnverifiedEnvelope
}

/** A signature about to be made: what to sign, and how to finish once it is signed. */
export interface PreparedEnvelope {
  readonly toBeSigned: Uint8Array
  seal(signature: RawSignature<X509Material>, unsigned: UnsignedAttributes): Uint8Array
}

/** A pure two-phase codec: imported, never registered. */
export interface EnvelopeFormat extends EnvelopeDecoder {
  readonly algorithms: readonly Algorithm[]
  prepare(content: EnvelopeContent, algorithm: Algorithm): PreparedEnvelope
}
