// SPDX-License-Identifier: Apache-2.0
// The reading half of the JWS codec (signature-envelope-jws): the flattened JSON serialisation and nothing else.
import { decodeBase64, decodeBase64Url, decodeText, encodeText } from '../../bytes.js'
import type { SignatureAlgorithm } from '../../crypto/platform.js'
import { printable } from '../../errors.js'
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject, requireExactNames } from '../../json.js'
import { attributeNames, attributesProblem, criticalProblem, maxCritical } from '../attributes.js'
import {
  type EnvelopeDecoder,
  type ExtendedAttribute,
  type KnownChain,
  payloadMediaType,
  type SignedAttributes,
  type SigningScheme,
  type UnsignedAttributes,
  type UnverifiedEnvelope,
} from '../envelope.js'
import { readDateTime } from './date-time.js'
import { decodeEnvelope, invalidEnvelope, requireChainLimits } from './invalid-envelope.js'
import { jwsMediaType, mayBeCriticalInJws, protectedNames } from './jws-header.js'
import { splitEnvelope, splitProtected } from './split-jws.js'

const algorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  ES256: { scheme: 'ECDSA', hash: 'sha256' },
  ES384: { scheme: 'ECDSA', hash: 'sha384' },
  ES512: { scheme: 'ECDSA', hash: 'sha512' },
  PS256: { scheme: 'RSASSA-PSS', hash: 'sha256' },
  PS384: { scheme: 'RSASSA-PSS', hash: 'sha384' },
  PS512: { scheme: 'RSASSA-PSS', hash: 'sha512' },
}

const refuse = (why: string) => invalidEnvelope(jwsMediaType, why)

/**
 * Reads JWS envelopes, `application/jose+json`: no keys, no cryptography, no I/O.
 *
 * Accepts one flattened JSON object in one meaning: exact names, no duplicates, canonical base64 and base64url, one of
 * the six algorithms. Nothing of it is verified; unprotected headers that would decide something are refused.
 */
export const jwsDecoder: EnvelopeDecoder = {
  mediaType: jwsMediaType,
  parse: (bytes, known) => decodeEnvelope(jwsMediaType, bytes, (input) => decodeJws(input, known)),
}

function decodeJws(bytes: Uint8Array, known?: KnownChain): UnverifiedEnvelope {
  const text = decodeText(bytes, 'the envelope')
  const envelope = splitEnvelope(text) ?? parseJsonObject(text, { what: 'the envelope' })
  for (const name in envelope)
    if (name !== 'payload' && name !== 'protected' && name !== 'header' && name !== 'signature')
      throw refuse(`has the member "${printable(name)}", which the flattened serialisation does not know`)
  const { payload, protected: encodedHeader, header: unprotectedHeader, signature } = envelope
  if (typeof payload !== 'string' || typeof encodedHeader !== 'string' || typeof signature !== 'string')
    throw refuse('lacks its payload, protected header or signature as text')
  if (!isJsonObject(unprotectedHeader)) throw refuse('has no unprotected header')
  const protectedHeader = readProtected(decodeBase64Url(encodedHeader, 'the protected header'))
  const { alg, cty } = protectedHeader
  if (typeof alg !== 'string' || !Object.hasOwn(algorithms, alg)) throw refuse('has no algorithm that fits')
  if (cty !== payloadMediaType) throw refuse('has content of another type')
  const signatureBytes = decodeBase64Url(signature, 'the signature')
  if (signatureBytes.length === 0) throw refuse('is empty')
  const { chain, unsigned } = readUnprotected(unprotectedHeader, protectedHeader, known)
  return {
    mediaType: jwsMediaType,
    payload: decodePayload(payload),
    payloadType: cty,
    attributes: readAttributes(protectedHeader),
    algorithm: algorithms[alg]!,
    toBeSigned: encodeText(`${encodedHeader}.${payload}`),
    signature: signatureBytes,
    chain,
    unsigned,
  }
}

function readProtected(bytes: Uint8Array): JsonObject {
  const what = 'the protected header'
  const text = decodeText(bytes, what)
  const split = splitProtected(text)
  if (split) return split
  const header = parseJsonObject(text, { what })
  requireExactNames(header, protectedNames, what)
  return header
}

function decodePayload(encoded: string): Uint8Array {
  const payload = decodeBase64Url(encoded, 'the payload')
  // The reference reads the payload as claims before it verifies: an object or null, or there is no signature at all.
  let start = 0
  while (isWhiteSpace(payload[start])) start++
  if (payload[start] !== 0x7b && payload[start] !== 0x6e) throw refuse('has a payload that is not a JSON object')
  return payload
}

const isWhiteSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

function readAttributes(header: JsonObject): SignedAttributes {
  const critical = readCritical(header.crit)
  const extended: ExtendedAttribute[] = []
  for (const key in header) {
    // RFC 7797: it would change what the signature is over, also where nobody marks it critical.
    if (key === 'b64') throw refuse('has a b64 header')
    if (!protectedNames.includes(key)) extended.push({ key, value: header[key], critical: critical.includes(key) })
  }
  const attributes: SignedAttributes = {
    signingScheme: header[attributeNames.signingScheme] as SigningScheme,
    signingTime: readTime(header, attributeNames.signingTime),
    authenticSigningTime: readTime(header, attributeNames.authenticSigningTime),
    expiry: readTime(header, attributeNames.expiry),
    extended,
  }
  const problem = attributesProblem(attributes) ?? criticalProblem(attributes, critical, mayBeCriticalInJws)
  if (problem) throw refuse(problem)
  return attributes
}

function readCritical(critical: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(critical) || critical.length > maxCritical) throw refuse('has no list of critical headers')
  for (const name of critical) if (typeof name !== 'string') throw refuse('has a critical header that is not text')
  return critical as readonly string[]
}

function readTime(header: JsonObject, name: string): Date | undefined {
  if (!Object.hasOwn(header, name)) return
  const text = header[name]
  const time = typeof text === 'string' ? readDateTime(text) : undefined
  if (!time) throw refuse(`has a ${name} that is not an RFC 3339 date-time`)
  // The others are cut down, which only makes a signature older and its expiry earlier; this one decides trust.
  if (time.hasFraction && name === attributeNames.authenticSigningTime)
    throw refuse(`has a ${name} with a fraction of a second`)
  return new Date(time.milliseconds)
}

function readUnprotected(
  header: JsonObject,
  protectedHeader: JsonObject,
  known: KnownChain | undefined,
): { readonly chain: readonly Uint8Array[]; readonly unsigned: UnsignedAttributes } {
  // notation-go has envelopes with "io.cncf.notary.SigningAgent"; the agent decides nothing, so it may be written in any case.
  requireExactNames(header, ['x5c', attributeNames.timestampSignature], 'the unprotected header')
  for (const name in header)
    if (Object.hasOwn(protectedHeader, name) || protectedNames.includes(name) || name === 'b64')
      throw refuse(`has an unprotected "${printable(name)}", which has to be protected`)
  const { x5c } = header
  if (!Array.isArray(x5c)) throw refuse('has no certificate chain')
  const chain: Uint8Array[] = []
  const texts = known?.texts()
  for (const [position, certificate] of x5c.entries()) {
    if (typeof certificate !== 'string') throw refuse('has a certificate that is not text')
    const read = texts?.[position] === certificate ? known?.der[position] : undefined
    chain.push(read ?? decodeBase64(certificate, 'a certificate'))
  }
  requireChainLimits(jwsMediaType, chain)
  const signingAgent = header[attributeNames.signingAgent]
  if (signingAgent !== undefined && typeof signingAgent !== 'string')
    throw refuse('has a signing agent that is not text')
  const token = header[attributeNames.timestampSignature]
  if (token !== undefined && typeof token !== 'string') throw refuse('has a timestamp that is not text')
  return { chain, unsigned: { signingAgent, timestamp: token ? decodeBase64(token, 'the timestamp') : undefined } }
}
