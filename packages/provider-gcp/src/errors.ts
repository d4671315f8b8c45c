// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError } from '@ocisign/core'

/** What the codes of gRPC mean for a key. */
const meanings: Readonly<Record<number, { readonly why: string; readonly retryable?: boolean }>> = {
  3: { why: 'is refused as the name of a key, or for this' },
  4: { why: 'did not answer in time', retryable: true },
  5: { why: 'does not exist' },
  8: { why: 'is used too often just now', retryable: true },
  9: { why: 'is not enabled' },
  10: { why: 'is busy', retryable: true },
  13: { why: 'cannot be used now', retryable: true },
  14: { why: 'cannot be reached', retryable: true },
}

/** PERMISSION_DENIED and UNAUTHENTICATED. */
const denials: readonly unknown[] = [7, 16]

/** What a failure of Google Cloud means: by its gRPC code. */
export function keyError(id: string, cause: unknown): OcisignError {
  if (isOcisignError(cause)) return cause
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  if (denials.includes(code))
    return new OcisignError(
      'DENIED_KEY',
      `${id}: Google Cloud refuses these credentials, or there are none`,
      { id },
      { cause },
    )
  const known = typeof code === 'number' ? meanings[code] : undefined
  const { why, retryable = false } = known ?? { why: 'cannot be used now', retryable: code === undefined }
  const shown = typeof code === 'number' ? ` (${code})` : ''
  return new OcisignError('UNAVAILABLE_KEY', `${id} ${why}${shown}`, { id, retryable }, { cause })
}
