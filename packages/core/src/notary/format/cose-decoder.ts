// SPDX-License-Identifier: Apache-2.0
// The reading half of the COSE codec (signature-envelope-cose): COSE_Sign1_Tagged and nothing else.
import { copyBytes, equalBytes } from '../../bytes.js'
import type { SignatureAlgorithm } from '../../crypto/platform.js'
import { attributeNames, attributesProblem, criticalProblem, maxCritical } from '../attributes.js'
import {
  type EnvelopeDecoder,
  type ExtendedAttribute,
  type KnownChain,
  payloadMediaType,
  type SignedAttributes,
  type SigningScheme,
  type UnverifiedEnvelope,
} from '../envelope.js'
import { createCborReader, readBytes, readEntries, requireEnd } from './cbor-reader.js'
import { type CborLabel, type CborValue, isCborTag } from './cbor-value.js'
import {
  coseLabels,
  coseMediaType,
  coseSign1Head,
  encodeSigStructure,
  isSpecifiedLabel,
  mayBeCriticalInCose,
} from './cose-header.js'
import { requireParameterTypes } from './cose-parameters.js'
import { decodeEnvelope, invalidEnvelope, requireChainLimits } from './invalid-envelope.js'

type Header = ReadonlyMap<CborLabel, CborValue>

const refuse = (why: string) => invalidEnvelope(coseMediaType, why)

function algorithmOf(value: CborValue): SignatureAlgorithm {
  switch (value) {
    case -7:
      return { scheme: 'ECDSA', hash: 'sha256' }
    case -35:
      return { scheme: 'ECDSA', hash: 'sha384' }
    case -36:
      return { scheme: 'ECDSA', hash: 'sha512' }
    case -37:
      return { scheme: 'RSASSA-PSS', hash: 'sha256' }
    case -38:
      return { scheme: 'RSASSA-PSS', hash: 'sha384' }
    case -39:
      return { scheme: 'RSASSA-PSS', hash: 'sha512' }
    default:
      throw refuse('has no algorithm that fits')
  }
}

/** Texts that nearly every envelope has, so that they need no decoding. */
const knownTexts: readonly string[] = /* @__PURE__ */ (() => [
  attributeNames.signingScheme,
  attributeNames.signingTime,
  attributeNames.authenticSigningTime,
  attributeNames.expiry,
  attributeNames.signingAgent,
  attributeNames.timestampSignature,
  payloadMediaType,
  'notary.x509',
  'notary.x509.signingAuthority',
])()

/**
 * Reads COSE envelopes, `application/cose`: no keys, no cryptography, no I/O.
 *
 * Accepts one COSE_Sign1 under tag 18 and nothing after it: definite lengths, no duplicate label, valid UTF-8, one of
 * the six algorithms. Order and longer heads than needed are left as they are, for the signature covers them. Nothing
 * of it is verified; unprotected parameters that would decide something are refused.
 */
export const coseDecoder: EnvelopeDecoder = {
  mediaType: coseMediaType,
  parse: (bytes, known) => decodeEnvelope(coseMediaType, bytes, (input) => decodeCose(input, known)),
}

function decodeCose(input: Uint8Array, known?: KnownChain): UnverifiedEnvelope {
  if (input[0] !== coseSign1Head[0] || input[1] !== coseSign1Head[1]) throw refuse('is no tagged COSE_Sign1')
  const reader = createCborReader(input)
  reader.offset = coseSign1Head.length
  const protectedBytes = readBytes(reader)
  const unprotectedHeader = readEntries(reader, 2, knownTexts)
  const payload = readBytes(reader)
  const signature = readBytes(reader)
  requireEnd(reader)
  if (payload.length === 0) throw refuse('has no payload')
  if (signature.length === 0) throw refuse('is empty')
  const protectedReader = createCborReader(protectedBytes)
  const protectedHeader = readEntries(protectedReader, 1, knownTexts)
  requireEnd(protectedReader)
  requireParameterTypes(protectedHeader, unprotectedHeader)
  const payloadType = protectedHeader.get(coseLabels.contentType)
  if (payloadType !== payloadMediaType) throw refuse('has content of another type')
  requireUnprotected(unprotectedHeader, protectedHeader)
  const signingAgent = unprotectedHeader.get(attributeNames.signingAgent)
  const timestamp = unprotectedHeader.get(attributeNames.timestampSignature)
  const toBeSigned = encodeSigStructure(protectedBytes, payload)
  return {
    mediaType: coseMediaType,
    // It ends with a copy of the payload, and one copy is enough.
    payload: toBeSigned.subarray(-payload.length),
    payloadType,
    attributes: readAttributes(protectedHeader),
    algorithm: algorithmOf(protectedHeader.get(coseLabels.algorithm)),
    toBeSigned,
    signature: copyBytes(signature),
    chain: readChain(unprotectedHeader.get(coseLabels.certificateChain), known),
    // Of another type they are none, as in the reference: an agent never fails a verification, a timestamp is missing.
    unsigned: {
      signingAgent: typeof signingAgent === 'string' ? signingAgent : undefined,
      timestamp: timestamp instanceof Uint8Array && timestamp.length > 0 ? copyBytes(timestamp) : undefined,
    },
  }
}

function readAttributes(header: Header): SignedAttributes {
  const critical = header.get(coseLabels.critical)
  if (!Array.isArray(critical) || critical.length > maxCritical) throw refuse('has no list of critical headers')
  for (const label of critical)
    if (typeof label !== 'string' && typeof label !== 'number') throw refuse('has a critical header that is no label')
  const extended: ExtendedAttribute[] = []
  for (const [key, value] of header)
    if (!isSpecifiedLabel(key)) extended.push({ key, value, critical: critical.includes(key) })
  const attributes: SignedAttributes = {
    signingScheme: header.get(attributeNames.signingScheme) as SigningScheme,
    signingTime: readTime(header, attributeNames.signingTime),
    authenticSigningTime: readTime(header, attributeNames.authenticSigningTime),
    expiry: readTime(header, attributeNames.expiry),
    extended,
  }
  const problem = attributesProblem(attributes) ?? criticalProblem(attributes, critical, mayBeCriticalInCose)
  if (problem) throw refuse(problem)
  return attributes
}

function readTime(header: Header, name: string): Date | undefined {
  const time = header.get(name)
  if (time === undefined && !header.has(name)) return
  if (!isCborTag(time) || time.cborTag !== 1 || typeof time.value !== 'number')
    throw refuse(`has a ${name} that is not a time since 1970`)
  const seconds = Math.floor(time.value)
  // The others are cut down, which only makes a signature older and its expiry earlier; this one decides trust.
  if (seconds !== time.value && name === attributeNames.authenticSigningTime)
    throw refuse(`has a ${name} with a fraction of a second`)
  return new Date(seconds * 1000)
}

/** RFC 9052 section 3: what decides something is protected, and no label is in both headers. */
function requireUnprotected(unprotectedHeader: Header, protectedHeader: Header): void {
  for (const [label, value] of unprotectedHeader) {
    if (isSpecifiedLabel(label)) throw refuse(`has an unprotected ${label}, which has to be protected`)
    // The specification lets the chain be protected as well; then there is one chain.
    if (protectedHeader.has(label) && !isSameChain(value, protectedHeader.get(label)))
      throw refuse('has a parameter in both headers')
  }
}

function isSameChain(a: CborValue, b: CborValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((each: CborValue, index) => {
    const other: CborValue = b[index]
    return each instanceof Uint8Array && other instanceof Uint8Array && equalBytes(each, other)
  })
}

/** Only the array form of RFC 9360, and only unprotected: the reference knows no other. */
function readChain(certificates: CborValue, known: KnownChain | undefined): readonly Uint8Array[] {
  if (!Array.isArray(certificates)) throw refuse('has no certificate chain')
  const chain = certificates.map((certificate: CborValue, position) => {
    if (!(certificate instanceof Uint8Array)) throw refuse('has a certificate that is not a byte string')
    const read = known?.der[position]
    return read && equalBytes(read, certificate) ? read : copyBytes(certificate)
  })
  requireChainLimits(coseMediaType, chain)
  return chain
}
