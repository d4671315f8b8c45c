// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError, printable } from '../errors.js'

const denied: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS']
const passing: readonly unknown[] = ['EAGAIN', 'EBUSY', 'EMFILE', 'ENFILE', 'EINTR', 'ETIMEDOUT', 'ENOSPC', 'EDQUOT']

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links go in circles',
  ENAMETOOLONG: 'its path is too long',
  ENOSPC: 'there is no space left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'it would be larger than is allowed',
}

/** Turns what the system says about a file into DENIED_FILE or UNAVAILABLE_FILE; `doing` is a verb: "read". */
export function fileError(cause: unknown, path: string, doing: string): OcisignError {
  if (isOcisignError(cause)) return cause
  const code = String((cause as { readonly code?: unknown } | null)?.code ?? 'unexpected error')
  const shown = printable(path, 1000)
  if (denied.includes(code))
    return new OcisignError('DENIED_FILE', `may not ${doing} "${shown}" (${code})`, { path: shown }, { cause })
  return new OcisignError(
    'UNAVAILABLE_FILE',
    `cannot ${doing} "${shown}": ${reasons[code] ?? code}`,
    { path: shown, retryable: passing.includes(code) },
    { cause },
  )
}
