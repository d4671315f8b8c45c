// SPDX-License-Identifier: Apache-2.0
import { describeConnectionFailure, isOcisignError, OcisignError, printable } from '@ocisign/core'

/** An answer of the server that is not the one hoped for. */
export interface VaultFailure {
  readonly status: number
  readonly errors: readonly string[]
}

/** What was asked for, and of whom. */
export interface Question {
  readonly id: string
  /** Of the server, with its port where that is not the usual one. */
  readonly host: string
  /** In the words of the server's policies: `update on transit/sign/release`. */
  readonly permission: `${'read' | 'update'} on ${string}`
}

/** What a failure means; of the server's own words no more than a line is shown. */
export function keyError({ id, host, permission }: Question, cause: unknown): OcisignError {
  if (isOcisignError(cause)) return cause
  const { status, errors } = (cause ?? {}) as Partial<VaultFailure>
  if (status === undefined) {
    const { why, retryable } = describeConnectionFailure(cause)
    return new OcisignError('UNAVAILABLE_KEY', `${id} on ${host} ${why}`, { id, retryable }, { cause })
  }
  const said = errors?.[0] ? `: ${printable(errors[0], 120)}` : ''
  const failed = (why: string, retryable: boolean) =>
    new OcisignError('UNAVAILABLE_KEY', `${id} ${why} (${status}${said})`, { id, retryable }, { cause })
  if (status === 401 || status === 403) {
    const message = `${id}: the token is not valid, or no policy of it allows ${permission} (${status}${said})`
    return new OcisignError('DENIED_KEY', message, { id }, { cause })
  }
  if (status === 404) return failed('does not exist', false)
  if (status >= 300 && status < 400) return failed('is on a server that sends us elsewhere; name the active one', false)
  if (status === 503) return failed('is on a server that is sealed or in maintenance', true)
  return failed('cannot be used now', status === 408 || status === 412 || status === 429 || status >= 500)
}

/** The options cannot be used as they are. */
export function misuse(option: string, message: string): OcisignError {
  return new OcisignError('MISUSE_OPTION', message, { option })
}
