// SPDX-License-Identifier: Apache-2.0
// The reading half of the JWS codec (signature-envelope-jws): the flattened JSON serialisation and nothing else.
import { decodeBase64, decodeBase64Url, decodeCharacters, encodeText } from '../../bytes.js'
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
import { type JwsEnvelope, type JwsProtected, type JwsUnprotected, splitEnvelope, splitProtected } from './split-jws.js'

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
  const envelope = readEnvelope(bytes)
  const { payload, protected: encodedHeader, signature, header } = envelope
  if (typeof payload !== 'string' || typeof encodedHeader !== 'string' || typeof signature !== 'string')
    throw refuse('lacks its payload, protected header or signature as text')
  if (!header) throw refuse('has no unprotected header')
  const protectedHeader = readProtected(decodeBase64Url(encodedHeader, 'the protected header'))
  const { alg, cty } = protectedHeader
  if (typeof alg !== 'string' || !Object.hasOwn(algorithms, alg)) throw refuse('has no algorithm that fits')
  if (cty !== payloadMediaType) throw refuse('has content of another type')
  const signatureBytes = decodeBase64Url(signature, 'the signature')
  if (signatureBytes.length === 0) throw refuse('is empty')
  requireUnprotected(header, protectedHeader)
  return {
    mediaType: jwsMediaType,
    payload: decodePayload(payload),
    payloadType: cty,
    attributes: readAttributes(protectedHeader),
    algorithm: algorithms[alg]!,
    toBeSigned: encodeText(`${encodedHeader}.${payload}`),
    signature: signatureBytes,
    chain: readChain(header.x5c, known),
    unsigned: readUnsigned(header),
  }
}

function readEnvelope(bytes: Uint8Array): JwsEnvelope {
  const what = 'the envelope'
  const split = splitEnvelope(decodeCharacters(bytes))
  if (split) return split
  const envelope = parseJsonObject(bytes, { what })
  for (const name in envelope)
    if (name !== 'payload' && name !== 'protected' && name !== 'header' && name !== 'signature')
      throw refuse(`has the member "${printable(name)}", which the flattened serialisation does not know`)
  const { payload, protected: encodedHeader, signature, header } = envelope
  return {
    payload,
    protected: encodedHeader,
    signature,
    header: isJsonObject(header) ? unprotected(header) : undefined,
  }
}

function unprotected(header: JsonObject): JwsUnprotected {
  // notation-go has envelopes with "io.cncf.notary.SigningAgent"; the agent decides nothing, so it may be written in any case.
  requireExactNames(header, ['x5c', attributeNames.timestampSignature], 'the unprotected header')
  return {
    x5c: header.x5c,
    signingAgent: header[attributeNames.signingAgent],
    timestamp: header[attributeNames.timestampSignature],
    names: Object.keys(header),
  }
}

function readProtected(bytes: Uint8Array): JwsProtected {
  const what = 'the protected header'
  const split = splitProtected(decodeCharacters(bytes))
  if (split) return split
  const header = parseJsonObject(bytes, { what })
  requireExactNames(header, protectedNames, what)
  // RFC 7797: it would change what the signature is over, also where nobody marks it critical.
  if (Object.hasOwn(header, 'b64')) throw refuse('has a b64 header')
  return {
    alg: header.alg,
    cty: header.cty,
    crit: header.crit,
    signingScheme: header[attributeNames.signingScheme],
    signingTime: header[attributeNames.signingTime],
    authenticSigningTime: header[attributeNames.authenticSigningTime],
    expiry: header[attributeNames.expiry],
    extended: Object.fromEntries(Object.entries(header).filter(([name]) => !protectedNames.includes(name))),
  }
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

function readAttributes(header: JwsProtected): SignedAttributes {
  const critical = readCritical(header.crit)
  const extended: ExtendedAttribute[] = []
  for (const key in header.extended)
    extended.push({ key, value: header.extended[key], critical: critical.includes(key) })
  const attributes: SignedAttributes = {
    signingScheme: header.signingScheme as SigningScheme,
    signingTime: readTime(header, 'signingTime'),
    authenticSigningTime: readTime(header, 'authenticSigningTime'),
    expiry: readTime(header, 'expiry'),
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

function readTime(header: JwsProtected, name: 'signingTime' | 'authenticSigningTime' | 'expiry'): Date | undefined {
  const text = header[name]
  if (text === undefined) return
  const time = typeof text === 'string' ? readDateTime(text) : undefined
  if (!time) throw refuse(`has a ${attributeNames[name]} that is not an RFC 3339 date-time`)
  // The others are cut down, which only makes a signature older and its expiry earlier; this one decides trust.
  if (time.hasFraction && name === 'authenticSigningTime')
    throw refuse(`has a ${attributeNames[name]} with a fraction of a second`)
  return new Date(time.milliseconds)
}

function requireUnprotected({ names }: JwsUnprotected, { extended }: JwsProtected): void {
  for (const name of names)
    if (Object.hasOwn(extended, name) || protectedNames.includes(name) || name === 'b64')
      throw refuse(`has an unprotected "${printable(name)}", which has to be protected`)
}

function readChain(x5c: JsonValue | undefined, known: KnownChain | undefined): readonly Uint8Array[] {
  if (!Array.isArray(x5c)) throw refuse('has no certificate chain')
  const chain: Uint8Array[] = []
  const texts = known?.texts()
  for (let position = 0; position < x5c.length; position++) {
    const certificate: JsonValue = x5c[position]
    if (typeof certificate !== 'string') throw refuse('has a certificate that is not text')
    const read = texts?.[position] === certificate ? known?.der[position] : undefined
    chain.push(read ?? decodeBase64(certificate, 'a certificate'))
  }
  requireChainLimits(jwsMediaType, chain)
  return chain
}

function readUnsigned({ signingAgent, timestamp: token }: JwsUnprotected): UnsignedAttributes {
  if (signingAgent !== undefined && typeof signingAgent !== 'string')
    throw refuse('has a signing agent that is not text')
  if (token !== undefined && typeof token !== 'string') throw refuse('has a timestamp that is not text')
  return { signingAgent, timestamp: token ? decodeBase64(token, 'the timestamp') : undefined }
}
