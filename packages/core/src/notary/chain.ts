// SPDX-License-Identifier: Apache-2.0
// A certificate chain that was checked as far as it can be without a policy and a clock.
import type { Algorithm } from '../algorithm.js'
import { encodeBase64, equalBytes } from '../bytes.js'
import type { VerificationKey } from '../crypto/platform.js'
import { OcisignError } from '../errors.js'
import { limits } from '../limits.js'
import { type Certificate, parseCertificate } from '../x509/certificate.js'
import { formatName } from '../x509/name.js'
import { type ProvenCertificate, verifyChainSignatures } from '../x509/path.js'
import { algorithmOfLeaf, validateCodeSigningChain } from '../x509/profile.js'
import { type IdentityAttribute, parseDistinguishedName } from './distinguished-name.js'
import type { KnownChain } from './envelope.js'

/** Leaf first, each issued by the next, all of the profile for code signing. Says nothing about trust or time. */
export interface ValidatedChain {
  readonly der: readonly Uint8Array[]
  readonly certificates: readonly Certificate[]
  /** The leaf's key. */
  readonly key: VerificationKey
  /** All but the leaf. */
  readonly issuers: readonly ProvenCertificate[]
  readonly algorithm: Algorithm
  /** Milliseconds since 1970 between which every certificate is valid. */
  readonly notBefore: number
  readonly notAfter: number
  /** The leaf's subject as text, and its attributes; none where it cannot be read in one way only. */
  readonly subject: string
  readonly subjectAttributes: () => readonly IdentityAttribute[]
}

/**
 * Checks a chain: the profile of each certificate, the order, and each signature but those of `known`, its last
 * certificates where they were proven before: a trusted root, the authorities of another leaf.
 * @throws INVALID_DER | INVALID_CERTIFICATE | INVALID_CERTIFICATE_CHAIN | UNSUPPORTED_KEY
 */
export async function validateChain(
  der: readonly Uint8Array[],
  known: readonly ProvenCertificate[] = [],
): Promise<ValidatedChain> {
  if (der.length === 0 || der.length > limits.chainCertificates)
    throw new OcisignError(
      'INVALID_CERTIFICATE_CHAIN',
      `a chain has 1 to ${limits.chainCertificates} certificates, not ${der.length}`,
      {},
    )
  const unknown = der.length - known.length
  const certificates = der.map((bytes, position) => known[position - unknown]?.certificate ?? parseCertificate(bytes))
  validateCodeSigningChain(certificates)
  const algorithm = algorithmOfLeaf(certificates[0]!)
  const proven = await verifyChainSignatures(certificates, known)
  const subject = formatName(certificates[0]!.subject)
  return {
    der,
    certificates,
    subject,
    subjectAttributes: once(() => readAttributes(subject)),
    key: proven[0]!.key,
    issuers: proven.slice(1),
    algorithm,
    notBefore: Math.max(...certificates.map((certificate) => certificate.notBefore)),
    notAfter: Math.min(...certificates.map((certificate) => certificate.notAfter)),
  }
}

/** Computes a value when it is first asked for. */
function once<T>(compute: () => T): () => T {
  let value: { readonly computed: T } | undefined
  return () => {
    value ??= { computed: compute() }
    return value.computed
  }
}

// By way of the text, as the reference does: what cannot be read back from it matches no identity.
function readAttributes(subject: string): readonly IdentityAttribute[] {
  try {
    return parseDistinguishedName(subject)
  } catch {
    return []
  }
}

/** Remembers validated chains by their exact bytes; bounded, and owned by one verifier or signer. */
export interface ChainCache {
  find(der: readonly Uint8Array[]): ValidatedChain | undefined
  /** The authorities that a chain has in common with the one remembered or found last, up to the same root. */
  findIssuers(der: readonly Uint8Array[]): readonly ProvenCertificate[]
  /** The chain remembered or found last, for decoders. */
  latest(): KnownChain | undefined
  /** To be called only for a chain that reached an anchor and made a good signature, or strangers would evict good entries. */
  remember(chain: ValidatedChain): void
}

/** Makes a cache for at most `size` chains. */
export function createChainCache(size = 256): ChainCache {
  const chains = new Map<number, RememberedChain>()
  let latest: RememberedChain | undefined
  return {
    find(der) {
      const leaf = der[0]
      const found = leaf && chains.get(fingerprint(leaf))
      if (!found || !equalChains(found.der, der)) return undefined
      latest = found
      return found.chain
    },
    findIssuers(der) {
      const issuers = latest?.chain.issuers ?? []
      let first = issuers.length
      // From the root down; a leaf is nobody's issuer.
      for (let position = der.length - 1; position > 0 && first > 0; position--, first--)
        if (!equalBytes(issuers[first - 1]!.certificate.der, der[position]!)) break
      return issuers.slice(first)
    },
    latest: () => latest,
    remember(chain) {
      if (latest?.chain === chain) return
      const key = fingerprint(chain.der[0]!)
      if (chains.size >= size && !chains.has(key)) {
        const oldest = chains.keys().next()
        if (!oldest.done) chains.delete(oldest.value)
      }
      latest = { chain, der: chain.der, texts: once(() => chain.der.map(encodeBase64)) }
      chains.set(key, latest)
    },
  }
}

interface RememberedChain extends KnownChain {
  readonly chain: ValidatedChain
}

/** The end of a certificate is the end of its signature: as good as random. All bytes are compared afterwards. */
function fingerprint(der: Uint8Array): number {
  const end = der.length
  return (der[end - 1] ?? 0) | ((der[end - 2] ?? 0) << 8) | ((der[end - 3] ?? 0) << 16) | ((der[end - 4] ?? 0) << 24)
}

function equalChains(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return (
    a.length === b.length &&
    a.every((certificate, position) => certificate === b[position] || equalBytes(certificate, b[position]!))
  )
}
