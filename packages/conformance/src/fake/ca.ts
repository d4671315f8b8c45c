// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import {
  type Algorithm,
  type CertificateTemplate,
  codeSigningProfile,
  encodeCertificate,
  keyIdentifier,
  notaryAlgorithms,
  type SigningKey,
  withCertificates,
  type X509Material,
} from '@ocisign/core'
import { certifierOf, createFakeKey, type FakeKey } from './key.js'

type Stated = Omit<CertificateTemplate, 'issuer' | 'publicKey' | 'signatureAlgorithm'>

/**
 * What a certificate states other than it would: each member replaces what the Notary Project's profile has, and
 * `undefined` leaves it out.
 */
export type FakeCertificateOptions = { readonly [member in keyof Stated]?: Stated[member] | undefined } & {
  /** Of the certificate's own key; ECDSA on P-256 by default. */
  readonly algorithm?: Algorithm | undefined
  /** Signs with SHA-1, which nobody accepts any more. */
  readonly sha1?: boolean | undefined
  /** Valid from an hour before this, for a day, unless told otherwise; now by default. */
  readonly clock?: (() => Date) | undefined
}

/** A certificate with its key. */
export interface FakeCertificate {
  readonly key: SigningKey<X509Material>
  /** Leaf first, each DER, to the root. */
  readonly chain: readonly Uint8Array[]
  /** PKCS#8. */
  readonly keyPem: string
}

/** An authority that issues whatever it is asked for. */
export interface FakeAuthority {
  readonly certificate: Uint8Array
  /** Its own certificate first, each DER, to the root. */
  readonly chain: readonly Uint8Array[]
  /** Issues a leaf; without options one that fulfils the Notary Project's profile. */
  issue(options?: FakeCertificateOptions): Promise<FakeCertificate>
  /** Issues an authority below this one. */
  issueAuthority(options?: FakeCertificateOptions): Promise<FakeAuthority>
}

interface Issuer {
  readonly name: string | Uint8Array
  readonly key: FakeKey
  readonly chain: readonly Uint8Array[]
}

/**
 * Makes a root that issues certificates, right ones and odd ones, for tests of whatever reads or verifies them.
 *
 * @example
 * ```ts
 * import { createFakeAuthority } from '@ocisign/conformance/fake'
 *
 * const root = await createFakeAuthority()
 * const { chain } = await (await root.issueAuthority()).issue({ subject: 'C=US,ST=WA,O=Acme,CN=build' })
 * const expired = await root.issue({ notBefore: new Date('2020-01-01Z'), notAfter: new Date('2021-01-01Z') })
 * console.log(chain.length, expired.chain.length)
 * ```
 */
export function createFakeAuthority(options: FakeCertificateOptions = {}): Promise<FakeAuthority> {
  return authorityOf(options, undefined)
}

/**
 * Makes a leaf that signed itself.
 *
 * @example
 * ```ts
 * import { createFakeLeaf } from '@ocisign/conformance/fake'
 *
 * const { chain } = await createFakeLeaf({ subject: 'C=US,ST=WA,O=Acme,CN=build' })
 * console.log(chain.length) // 1
 * ```
 */
export function createFakeLeaf(options: FakeCertificateOptions = {}): Promise<FakeCertificate> {
  return leafOf(options, undefined)
}

async function authorityOf(options: FakeCertificateOptions, issuer: Issuer | undefined): Promise<FakeAuthority> {
  const own = await certify(
    { subject: nameOf(issuer ? 'intermediate' : 'root'), ...codeSigningProfile({}) },
    options,
    issuer,
  )
  return {
    certificate: own.chain[0]!,
    chain: own.chain,
    issue: (given = {}) => leafOf(given, own),
    issueAuthority: (given = {}) => authorityOf(given, own),
  }
}

async function leafOf(options: FakeCertificateOptions, issuer: Issuer | undefined): Promise<FakeCertificate> {
  const { key, chain } = await certify({ subject: nameOf('leaf'), ...codeSigningProfile() }, options, issuer)
  const keyPem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { key: withCertificates(key.key, chain), chain, keyPem }
}

async function certify(
  profile: Partial<CertificateTemplate> & { readonly subject: string },
  options: FakeCertificateOptions,
  issuer: Issuer | undefined,
): Promise<Issuer> {
  const { algorithm = notaryAlgorithms[0]!, sha1 = false, clock = () => new Date(), ...stated } = options
  const key = await createFakeKey(algorithm)
  const issuerKey = issuer?.key ?? key
  const name = stated.subject ?? profile.subject
  const template = {
    serialNumber: Uint8Array.of(0x40, ...randomBytes(15)),
    notBefore: hoursFrom(clock(), -1),
    notAfter: hoursFrom(clock(), 23),
    subjectKeyIdentifier: await keyIdentifier(key.spki),
    authorityKeyIdentifier: await keyIdentifier(issuerKey.spki),
    ...profile,
    ...stated,
    subject: name,
    issuer: issuer?.name ?? name,
    publicKey: key.spki,
    ...(sha1 && { signatureAlgorithm: sha1Algorithms[issuerKey.key.algorithm.scheme === 'ECDSA' ? 'ecdsa' : 'rsa'] }),
  } as CertificateTemplate
  const certifier = certifierOf(issuerKey, sha1 ? 'sha1' : issuerKey.key.algorithm.hash)
  return { name, key, chain: [await encodeCertificate(template, certifier), ...(issuer?.chain ?? [])] }
}

const nameOf = (role: string) => `C=US,ST=WA,O=ocisign test,CN=fake ${role}`
const hoursFrom = (date: Date, hours: number) => new Date(date.getTime() + hours * 3_600_000)

/** AlgorithmIdentifiers: sha1WithRSAEncryption and ecdsa-with-SHA1 (RFC 3279). */
const sha1Algorithms = {
  rsa: Uint8Array.of(0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0),
  ecdsa: Uint8Array.of(0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1),
}
