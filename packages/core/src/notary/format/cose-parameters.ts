// SPDX-License-Identifier: Apache-2.0
import type { CborLabel, CborValue } from './cbor-value.js'
import { coseLabels, coseMediaType } from './cose-header.js'
import { invalidEnvelope } from './invalid-envelope.js'

type Header = ReadonlyMap<CborLabel, CborValue>

const refuse = (what: string) => invalidEnvelope(coseMediaType, `has ${what}`)

/**
 * Holds the common header parameters (RFC 9052 section 3.1, RFC 9596) to their types, as the reference's library does.
 * Counter signatures are refused: nothing here reads them, and that library refuses those that are malformed.
 */
export function requireParameterTypes(protectedHeader: Header, unprotectedHeader: Header): void {
  requireTypes(protectedHeader)
  requireTypes(unprotectedHeader)
  const vectors = [coseLabels.initializationVector, coseLabels.partialInitializationVector]
  if (vectors.every((label) => protectedHeader.has(label) || unprotectedHeader.has(label)))
    throw refuse('an IV and a partial IV')
}

function requireTypes(header: Header): void {
  for (const [label, value] of header) {
    if (typeof label === 'string') continue
    switch (label) {
      case coseLabels.keyId:
      case coseLabels.initializationVector:
      case coseLabels.partialInitializationVector:
        if (!(value instanceof Uint8Array)) throw refuse(`a parameter ${label} that is not a byte string`)
        break
      case coseLabels.type:
        if (!isContentType(value)) throw refuse('a type that is no media type')
        break
      case coseLabels.counterSignature:
      case coseLabels.counterSignature0:
      case coseLabels.counterSignatureV2:
      case coseLabels.counterSignature0V2:
        throw refuse('a counter signature, which is not supported')
    }
  }
}

function isContentType(value: CborValue): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0
  return typeof value === 'string' && /^(?! )[^/]*\/[^/]*$/.test(value) && !value.endsWith(' ')
}
