// SPDX-License-Identifier: Apache-2.0
// What the two halves of the COSE codec share (signature-envelope-cose; RFC 9052, RFC 9053, RFC 9360).
import { allocateBytes } from '../../bytes.js'
import { attributeNames } from '../attributes.js'

export const coseMediaType = 'application/cose'

/** Labels of header parameters that are whole numbers. */
export const coseLabels = {
  algorithm: 1,
  critical: 2,
  contentType: 3,
  keyId: 4,
  initializationVector: 5,
  partialInitializationVector: 6,
  counterSignature: 7,
  counterSignature0: 9,
  counterSignatureV2: 11,
  counterSignature0V2: 12,
  type: 16,
  certificateChain: 33,
} as const

/** Tells whether the specification itself signs what is under this label. */
export function isSpecifiedLabel(label: string | number): boolean {
  return (
    label === coseLabels.algorithm ||
    label === coseLabels.critical ||
    label === coseLabels.contentType ||
    label === attributeNames.signingScheme ||
    label === attributeNames.signingTime ||
    label === attributeNames.authenticSigningTime ||
    label === attributeNames.expiry
  )
}

/** Tells whether an extended attribute cannot be signed under this label: a common parameter, or an unsigned one. */
export function isReservedLabel(label: string | number): boolean {
  return typeof label === 'number'
    ? (label >= 0 && label <= 16) || label === coseLabels.certificateChain
    : isSpecifiedLabel(label) || label === attributeNames.signingAgent || label === attributeNames.timestampSignature
}

/** Tells whether an extended attribute under this label may be critical: those of RFC 9052 go without saying. */
export function mayBeCriticalInCose(label: string | number): boolean {
  return typeof label === 'string' || label < 0 || label > 8
}

/** Tag 18 on an array of four (RFC 9052 section 4.2). */
export const coseSign1Head = [0xd2, 0x84] as const

/** An array of four, whose first item is the text "Signature1". */
const sigStructureHead: readonly number[] = [0x84, 0x6a, 0x53, 0x69, 0x67, 0x6e, 0x61, 0x74, 0x75, 0x72, 0x65, 0x31]

/**
 * Writes the Sig_structure (RFC 9052 section 4.4) over the serialised protected header and the payload.
 * Both come as they are in the envelope; only the lengths before them are written anew, and shortest.
 */
export function encodeSigStructure(protectedHeader: Uint8Array, payload: Uint8Array): Uint8Array {
  const headLength = sigStructureHead.length
  const bytes = allocateBytes(headLength + lengthOf(protectedHeader) + 1 + lengthOf(payload))
  for (let index = 0; index < headLength; index++) bytes[index] = sigStructureHead[index]!
  let offset = writeByteString(bytes, headLength, protectedHeader)
  // No external data: a byte string without bytes.
  bytes[offset++] = 0x40
  writeByteString(bytes, offset, payload)
  return bytes
}

/** The length of a byte string of less than 2^32 bytes with its head. */
function lengthOf({ length }: Uint8Array): number {
  return length + (length < 24 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5)
}

/** Writes a byte string, and gives the offset after it. */
function writeByteString(target: Uint8Array, start: number, bytes: Uint8Array): number {
  const { length } = bytes
  const headLength = lengthOf(bytes) - length
  target[start] = headLength === 1 ? 0x40 | length : headLength === 2 ? 0x58 : headLength === 3 ? 0x59 : 0x5a
  for (let index = 1; index < headLength; index++) target[start + index] = length >>> (8 * (headLength - 1 - index))
  target.set(bytes, start + headLength)
  return start + headLength + length
}
