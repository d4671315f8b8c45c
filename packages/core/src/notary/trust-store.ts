// SPDX-License-Identifier: Apache-2.0
// Whom policies trust (trust-store-trust-policy, trust store): named sets of certificates, of three kinds.
import { isOcisignError, OcisignError } from '../errors.js'
import { type Certificate, describeSubject, isSelfIssued, parseCertificate } from '../x509/certificate.js'
import { importCertificateKey, verifyIssuedBy } from '../x509/path.js'
import { parseCertificatesPem } from '../x509/pem.js'
import type { PreparedRoot } from './chain.js'
import type { TrustStoreReference, TrustStoreType } from './policy/document.js'
import { explainStoreName, formatStore, trustStoreTypes } from './policy/store-name.js'

/** A certificate of a trust store. */
export interface TrustAnchor {
  readonly certificate: Certificate
  /** Where the certificate is self-signed: that signature is verified, and the key is at hand. */
  readonly root?: PreparedRoot
}

/** Named trust stores, wherever they are. */
export interface TrustStore {
  /**
   * The certificates of one store, all of them fit to be trusted; never none.
   *
   * Loading the same store again may resolve to the same anchors.
   * @throws UNAVAILABLE_NOT_FOUND where there is no such store
   * @throws INVALID_TRUST_STORE where anything in it is unfit
   */
  load(store: TrustStoreReference): Promise<readonly TrustAnchor[]>
}

/** Certificates by kind and name of their store: each DER, or PEM text with one or more. */
export type TrustStoreContent = Readonly<
  Partial<Record<TrustStoreType, Readonly<Record<string, readonly (Uint8Array | string)[]>>>>
>

const invalid = (store: TrustStoreReference, why: string, cause?: unknown) =>
  new OcisignError(
    'INVALID_TRUST_STORE',
    `trust store ${formatStore(store)} ${why}`,
    { store: formatStore(store) },
    cause === undefined ? undefined : { cause },
  )

/**
 * Makes a trust store in memory, held to the same rules as one in a directory: every certificate is a CA or self-signed,
 * and those of `tsa` are self-signed CAs.
 *
 * @throws INVALID_TRUST_STORE
 *
 * @example
 * ```ts
 * import { createMemoryTrustStore } from '@ocisign/core'
 *
 * const trustStore = await createMemoryTrustStore({ ca: {} })
 * console.log(typeof trustStore.load)
 * ```
 */
export async function createMemoryTrustStore(content: TrustStoreContent): Promise<TrustStore> {
  const stores = new Map<string, readonly TrustAnchor[]>()
  for (const type of trustStoreTypes)
    for (const [name, inputs] of Object.entries(content[type] ?? {})) {
      const store = { type, name }
      const problem = explainStoreName(name)
      if (problem) throw invalid(store, `has an unusable name: ${problem}`)
      stores.set(formatStore(store), await prepareAnchors(readCertificates(store, inputs), store))
    }
  return {
    async load(store) {
      const anchors = stores.get(formatStore(store))
      if (anchors) return anchors
      throw new OcisignError('UNAVAILABLE_NOT_FOUND', `there is no trust store ${formatStore(store)}`, {
        reference: formatStore(store),
        retryable: false,
      })
    },
  }
}

function readCertificates(
  store: TrustStoreReference,
  inputs: readonly (Uint8Array | string)[],
): readonly Certificate[] {
  try {
    // Copies: a caller's later change must not change who is trusted.
    return inputs.flatMap((input) =>
      typeof input === 'string' ? parseCertificatesPem(input) : [parseCertificate(new Uint8Array(input))],
    )
  } catch (cause) {
    throw invalid(store, `holds something that is not a certificate: ${(cause as Error).message}`, cause)
  }
}

/**
 * Holds the certificates of one store to the rules, and makes the roots among them ready to verify with.
 * @throws INVALID_TRUST_STORE
 */
export async function prepareAnchors(
  certificates: readonly Certificate[],
  store: TrustStoreReference,
): Promise<readonly TrustAnchor[]> {
  if (certificates.length === 0) throw invalid(store, 'holds no certificate')
  const anchors: TrustAnchor[] = []
  for (const certificate of certificates) {
    const root = await prepareRoot(certificate)
    const isCa = certificate.basicConstraints?.ca === true
    const subject = describeSubject(certificate)
    if (!isCa && !root) throw invalid(store, `holds ${subject}, which is neither a CA certificate nor self-signed`)
    if (store.type === 'tsa' && !(isCa && root))
      throw invalid(store, `holds ${subject}, which is not a self-signed CA certificate`)
    anchors.push({ certificate, ...(root && { root }) })
  }
  return anchors
}

/** The certificate with its key where it is self-signed; undefined where it is not, or its own signature is bad. */
async function prepareRoot(certificate: Certificate): Promise<PreparedRoot | undefined> {
  if (!isSelfIssued(certificate)) return undefined
  try {
    const key = await importCertificateKey(certificate)
    await verifyIssuedBy(certificate, certificate, key)
    return { certificate, key }
  } catch (error) {
    if (isOcisignError(error, 'INVALID_CERTIFICATE_CHAIN')) return undefined
    throw error
  }
}
