// SPDX-License-Identifier: Apache-2.0
import { algorithmName, isOcisignError, notaryAlgorithms, OcisignError, printable } from '@ocisign/core'

const supported = notaryAlgorithms.map(algorithmName)

/** The key is one that no Notary Project signature is made with; `what` names it. */
export function unsupportedKey(id: string, what: string): OcisignError {
  return new OcisignError('UNSUPPORTED_KEY', `${id} is ${what}; these keys sign: ${supported.join(', ')}`, {
    algorithm: what,
    supported,
  })
}

/** The key is of a supported kind but written in a way that is not read here; `how` says what to do. */
export function unsupportedEncoding(id: string, what: string, how: string): OcisignError {
  return new OcisignError('UNSUPPORTED_KEY', `${id} is ${what}; ${how}`, {
    algorithm: what,
    supported: ['PKCS#8', 'encrypted PKCS#8', 'PKCS#1', 'SEC1'],
  })
}

/** What was given is not a private key. */
export function invalidKey(id: string, why: string, cause?: unknown): OcisignError {
  return new OcisignError('INVALID_KEY', `${id} ${why}`, { id }, cause === undefined ? undefined : { cause })
}

/** The passphrase is missing or wrong. */
export function deniedKey(id: string, why: string, cause?: unknown): OcisignError {
  return new OcisignError('DENIED_KEY', `${id} ${why}`, { id }, cause === undefined ? undefined : { cause })
}

/** Says of any failure while signing that the key could not be used. */
export function unavailableKey(id: string, cause: unknown): OcisignError {
  if (isOcisignError(cause)) return cause
  return new OcisignError('UNAVAILABLE_KEY', `${id} could not sign`, { id, retryable: false }, { cause })
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links go in circles',
  ENAMETOOLONG: 'its path is too long',
}

/** Says why a file could not be read: refused, or not to be had. */
export function unreadableFile(path: string, cause: unknown): OcisignError {
  const shown = printable(path)
  const code = String((cause as { code?: unknown } | null)?.code ?? 'unknown error')
  if (code === 'EACCES' || code === 'EPERM')
    return new OcisignError('DENIED_FILE', `key file "${shown}" may not be read by this user`, { path }, { cause })
  const reason = reasons[code] ?? code
  const retryable = ['EAGAIN', 'EBUSY', 'EIO', 'EMFILE', 'ENFILE', 'ETIMEDOUT'].includes(code)
  return new OcisignError(
    'UNAVAILABLE_FILE',
    `key file "${shown}" cannot be read: ${reason}`,
    { path, retryable },
    { cause },
  )
}
