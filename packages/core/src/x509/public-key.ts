// SPDX-License-Identifier: Apache-2.0
// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
import type { PublicKey } from '../crypto/platform.js'
import { OcisignError } from '../errors.js'
import { curves, isPoint } from './curve.js'
import {
  createDerReader,
  type DerReader,
  enter,
  finish,
  leave,
  peekTag,
  readBitString,
  readContent,
  readOid,
  readUnsigned,
  skipParameters,
  tags,
} from './der.js'
import { oids, unsupportedNames } from './oid.js'

/** Something well-formed that nothing here can verify with; whoever wants to use it refuses, naming it. */
export interface Unsupported {
  readonly unsupported: string
}

/** What OpenSSL verifies with at most. */
const maxModulusBits = 16_384

const invalid = (why: string) => new OcisignError('INVALID_CERTIFICATE', `the public key ${why}`, {})

/**
 * Reads a SubjectPublicKeyInfo.
 *
 * A point is on its curve, an RSA key has an odd modulus and exponent.
 * @throws INVALID_DER | INVALID_CERTIFICATE for what Go refuses, too: explicit curve parameters,
 *   unknown curves, compressed points
 */
export function parsePublicKey(spki: Uint8Array): PublicKey | Unsupported {
  const reader = createDerReader(spki)
  const key = readPublicKey(reader)
  finish(reader)
  return key
}

/** As {@link parsePublicKey}, in the middle of something. */
export function readPublicKey(reader: DerReader): PublicKey | Unsupported {
  const start = reader.position
  const outer = enter(reader, tags.sequence)
  const outerAlgorithm = enter(reader, tags.sequence)
  const oid = readOid(reader)
  if (oid === oids.ecPublicKey) {
    if (peekTag(reader) !== tags.oid) throw invalid('does not name its curve; explicit curve parameters are refused')
    const curve = readOid(reader)
    leave(reader, outerAlgorithm)
    const point = readBitString(reader)
    leave(reader, outer)
    return ecKey(curve, point, reader.bytes.subarray(start, reader.position))
  }
  if (oid === oids.rsaEncryption) {
    if (readContent(reader, tags.null).length !== 0) throw invalid('has malformed parameters')
    leave(reader, outerAlgorithm)
    const key = readRsaKey(reader)
    leave(reader, outer)
    return rsaKey(key, reader.bytes.subarray(start, reader.position))
  }
  const parameters = reader.bytes.subarray(reader.position, reader.limit)
  reader.position = reader.limit
  leave(reader, outerAlgorithm)
  checkUnsupported(oid, parameters, readBitString(reader))
  leave(reader, outer)
  return { unsupported: unsupportedNames[oid] ?? oid }
}

function ecKey(oid: string, point: Uint8Array, spki: Uint8Array): PublicKey | Unsupported {
  const curve = curves[oid]
  if (!curve) throw invalid(`is on the curve ${oid}; P-256, P-384 and P-521 are supported`)
  const { name, bits } = curve
  if (!isPoint(point, curve)) throw invalid(`is no uncompressed point of the curve ${name}`)
  return name === 'P-224' ? { unsupported: name } : { kind: 'ec', curve: name, point, spki, bits }
}

interface RsaKey {
  readonly modulus: Uint8Array
  readonly exponent: Uint8Array
}

function readRsaKey(reader: DerReader): RsaKey {
  const bits = createDerReader(readBitString(reader))
  const outer = enter(bits, tags.sequence)
  const key = { modulus: readUnsigned(bits), exponent: readUnsigned(bits) }
  leave(bits, outer)
  finish(bits)
  return key
}

function rsaKey({ modulus, exponent }: RsaKey, spki: Uint8Array): PublicKey | Unsupported {
  let value = 0
  for (const byte of exponent.subarray(0, 5)) value = value * 256 + byte
  // What Go's verification refuses; an even number would be no RSA key at all.
  if (value < 3 || value > 0x7fffffff || value % 2 === 0) throw invalid('has an exponent that RSA keys do not have')
  if (modulus[modulus.length - 1]! % 2 === 0) throw invalid('has an even modulus')
  const bits = modulus.length * 8 - Math.clz32(modulus[0]!) + 24
  return bits > maxModulusBits ? { unsupported: `RSA-${bits}` } : { kind: 'rsa', modulus, exponent, spki, bits }
}

/** Go reads these, and refuses a certificate where it cannot. */
function checkUnsupported(oid: string, parameters: Uint8Array, key: Uint8Array): void {
  if (oid === oids.ed25519 || oid === oids.x25519) {
    if (parameters.length !== 0 || key.length !== 32) throw invalid(`is no ${unsupportedNames[oid]} key`)
  } else if (oid === oids.dsa) {
    const reader = createDerReader(parameters)
    const outer = enter(reader, tags.sequence)
    for (let count = 0; count < 3; count++) requirePositive(readUnsigned(reader))
    leave(reader, outer)
    finish(reader)
    const value = createDerReader(key)
    requirePositive(readUnsigned(value))
    finish(value)
  } else {
    const reader = createDerReader(parameters)
    skipParameters(reader)
    finish(reader)
  }
}

function requirePositive(magnitude: Uint8Array): void {
  if (magnitude[0] === 0) throw invalid('has a number that is zero')
}
