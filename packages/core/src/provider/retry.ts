// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '../descriptor.js'

/** How often, and how long in between. */
export interface RetryOptions {
  /** The first one included; 4 by default. */
  readonly tries?: number | undefined
  /** The wait after the first try, in milliseconds, doubled after each; half of it is chance. 200 by default. */
  readonly firstWaitMilliseconds?: number | undefined
  /** For tests; ends early, with the signal's reason, where the caller gives up. */
  readonly wait?: ((milliseconds: number, options: CallOptions) => Promise<void>) | undefined
}

const longestWait = 10_000

/**
 * Does something until it succeeds, fails for good, or was tried often enough.
 * @throws the last error, through `report` which learns how many tries there were
 */
export async function withRetries<T>(
  run: (options: CallOptions) => Promise<T>,
  isRetryable: (error: unknown) => boolean,
  report: (error: unknown, tries: number) => unknown,
  { tries = 4, firstWaitMilliseconds = 200, wait = waitFor, signal }: RetryOptions & CallOptions,
): Promise<T> {
  for (let attempt = 1, milliseconds = firstWaitMilliseconds; ; attempt++, milliseconds *= 2) {
    signal?.throwIfAborted()
    try {
      return await run({ signal })
    } catch (error) {
      signal?.throwIfAborted()
      if (attempt >= tries || !isRetryable(error)) throw report(error, attempt)
    }
    await wait(jitter(Math.min(milliseconds, longestWait)), { signal })
  }
}

/** Between half of it and all of it: those that failed together must not come back together. */
export function jitter(milliseconds: number): number {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  return milliseconds / 2 + (milliseconds / 2) * (random / 2 ** 32)
}

/** Waits, or ends with the signal's reason. */
export function waitFor(milliseconds: number, { signal }: CallOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
