// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from './descriptor.js'
import { OcisignError } from './errors.js'
import { limits } from './limits.js'

/** The longest that timers can wait: those set for longer end at once. */
const longestTimer = 2 ** 31 - 1

/** What every verb accepts that may wait for something. */
export interface DeadlineOptions extends CallOptions {
  /** For the whole call, in milliseconds; 60,000 by default. */
  readonly deadlineMilliseconds?: number | undefined
}

/**
 * Runs a call under one deadline, joined with the caller's own signal.
 * @throws UNAVAILABLE_DEADLINE | MISUSE_OPTION
 */
export async function withDeadline<T>(options: DeadlineOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const milliseconds = options.deadlineMilliseconds ?? limits.deadlineMilliseconds
  if (!(Number.isInteger(milliseconds) && milliseconds > 0 && milliseconds <= longestTimer))
    throw new OcisignError('MISUSE_OPTION', `deadlineMilliseconds is a whole number from 1 to ${longestTimer}`, {
      option: 'deadlineMilliseconds',
    })
  options.signal?.throwIfAborted()
  const controller = new AbortController()
  const passOn = () => controller.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', passOn, { once: true })
  const late = () =>
    new OcisignError('UNAVAILABLE_DEADLINE', `not done within ${milliseconds} milliseconds`, {
      milliseconds,
      retryable: true,
    })
  const timer = setTimeout(() => controller.abort(late()), milliseconds)
  try {
    return await untilAborted(controller.signal, () => run(controller.signal))
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', passOn)
  }
}

/** Runs a call for as long as nobody aborts it: whatever ignores its signal must not hold the caller for ever. */
export async function untilAborted<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  if (!signal) return run()
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([run(), aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
