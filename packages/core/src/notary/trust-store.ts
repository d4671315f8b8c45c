// SPDX-License-Identifier: Apache-2.0
// Named trust stores (trust-store-trust-policy, trust store): who vouches for signers. No policy names one, nobody trusts it.
import { encodeBase64, encodeText } from '../bytes.js'
import type { Awaitable, VerificationKey } from '../crypto/platform.js'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import { type Certificate, describeSubject, isSelfIssued } from '../x509/certificate.js'
import { importCertificateKey, verifyIssuedBy } from '../x509/path.js'
import { parseCertificateFile } from '../x509/pem.js'
import type { TrustStoreReference, TrustStoreType } from './policy/document.js'
import { explainStoreName, formatStore, trustStoreTypes } from './policy/store-name.js'

/** A certificate that a store trusts. */
export interface TrustAnchor {
  readonly certificate: Certificate
  /** Its key, ready to verify with, where the certificate is self-signed: that was proven when the store was loaded. */
  readonly key?: VerificationKey
}

/** Trust stores by type and name. */
export interface TrustStore {
  /**
   * The certificates of one store, each once; never none. At hand at once where it was loaded before.
   *
   * Throws or rejects with UNAVAILABLE_NOT_FOUND where there is no such store, and INVALID_TRUST_STORE where anything
   * in it is not what such a store may hold; a store that nobody asks for does no harm.
   */
  load(store: TrustStoreReference): Awaitable<readonly TrustAnchor[]>
}

/** What {@link createMemoryTrustStore} takes: by type and name, certificates as files hold them, PEM or DER. */
export type TrustStoreContents = {
  readonly [Type in TrustStoreType]?: Readonly<Record<string, readonly (Uint8Array | string)[]>>
}

/**
 * Makes trust stores from certificates at hand, held to the same rules as a configuration directory: each is a CA
 * certificate or self-signed, and in `tsa` stores a root; a file with anything else makes its store, and hence all of
 * this, invalid. What is passed in is copied. Expired certificates are kept: each verification judges time.
 *
 * @throws INVALID_TRUST_STORE | MISUSE_OPTION
 *
 * @example
 * ```ts
 * import { createMemoryTrustStore, isOcisignError } from '@ocisign/core'
 *
 * const trustStore = await createMemoryTrustStore({ ca: {} })
 * try {
 *   await trustStore.load({ type: 'ca', name: 'acme' })
 * } catch (error) {
 *   console.log(isOcisignError(error, 'UNAVAILABLE_NOT_FOUND'))
 * }
 * ```
 */
export async function createMemoryTrustStore(contents: TrustStoreContents): Promise<TrustStore> {
  const stores = new Map<string, readonly TrustAnchor[]>()
  for (const [type, named] of Object.entries(contents)) {
    const known = trustStoreTypes.find((each) => each === type)
    if (!known)
      throw misuse(`"${printable(type, 60)}" is no type of trust store; there are ${trustStoreTypes.join(', ')}`)
    for (const [name, certificates] of Object.entries(named ?? {})) {
      const mistake = explainStoreName(name)
      if (mistake !== undefined) throw misuse(mistake)
      const files = certificates.map((bytes) => ({
        bytes: typeof bytes === 'string' ? encodeText(bytes) : new Uint8Array(bytes),
      }))
      stores.set(formatStore({ type: known, name }), await readTrustAnchors({ type: known, name }, files))
    }
  }
  return {
    load(store) {
      const anchors = stores.get(formatStore(store))
      if (anchors) return anchors
      throw storeNotFound(store)
    },
  }
}

const misuse = (why: string) => new OcisignError('MISUSE_OPTION', why, { option: 'contents' })

/** The error of a store that is not there. */
export function storeNotFound(store: TrustStoreReference, where = ''): OcisignError {
  const reference = printable(formatStore(store), 300)
  return new OcisignError('UNAVAILABLE_NOT_FOUND', `there is no trust store ${reference}${where}`, {
    reference,
    retryable: false,
  })
}

/** The error of a store, or of one file in it, that cannot be used. */
export function invalidStore(store: TrustStoreReference, why: string, path?: string, cause?: unknown): OcisignError {
  const name = formatStore(store)
  const place = path === undefined ? '' : ` "${printable(path)}"`
  return new OcisignError(
    'INVALID_TRUST_STORE',
    `the trust store ${name} cannot be used:${place} ${why}`,
    { store: name, ...(path !== undefined && { path: printable(path, 1000) }) },
    cause === undefined ? undefined : { cause },
  )
}

/** A file of a store; the path is for messages. */
export interface TrustStoreFile {
  readonly path?: string
  /** Not to be changed afterwards. */
  readonly bytes: Uint8Array
}

/**
 * Reads all files of a store and holds each certificate to the rules of its type.
 * @throws INVALID_TRUST_STORE
 */
export async function readTrustAnchors(
  store: TrustStoreReference,
  files: readonly TrustStoreFile[],
): Promise<readonly TrustAnchor[]> {
  const anchors = new Map<string, TrustAnchor>()
  for (const { path, bytes } of files) {
    for (const certificate of readFile(store, bytes, path)) {
      const key = encodeBase64(certificate.der)
      if (!anchors.has(key)) anchors.set(key, await readAnchor(store, certificate, path))
    }
  }
  if (anchors.size === 0) throw invalidStore(store, 'it holds no certificate')
  return Object.freeze([...anchors.values()])
}

function readFile(store: TrustStoreReference, bytes: Uint8Array, path?: string): readonly Certificate[] {
  try {
    return parseCertificateFile(bytes, 'it')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read'
    throw invalidStore(store, `holds something that is no certificate in PEM or DER: ${why}`, path, cause)
  }
}

async function readAnchor(store: TrustStoreReference, certificate: Certificate, path?: string): Promise<TrustAnchor> {
  const key = await proveSelfSigned(certificate)
  const isAuthority = certificate.basicConstraints?.ca === true
  const subject = `the certificate "${describeSubject(certificate)}"`
  if (!isAuthority && !key)
    throw invalidStore(store, `${subject} is neither a CA certificate nor self-signed; add that of its root`, path)
  const mayIssue = isAuthority && (certificate.keyUsage?.includes('keyCertSign') ?? true)
  if (store.type === 'tsa' && !(key && mayIssue))
    throw invalidStore(store, `${subject} is no root, and a tsa store holds only roots`, path)
  return Object.freeze({ certificate, ...(key && { key }) })
}

/** The key of a certificate that signed itself; undefined for any other, whatever the reason. */
async function proveSelfSigned(certificate: Certificate): Promise<VerificationKey | undefined> {
  if (!isSelfIssued(certificate)) return undefined
  try {
    const key = await importCertificateKey(certificate)
    await verifyIssuedBy(certificate, certificate, key)
    return key
  } catch (error) {
    if (isOcisignError(error, 'INVALID_CERTIFICATE_CHAIN')) return undefined
    throw error
  }
}
