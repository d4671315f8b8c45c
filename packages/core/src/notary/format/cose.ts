// SPDX-License-Identifier: Apache-2.0
// The writing half of the COSE codec (signature-envelope-cose).
import { type Algorithm, notaryAlgorithms } from '../../algorithm.js'
import { concatBytes } from '../../bytes.js'
import { attributeNames } from '../attributes.js'
import type { EnvelopeContent, EnvelopeFormat, PreparedEnvelope } from '../envelope.js'
import type { CborLabel } from './cbor-value.js'
import { encodeByteString, encodeItem, encodeMap } from './cbor-writer.js'
import { coseDecoder } from './cose-decoder.js'
import { coseLabels, coseSign1Head, encodeSigStructure, isReservedLabel, mayBeCriticalInCose } from './cose-header.js'
import { refuseExtended, requireSignable } from './signable.js'

/**
 * COSE envelopes, `application/cose`: reads what {@link coseDecoder} reads, and writes what Notation reads.
 *
 * `prepare` writes the core deterministic encoding (RFC 8949 section 4.2.1); extended attributes are CBOR values under
 * text or whole numbers. Neither holds the payload, the chain or the signature to anything but their form: signing
 * verifies its own result.
 */
// Not a spread, which a bundler must keep even where nobody imports this.
export const cose: EnvelopeFormat = /* @__PURE__ */ Object.assign(
  { algorithms: notaryAlgorithms, prepare },
  coseDecoder,
)

function prepare(content: EnvelopeContent, algorithm: Algorithm): PreparedEnvelope {
  const critical = requireSignable(content, algorithm, mayBeCriticalInCose)
  const protectedHeader = encodeProtected(content, algorithm, critical)
  // A copy: what is sealed is what was signed, whatever the caller does with his bytes in between.
  const payload = content.payload.slice()
  return {
    toBeSigned: encodeSigStructure(protectedHeader, payload),
    seal({ signature, material }, { signingAgent, timestamp }) {
      const header: [CborLabel, Uint8Array][] = [[coseLabels.certificateChain, encodeItem(material.chain)]]
      if (signingAgent !== undefined) header.push([attributeNames.signingAgent, encodeItem(signingAgent)])
      if (timestamp) header.push([attributeNames.timestampSignature, encodeByteString(timestamp)])
      return concatBytes(
        Uint8Array.from(coseSign1Head),
        encodeByteString(protectedHeader),
        encodeMap(header),
        encodeByteString(payload),
        encodeByteString(signature),
      )
    },
  }
}

function encodeProtected(
  { payloadType, attributes }: EnvelopeContent,
  algorithm: Algorithm,
  critical: readonly (string | number)[],
): Uint8Array {
  const header: [CborLabel, Uint8Array][] = [
    [coseLabels.algorithm, encodeItem(algorithmNumber(algorithm))],
    [coseLabels.critical, encodeItem(critical)],
    [coseLabels.contentType, encodeItem(payloadType)],
    [attributeNames.signingScheme, encodeItem(attributes.signingScheme)],
  ]
  for (const name of ['signingTime', 'authenticSigningTime', 'expiry'] as const) {
    const time = attributes[name]
    if (time) header.push([attributeNames[name], encodeItem({ cborTag: 1, value: time.getTime() / 1000 })])
  }
  for (const { key, value } of attributes.extended) {
    if (isReservedLabel(key)) throw refuseExtended(key, 'has a label that is taken')
    header.push([key, encodeItem(value)])
  }
  return encodeMap(header)
}

/** RFC 9053 section 2.1, RFC 8230 section 2. */
function algorithmNumber({ scheme, hash }: Algorithm): number {
  const [es, ps] = { sha256: [-7, -37], sha384: [-35, -38], sha512: [-36, -39] }[hash] as [number, number]
  return scheme === 'ECDSA' ? es : ps
}
