// SPDX-License-Identifier: Apache-2.0

import { encodeHex } from '../bytes.js'
import { isOcisignError } from '../errors.js'
import { parseCertificate } from '../x509/certificate.js'
import { formatName } from '../x509/name.js'
import type { UnverifiedEnvelope } from './envelope.js'
import { parsePayload } from './payload.js'

/** What an envelope claims, as plain data for people and JSON; times are RFC 3339. */
export interface UnverifiedDescription {
  readonly mediaType: string
  readonly algorithm: string
  readonly signedAttributes: Readonly<Record<string, unknown>>
  readonly unsignedAttributes: Readonly<Record<string, unknown>>
  readonly target: unknown
  readonly certificates: readonly Readonly<Record<string, string>>[]
}

/**
 * Describes what an envelope says, for people to look at. Nothing of it is verified.
 *
 * Names and values are as they stand there, with whatever a terminal may obey: pass them through `printable`.
 */
export function describeUnverifiedEnvelope(envelope: UnverifiedEnvelope): UnverifiedDescription {
  const { attributes, unsigned, algorithm } = envelope
  return {
    mediaType: envelope.mediaType,
    algorithm: `${algorithm.scheme} with ${algorithm.hash}`,
    signedAttributes: {
      // First, so that none of them takes the place of one that the specification names.
      ...Object.fromEntries(attributes.extended.map(({ key, value }) => [String(key), describeValue(value)])),
      signingScheme: attributes.signingScheme,
      ...(attributes.signingTime && { signingTime: attributes.signingTime.toISOString() }),
      ...(attributes.authenticSigningTime && { authenticSigningTime: attributes.authenticSigningTime.toISOString() }),
      ...(attributes.expiry && { expiry: attributes.expiry.toISOString() }),
    },
    unsignedAttributes: {
      ...(unsigned.signingAgent !== undefined && { signingAgent: unsigned.signingAgent }),
      ...(unsigned.timestamp && { timestamp: `${unsigned.timestamp.length} bytes` }),
    },
    target: readOrExplain(() => parsePayload(envelope.payload)),
    certificates: envelope.chain.map(describeCertificate),
  }
}

function describeCertificate(der: Uint8Array): Readonly<Record<string, string>> {
  const described = readOrExplain(() => {
    const certificate = parseCertificate(der)
    return {
      subject: formatName(certificate.subject),
      issuer: formatName(certificate.issuer),
      serialNumber: encodeHex(certificate.serialNumber),
      notBefore: new Date(certificate.notBefore).toISOString(),
      notAfter: new Date(certificate.notAfter).toISOString(),
    }
  })
  return typeof described === 'string' ? { unreadable: described } : described
}

function readOrExplain<T>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    if (!isOcisignError(error)) throw error
    return `${error.message} [${error.code}]`
  }
}

/** CBOR says more than JSON can. */
function describeValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'bigint' || value === undefined) return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value)) return value.map(describeValue)
  if (typeof value !== 'object' || value === null) return value
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(entries.map(([key, member]) => [String(key), describeValue(member)]))
}
