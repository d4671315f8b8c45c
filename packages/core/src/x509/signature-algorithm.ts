// SPDX-License-Identifier: Apache-2.0
// The AlgorithmIdentifier of a signature (RFC 4055, RFC 5758).
import type { SignatureAlgorithm } from '../crypto/platform.js'
import type { DigestAlgorithm } from '../digest.js'
import {
  atEnd,
  contextTag,
  type DerReader,
  enter,
  leave,
  peekTag,
  readOid,
  readSmallInteger,
  skipParameters,
  tags,
} from './der.js'
import { oids, unsupportedNames } from './oid.js'
import type { Unsupported } from './public-key.js'

const algorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  [oids.sha256WithRsa]: { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256' },
  [oids.sha384WithRsa]: { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha384' },
  [oids.sha512WithRsa]: { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha512' },
  [oids.ecdsaWithSha256]: { scheme: 'ECDSA', hash: 'sha256' },
  [oids.ecdsaWithSha384]: { scheme: 'ECDSA', hash: 'sha384' },
  [oids.ecdsaWithSha512]: { scheme: 'ECDSA', hash: 'sha512' },
}

const hashes: Readonly<Record<string, DigestAlgorithm>> = {
  [oids.sha256]: 'sha256',
  [oids.sha384]: 'sha384',
  [oids.sha512]: 'sha512',
}

/**
 * Reads the AlgorithmIdentifier of a signature.
 *
 * RSASSA-PSS counts as supported in one form for each hash only: MGF1 with the same hash, and a salt as long as it.
 * @throws INVALID_DER
 */
export function readSignatureAlgorithm(reader: DerReader): SignatureAlgorithm | Unsupported {
  const outer = enter(reader, tags.sequence)
  const oid = readOid(reader)
  const result = oid === oids.rsassaPss ? readPss(reader) : readPlain(reader, oid)
  leave(reader, outer)
  return result
}

function readPlain(reader: DerReader, oid: string): SignatureAlgorithm | Unsupported {
  const algorithm = algorithms[oid]
  if (!algorithm) {
    skipParameters(reader)
    return { unsupported: unsupportedNames[oid] ?? oid }
  }
  // NULL for RSA, nothing for ECDSA (RFC 4055 section 5, RFC 5758 section 3.2); nothing is accepted for RSA as well.
  const fits = atEnd(reader) || (algorithm.scheme === 'RSASSA-PKCS1-v1_5' && peekTag(reader) === tags.null)
  skipParameters(reader)
  if (fits) return algorithm
  return { unsupported: `${algorithm.scheme} with parameters` }
}

const unusualPss: Unsupported = { unsupported: 'RSASSA-PSS with unusual parameters' }

function readPss(reader: DerReader): SignatureAlgorithm | Unsupported {
  if (atEnd(reader)) return unusualPss
  const outer = enter(reader, tags.sequence)
  const hash = peekTag(reader) === contextTag(0, true) ? readWrappedHash(reader, contextTag(0, true)) : undefined
  let mask: DigestAlgorithm | undefined
  if (peekTag(reader) === contextTag(1, true)) {
    const outerMask = enter(reader, contextTag(1, true))
    const outerIdentifier = enter(reader, tags.sequence)
    const isMgf1 = readOid(reader) === oids.mgf1
    if (isMgf1) mask = readHash(reader)
    else skipParameters(reader)
    leave(reader, outerIdentifier)
    leave(reader, outerMask)
  }
  let salt = 20
  if (peekTag(reader) === contextTag(2, true)) {
    const outerSalt = enter(reader, contextTag(2, true))
    salt = readSmallInteger(reader)
    leave(reader, outerSalt)
  }
  // A trailer field is either the default, which DER leaves out, or unusual.
  const unusual = !atEnd(reader)
  if (unusual) reader.position = reader.limit
  leave(reader, outer)
  if (unusual || hash === undefined || mask !== hash || salt !== Number(hash.slice(3)) / 8) return unusualPss
  return { scheme: 'RSASSA-PSS', hash }
}

function readWrappedHash(reader: DerReader, tag: number): DigestAlgorithm | undefined {
  const outer = enter(reader, tag)
  const hash = readHash(reader)
  leave(reader, outer)
  return hash
}

function readHash(reader: DerReader): DigestAlgorithm | undefined {
  const outer = enter(reader, tags.sequence)
  const hash = hashes[readOid(reader)]
  const plain = atEnd(reader) || peekTag(reader) === tags.null
  skipParameters(reader)
  leave(reader, outer)
  return plain ? hash : undefined
}
