// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError } from '../../errors.js'
import { limits } from '../../limits.js'
import type { UnverifiedEnvelope } from '../envelope.js'

/** The error for an envelope that is none; `why` ends the sentence "the signature …". */
export function invalidEnvelope(mediaType: string, why: string, cause?: unknown): OcisignError {
  return new OcisignError(
    'INVALID_ENVELOPE',
    `the ${mediaType} signature ${why}`,
    { mediaType },
    cause === undefined ? undefined : { cause },
  )
}

/** Runs a decoder, within the limit, so that whatever it finds wrong is wrong with the envelope. */
export function decodeEnvelope(
  mediaType: string,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => UnverifiedEnvelope,
): UnverifiedEnvelope {
  if (bytes.length > limits.envelopeBytes)
    throw invalidEnvelope(mediaType, `is larger than ${limits.envelopeBytes} bytes`)
  try {
    return decode(bytes)
  } catch (cause) {
    if (!isOcisignError(cause) || cause.code === 'INVALID_ENVELOPE') throw cause
    throw invalidEnvelope(mediaType, `is malformed: ${cause.message}`, cause)
  }
}

/** Holds a chain to its limits; the certificates themselves are read later. */
export function requireChainLimits(mediaType: string, chain: readonly Uint8Array[]): void {
  if (chain.length === 0) throw invalidEnvelope(mediaType, 'has no certificate chain')
  if (chain.length > limits.chainCertificates)
    throw invalidEnvelope(mediaType, `has a chain of more than ${limits.chainCertificates} certificates`)
  for (const { length } of chain)
    if (length === 0 || length > limits.certificateBytes)
      throw invalidEnvelope(
        mediaType,
        `has a certificate that is empty or larger than ${limits.certificateBytes} bytes`,
      )
}
