// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '@ocisign/core'

/** What a failure of the service means. Whatever is not known is "could not find out", never "refused". */
export function keyError(id: string, cause: unknown): OcisignError {
  const { status } = (cause ?? {}) as { readonly status?: number }
  if (status === 401 || status === 403)
    return new OcisignError('DENIED_KEY', `${id} may not be used with these credentials`, { id }, { cause })
  const retryable = status === undefined || status === 429 || status >= 500
  const why = status === 404 ? 'does not exist' : 'cannot be used now'
  return new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable }, { cause })
}
