// SPDX-License-Identifier: Apache-2.0
import type { Algorithm } from '@ocisign/core'

/** What the service calls an algorithm: `ES384`, `PS256`. */
export function signatureAlgorithm({ scheme, hash }: Algorithm): string {
  return `${scheme === 'ECDSA' ? 'ES' : 'PS'}${hash.slice(3)}`
}
