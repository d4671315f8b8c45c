// SPDX-License-Identifier: Apache-2.0
import { equalBytes } from '../bytes.js'
import { limits } from '../limits.js'
import type { Certificate } from './certificate.js'

/**
 * Puts certificates in the order of a chain: the one that holds the key, what issued it, and so on as far as they are there.
 *
 * Names are followed; no signature is checked. Of several that hold the key, the one that is valid longest begins; where
 * none does, there is no chain.
 *
 * @param spki SubjectPublicKeyInfo of the key, DER
 */
export function orderChain(certificates: readonly Certificate[], spki: Uint8Array): readonly Certificate[] {
  const holders = certificates.filter(
    ({ publicKey }) => !('unsupported' in publicKey) && equalBytes(publicKey.spki, spki),
  )
  const chain = [...holders].sort((a, b) => b.notAfter - a.notAfter).slice(0, 1)
  for (let last = chain[0]; last && chain.length < limits.chainCertificates; ) {
    const { issuer, subject } = last
    if (equalBytes(issuer, subject)) break
    last = certificates.find((each) => equalBytes(each.subject, issuer) && !chain.includes(each))
    if (last) chain.push(last)
  }
  return chain
}
