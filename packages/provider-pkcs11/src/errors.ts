// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, notaryAlgorithms, OcisignError, unsupportedKey } from '@ocisign/core'

/** Return values of the specification that say that nobody is, or may be, logged in. */
const denials: Readonly<Record<number, string>> = {
  160: 'the PIN is wrong',
  161: 'the PIN has characters that the token does not know',
  162: 'the PIN is too short or too long',
  163: 'the PIN has expired; set a new one',
  164: 'the PIN is locked after too many wrong ones',
  257: 'nobody is logged in; give the PIN',
  258: 'no PIN was ever set',
}

const unsupported: Readonly<Record<number, string>> = {
  99: 'a key of another type than its mechanism needs',
  104: 'a key that may not sign',
  112: 'a key whose mechanism this module does not have',
  113: 'a key whose parameters this module does not have',
}

/** What may be over with a new session, or a moment later. */
const transient: readonly number[] = [2, 5, 6, 48, 49, 144, 176, 177, 179, 224]

/** Whether a session is lost, or stuck in something, so that it is of no use to anybody. */
export const isSessionLost = (cause: unknown): boolean =>
  [48, 50, 144, 176, 179, 224, 257].includes(codeOf(cause) ?? -1)

/** Whether it would be otherwise for somebody who is logged in: private keys are not even shown to nobody. */
export const mayBeLoggedOut = (cause: unknown): boolean =>
  codeOf(cause) === 257 || isOcisignError(cause, 'UNAVAILABLE_KEY')

const codeOf = (cause: unknown): number | undefined => {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'number' ? code : undefined
}

/** What a failure of a module means: by its return value. */
export function keyError(id: string, cause: unknown): OcisignError {
  if (isOcisignError(cause)) return cause
  const code = codeOf(cause)
  const shown = code === undefined ? '' : ` (0x${code.toString(16)})`
  const denial = code === undefined ? undefined : denials[code]
  if (denial) return new OcisignError('DENIED_KEY', `${id}: ${denial}${shown}`, { id }, { cause })
  const kind = code === undefined ? undefined : unsupported[code]
  if (kind) return unsupportedKey(id, `${kind}${shown}`, notaryAlgorithms, { cause })
  const retryable = code !== undefined && transient.includes(code)
  return new OcisignError('UNAVAILABLE_KEY', `${id}: the module failed${shown}`, { id, retryable }, { cause })
}
