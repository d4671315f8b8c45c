// SPDX-License-Identifier: Apache-2.0
import { untilAborted } from '../deadline.js'
import type { CallOptions } from '../descriptor.js'
import { errorKind, isOcisignError, OcisignError } from '../errors.js'
import { type RetryOptions, withRetries } from './retry.js'

/** How {@link askKeyService} asks. */
export interface AskOptions extends RetryOptions, CallOptions {
  /** Names the key in messages; never a secret. */
  readonly id: string
  /** Says what a failure of the service means: UNAVAILABLE_KEY, DENIED_KEY, UNSUPPORTED_KEY. */
  toError(cause: unknown): OcisignError
}

/**
 * Asks a key service something: tries again what may succeed later, says how often it did, and gives up at once when the
 * caller does, even where the client does not listen.
 *
 * `ask` reads the answer, too: what is INVALID_ there is the answer, so UNAVAILABLE_KEY comes of it.
 * @throws what `toError` makes of a failure; `details.tries` of UNAVAILABLE_KEY says how often it was tried
 */
export async function askKeyService<T>(
  ask: (options: CallOptions) => Promise<T>,
  { id, toError, signal, ...retry }: AskOptions,
): Promise<T> {
  const meaningOf = (cause: unknown): OcisignError => {
    if (!isOcisignError(cause)) return toError(cause)
    if (errorKind(cause) !== 'INVALID') return cause
    const message = `the service answered with something that cannot be read for ${id}`
    return new OcisignError('UNAVAILABLE_KEY', message, { id, retryable: false }, { cause })
  }
  return withRetries(
    (options) =>
      untilAborted(signal, () => ask(options)).catch((cause: unknown) => {
        signal?.throwIfAborted()
        throw meaningOf(cause)
      }),
    (error) => isOcisignError(error, 'UNAVAILABLE_KEY') && error.details.retryable,
    reportTries,
    { ...retry, signal },
  )
}

/** Says how often it was tried, where that was more than once. */
export function reportTries(error: unknown, tries: number): unknown {
  if (tries === 1 || !isOcisignError(error, 'UNAVAILABLE_KEY')) return error
  const message = `${error.message} (tried ${tries} times)`
  return new OcisignError('UNAVAILABLE_KEY', message, { ...error.details, tries }, { cause: error.cause })
}
