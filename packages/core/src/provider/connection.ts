// SPDX-License-Identifier: Apache-2.0

/** Why nobody was reached. */
export interface ConnectionFailure {
  /** Goes on where a message has named what was to be reached: `cannot be reached (ENOTFOUND)`. */
  readonly why: string
  /** A certificate that is not trusted now will not be in a second. */
  readonly retryable: boolean
}

/** A chain of causes may lead back to itself. */
const maxDepth = 5

/**
 * Says in a few words why a connection failed, by the code that the runtime or a client gives its error or a cause of it:
 * a name that does not resolve, a port where nobody listens, a certificate that is not trusted.
 *
 * Takes no word of the error's message, which may have anything in it.
 */
export function describeConnectionFailure(error: unknown): ConnectionFailure {
  const code = codeOf(error)
  if (code !== undefined && /CERT|_SIGNATURE$/.test(code))
    return {
      why: `has a server whose certificate is not trusted (${code}); NODE_EXTRA_CA_CERTS names a file of more authorities`,
      retryable: false,
    }
  return { why: `cannot be reached${code === undefined ? '' : ` (${code})`}`, retryable: true }
}

function codeOf(error: unknown): string | undefined {
  for (let each = error, depth = 0; each && depth < maxDepth; depth++) {
    const { code, cause } = each as { readonly code?: unknown; readonly cause?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code
    each = cause
  }
  return undefined
}
