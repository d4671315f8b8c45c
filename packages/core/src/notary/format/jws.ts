// SPDX-License-Identifier: Apache-2.0
// The writing half of the JWS codec (signature-envelope-jws).
import { type Algorithm, notaryAlgorithms } from '../../algorithm.js'
import { encodeBase64, encodeBase64Url, encodeText } from '../../bytes.js'
import { attributeNames } from '../attributes.js'
import type { EnvelopeContent, EnvelopeFormat, PreparedEnvelope } from '../envelope.js'
import { encodeDateTime } from './date-time.js'
import { encodeJson } from './encode-json.js'
import { jwsDecoder } from './jws-decoder.js'
import { mayBeCriticalInJws, protectedNames, unprotectedNames } from './jws-header.js'
import { refuseExtended, requireSignable } from './signable.js'

/**
 * JWS envelopes, `application/jose+json`: reads what {@link jwsDecoder} reads, and writes what Notation reads.
 *
 * `prepare` writes the protected header with its members sorted; extended attributes are JSON values under text names.
 * Neither holds the payload, the chain or the signature to anything but their form: signing verifies its own result.
 */
// Not a spread, which a bundler must keep even where nobody imports this.
export const jws: EnvelopeFormat = /* @__PURE__ */ Object.assign({ algorithms: notaryAlgorithms, prepare }, jwsDecoder)

function prepare(content: EnvelopeContent, algorithm: Algorithm): PreparedEnvelope {
  const critical = requireSignable(content, algorithm, mayBeCriticalInJws)
  const protectedHeader = encodeBase64Url(encodeText(encodeProtected(content, algorithm, critical)))
  const payload = encodeBase64Url(content.payload)
  return {
    toBeSigned: encodeText(`${protectedHeader}.${payload}`),
    seal({ signature, material }, { signingAgent, timestamp }) {
      const header = {
        ...(timestamp && { [attributeNames.timestampSignature]: encodeBase64(timestamp) }),
        x5c: material.chain.map(encodeBase64),
        ...(signingAgent !== undefined && { [attributeNames.signingAgent]: signingAgent }),
      }
      return encodeText(
        JSON.stringify({ payload, protected: protectedHeader, header, signature: encodeBase64Url(signature) }),
      )
    },
  }
}

function encodeProtected(
  { payloadType, attributes }: EnvelopeContent,
  { scheme, hash }: Algorithm,
  critical: readonly (string | number)[],
): string {
  // A Map, because an object would take `__proto__` for something else than a name.
  const members = new Map<string, string>([
    ['alg', JSON.stringify(`${scheme === 'ECDSA' ? 'ES' : 'PS'}${hash.slice(3)}`)],
    ['crit', JSON.stringify(critical)],
    ['cty', JSON.stringify(payloadType)],
    [attributeNames.signingScheme, JSON.stringify(attributes.signingScheme)],
  ])
  for (const name of ['signingTime', 'authenticSigningTime', 'expiry'] as const) {
    const time = attributes[name]
    if (time) members.set(attributeNames[name], JSON.stringify(encodeDateTime(time)))
  }
  const taken = [...protectedNames, ...unprotectedNames, 'b64'].map((name) => name.toLowerCase())
  for (const { key, value } of attributes.extended) {
    if (typeof key !== 'string') throw refuseExtended(key, 'has a number as its name, which only COSE knows')
    if (taken.includes(key.toLowerCase())) throw refuseExtended(key, 'has a name that is taken')
    members.set(
      key,
      encodeJson(value, (why) => refuseExtended(key, why)),
    )
  }
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}
