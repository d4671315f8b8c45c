// SPDX-License-Identifier: Apache-2.0
// A case of x509-limbo, asked as a question about the chain of a signature.
import type { LimboCase } from '@ocisign/conformance/vectors'
import { equalBytes } from '../../src/bytes.js'
import { isOcisignError } from '../../src/errors.js'
import { limits } from '../../src/limits.js'
import { type Certificate, isSelfIssued, isValidAt, parseCertificate } from '../../src/x509/certificate.js'
import { oids } from '../../src/x509/oid.js'
import { verifyChainSignatures } from '../../src/x509/path.js'
import { parsePem } from '../../src/x509/pem.js'
import { validateCodeSigningChain } from '../../src/x509/profile.js'

/** Why a case was refused: the code of the error, or that there was no chain, no anchor in it, or one out of time. */
export type LimboVerdict = 'accepted' | 'no chain' | 'untrusted' | 'expired' | `INVALID_${string}`

/** Where a case says nothing about time: when its certificates are valid. */
const now = new Date('2025-06-01T00:00:00Z')

/**
 * Judges the chains that lead from the peer's certificate to a root. A signature brings its chain along, in order, so
 * every chain there is stands for a signature; the case is accepted if one of them is.
 */
export async function judgeLimboCase(limbo: LimboCase): Promise<LimboVerdict> {
  const trusted = limbo.trusted_certs.map(readPem)
  const pool = [...limbo.untrusted_intermediates.map(readPem), ...trusted]
  const time = limbo.validation_time ? new Date(limbo.validation_time) : now
  const purpose = limbo.validation_kind === 'SERVER' ? oids.serverAuth : oids.clientAuth
  let verdict: LimboVerdict = 'no chain'
  let tried = 0
  try {
    for (const chain of chainsFrom([readCertificate(readPem(limbo.peer_certificate), purpose)], pool, purpose)) {
      verdict = await judgeChain(chain, trusted, time)
      // As many as signatures are judged of one artifact.
      if (verdict === 'accepted' || ++tried === limits.signatures) break
    }
  } catch (error) {
    verdict = invalid(error)
  }
  return verdict
}

function invalid(error: unknown): LimboVerdict {
  if (isOcisignError(error) && error.code.startsWith('INVALID_')) return error.code as LimboVerdict
  throw error
}

const readPem = (pem: string) => parsePem(pem)[0]!.bytes

/** As it is, but for what a certificate of TLS has in place of what a signer's has; the signed bytes stay. */
function readCertificate(der: Uint8Array, purpose: string): Certificate {
  const certificate = parseCertificate(der)
  const { extensions, extendedKeyUsage } = certificate
  return {
    ...certificate,
    // What the case wants the certificate for is signing; limbo's certificates do not mark keyUsage critical.
    extensions: extensions.map((each) => (each.oid === oids.keyUsage ? { ...each, critical: true } : each)),
    extendedKeyUsage: extendedKeyUsage?.map((usage) => (usage === purpose ? oids.codeSigning : usage)),
  }
}

/** Every way from the last certificate on to one that issued itself; each certificate once, at most eleven. */
function* chainsFrom(
  chain: readonly Certificate[],
  pool: readonly Uint8Array[],
  purpose: string,
): Generator<readonly Certificate[]> {
  const last = chain.at(-1)!
  if (isSelfIssued(last) && pool.length > 0) yield chain
  if (chain.length > 10) {
    yield chain
    return
  }
  for (const der of pool) {
    if (chain.some((each) => equalBytes(each.der, der))) continue
    let issuer: Certificate
    try {
      issuer = readCertificate(der, purpose)
    } catch (error) {
      // A signature whose chain had this one would be refused when it is read; another chain may do without it.
      if (isOcisignError(error)) continue
      throw error
    }
    if (equalBytes(last.issuer, issuer.subject)) yield* chainsFrom([...chain, issuer], pool, purpose)
  }
}

async function judgeChain(
  chain: readonly Certificate[],
  trusted: readonly Uint8Array[],
  time: Date,
): Promise<LimboVerdict> {
  try {
    validateCodeSigningChain(chain)
    await verifyChainSignatures(chain)
  } catch (error) {
    return invalid(error)
  }
  if (!chain.some(({ der }) => trusted.some((anchor) => equalBytes(anchor, der)))) return 'untrusted'
  return chain.every((certificate) => isValidAt(certificate, time)) ? 'accepted' : 'expired'
}
