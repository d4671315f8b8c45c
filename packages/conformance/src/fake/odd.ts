// SPDX-License-Identifier: Apache-2.0
import type { FakeCertificateOptions } from './ca.js'

/** Something odd about a leaf certificate. */
export interface Oddity {
  readonly name: string
  /** For {@link FakeAuthority.issue}. */
  readonly options: FakeCertificateOptions
}

const day = 24 * 3_600_000

/**
 * Leaves that nobody may accept for a signature made now: by their dates.
 *
 * @example
 * ```ts
 * import { oddValidities } from '@ocisign/conformance/fake'
 *
 * for (const { name } of oddValidities(new Date())) console.log(name)
 * ```
 */
export function oddValidities(now: Date): readonly Oddity[] {
  const from = (days: number) => new Date(now.getTime() + days * day)
  return [
    { name: 'expired', options: { notBefore: from(-2), notAfter: from(-1) } },
    { name: 'not yet valid', options: { notBefore: from(1), notAfter: from(2) } },
    { name: 'never valid', options: { notBefore: from(1), notAfter: from(-1) } },
  ]
}

const [serverAuth, timeStamping] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.8']

/** Leaves that the Notary Project's profile refuses at any time (signature-specification, certificate requirements). */
export const oddLeaves: readonly Oddity[] = [
  { name: 'an authority', options: { basicConstraints: { ca: true } } },
  { name: 'without key usage', options: { keyUsage: undefined } },
  { name: 'not for signatures', options: { keyUsage: ['contentCommitment'] } },
  { name: 'for signatures and certificates', options: { keyUsage: ['digitalSignature', 'keyCertSign'] } },
  { name: 'for signatures and encryption', options: { keyUsage: ['digitalSignature', 'keyEncipherment'] } },
  { name: 'for servers', options: { extendedKeyUsage: [serverAuth] } },
  { name: 'for timestamps', options: { extendedKeyUsage: [timeStamping] } },
  { name: 'signed with SHA-1', options: { sha1: true } },
]

/** Leaves that are as good as any, although not all alike. */
export const unusualLeaves: readonly Oddity[] = [
  { name: 'without basic constraints', options: { basicConstraints: undefined } },
  { name: 'without extended key usage', options: { extendedKeyUsage: undefined } },
  { name: 'without key identifiers', options: { subjectKeyIdentifier: undefined, authorityKeyIdentifier: undefined } },
  {
    // Against RFC 5280: the specification honours three extensions and has all others ignored, critical or not.
    name: 'with a critical extension that nobody knows',
    options: { extensions: [{ oid: '1.3.6.1.4.1.99999.1', critical: true, value: Uint8Array.of(5, 0) }] },
  },
  {
    name: 'with an extension that nobody knows and nobody has to',
    options: { extensions: [{ oid: '1.3.6.1.4.1.99999.1', critical: false, value: Uint8Array.of(5, 0) }] },
  },
  {
    name: 'with addresses for its revocation',
    options: { crlUrls: ['http://127.0.0.1:9/fake.crl'], ocspUrls: ['http://127.0.0.1:9/ocsp'] },
  },
]
