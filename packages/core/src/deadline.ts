// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from './descriptor.js'
import { OcisignError } from './errors.js'
import { limits } from './limits.js'

/** What every verb accepts that may wait for something. */
export interface DeadlineOptions extends CallOptions {
  /** For the whole call, in milliseconds; 60,000 by default. */
  readonly deadlineMilliseconds?: number | undefined
}

/**
 * Runs a call under one deadline, joined with the caller's own signal.
 * @throws UNAVAILABLE_DEADLINE
 */
export async function withDeadline<T>(options: DeadlineOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const milliseconds = options.deadlineMilliseconds ?? limits.deadlineMilliseconds
  const controller = new AbortController()
  const passOn = () => controller.abort(options.signal?.reason)
  if (options.signal?.aborted) passOn()
  options.signal?.addEventListener('abort', passOn, { once: true })
  const late = new OcisignError('UNAVAILABLE_DEADLINE', `not done within ${milliseconds} milliseconds`, {
    milliseconds,
    retryable: true,
  })
  const timer = setTimeout(() => controller.abort(late), milliseconds)
  try {
    // A store that ignores its signal must not hold the caller for ever.
    return await Promise.race([run(controller.signal), aborted(controller.signal)])
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', passOn)
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
