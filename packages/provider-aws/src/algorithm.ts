// SPDX-License-Identifier: Apache-2.0
import type { Algorithm } from '@ocisign/core'

/** What KMS calls it. */
export type KmsSigningAlgorithm = `${'ECDSA' | 'RSASSA_PSS'}_SHA_${256 | 384 | 512}`

/** The name that KMS has for an algorithm of the Notary Project. */
export function signingAlgorithm({ scheme, hash }: Algorithm): KmsSigningAlgorithm {
  const bits = Number(hash.slice(3)) as 256 | 384 | 512
  return `${scheme === 'ECDSA' ? 'ECDSA' : 'RSASSA_PSS'}_SHA_${bits}`
}
