// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError, printable } from '@ocisign/core'

/** The system's own code of an error: `ENOENT`, `EACCES` … */
export function systemCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

const denied: readonly (string | undefined)[] = ['EACCES', 'EPERM', 'EROFS']
const wrongKind: readonly (string | undefined)[] = ['ELOOP', 'ENOTDIR', 'EISDIR', 'EMLINK', 'ENXIO']
const passing: readonly (string | undefined)[] = ['EAGAIN', 'EBUSY', 'EMFILE', 'ENFILE', 'EINTR', 'ETIMEDOUT']

/** Turns what the file system says into an error of ours. */
export function fileError(cause: unknown, path: string, doing: string): OcisignError {
  if (isOcisignError(cause)) return cause
  const code = systemCode(cause)
  const shown = printable(path)
  if (denied.includes(code))
    return new OcisignError('DENIED_FILE', `may not ${doing} "${shown}" (${code})`, { path: shown }, { cause })
  if (wrongKind.includes(code)) return layoutError(path, `is not the kind of file a layout has there (${code})`, cause)
  return new OcisignError(
    'UNAVAILABLE_FILE',
    `could not ${doing} "${shown}" (${code ?? 'unexpected error'})`,
    { path: shown, retryable: passing.includes(code) },
    { cause },
  )
}

/** Says that what is there is no OCI image layout. */
export function layoutError(path: string, why: string, cause?: unknown): OcisignError {
  const shown = printable(path)
  return new OcisignError('INVALID_LAYOUT', `"${shown}" ${why}`, { path: shown }, cause === undefined ? {} : { cause })
}

/** Says that there is more than is looked at. */
export function limitError(target: string, message: string): OcisignError {
  return new OcisignError('UNAVAILABLE_LIMIT', message, { target: printable(target), refusals: [], retryable: false })
}

/** Says that what a tag or digest names is definitely not in this layout. */
export function notFound(reference: string, why: string): OcisignError {
  const shown = printable(reference)
  return new OcisignError('UNAVAILABLE_NOT_FOUND', `"${shown}" ${why}`, { reference: shown, retryable: false })
}

/** Says that content is not what its descriptor says. */
export function contentError(digest: string, why: string): OcisignError {
  return new OcisignError('INVALID_CONTENT', `content of ${printable(digest, 140)} ${why}`, {
    digest: printable(digest, 140),
  })
}
