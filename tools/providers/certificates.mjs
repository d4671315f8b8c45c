// SPDX-License-Identifier: Apache-2.0
// Certificates for keys that nobody can export: an authority that lives for a run issues them.
import { randomBytes } from 'node:crypto'
import {
  codeSigningProfile,
  encodeCertificate,
  keyIdentifier,
  notaryAlgorithms,
} from '../../packages/core/dist/index.js'
import { generateKey } from '../../packages/provider-local/dist/index.js'

const hourMilliseconds = 3_600_000
const publicKeyOf = async (key) => (await key.sign(new Uint8Array())).material.spki
const serialNumber = () => Uint8Array.of(0x40, ...randomBytes(15))

/** A root and a certificate below it for the public half of a key, as an authority makes one of a request. */
export async function issueCertificates(key, { subject = 'C=US,ST=WA,O=ocisign test,CN=provider' } = {}) {
  const authority = await generateKey(notaryAlgorithms[0])
  const [publicKey, authorityKey] = [await publicKeyOf(key), await publicKeyOf(authority)]
  const issuer = 'C=US,ST=WA,O=ocisign test,CN=root of providers'
  const now = Math.floor(Date.now() / 1000) * 1000
  const common = {
    issuer,
    notBefore: new Date(now - hourMilliseconds),
    notAfter: new Date(now + 24 * hourMilliseconds),
    authorityKeyIdentifier: await keyIdentifier(authorityKey),
  }
  const of = async (certified, name, profile) =>
    encodeCertificate(
      {
        ...common,
        ...codeSigningProfile(profile),
        subject: name,
        serialNumber: serialNumber(),
        publicKey: certified,
        subjectKeyIdentifier: await keyIdentifier(certified),
      },
      authority,
    )
  return { chain: [await of(publicKey, subject), await of(authorityKey, issuer, {})] }
}
