// SPDX-License-Identifier: Apache-2.0
import type { Algorithm } from '@ocisign/core'

/** How a hash is to be signed, in the server's words. */
export function signingParameters({ scheme, hash }: Algorithm): Readonly<Record<string, unknown>> {
  const common = { prehashed: true, hash_algorithm: hash.replace('sha', 'sha2-') }
  // The server's own salt is as long as it can be, which no verifier of the Notary Project accepts.
  if (scheme === 'RSASSA-PSS') return { ...common, signature_algorithm: 'pss', salt_length: 'hash' }
  return { ...common, marshaling_algorithm: 'asn1' }
}
