// SPDX-License-Identifier: Apache-2.0
// When a request is sent again, and after how long.
import { type AbortHub, createAbortHub } from './abort-hub.js'
import { isBeforeSending, isLasting, isLost } from './failure.js'
import type { RegistryLimits } from './options.js'

/** The longest wait that nobody asked for, in milliseconds. */
const maxBackoff = 8_000
const passingStatuses: readonly number[] = [408, 429, 500, 502, 503, 504]

/** A number from 0 to below 1 that other clients do not draw as well. */
export function randomFraction(): number {
  return (globalThis.crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32
}

/** What a wait depends on. */
export interface RetryRules {
  readonly limits: Pick<RegistryLimits, 'tries' | 'backoffMilliseconds' | 'retryAfterSeconds'>
  readonly random: () => number
  readonly clock: () => Date
}

/** Milliseconds before try number `tried` + 1: exponential, with full jitter so that clients do not come back together. */
const backoff = ({ limits, random }: RetryRules, tried: number) =>
  random() * Math.min(maxBackoff, limits.backoffMilliseconds * 2 ** (tried - 1))

/** How long to wait after an answer before asking again, in milliseconds; undefined where the answer is to be taken. */
export function waitAfterAnswer(
  rules: RetryRules,
  tried: number,
  isIdempotent: boolean,
  { status, headers }: { readonly status: number; readonly headers: Headers },
): number | undefined {
  if (tried >= rules.limits.tries || !passingStatuses.includes(status)) return undefined
  const asked = parseRetryAfter(headers.get('retry-after'), rules.clock())
  // Only these say that nothing was done.
  if (!isIdempotent && !(status === 429 || (status === 503 && asked !== undefined))) return undefined
  if (asked === undefined) return backoff(rules, tried)
  if (asked > rules.limits.retryAfterSeconds) return undefined
  return asked * 1000 + backoff(rules, tried)
}

/** How long to wait after a failure before asking again, in milliseconds; undefined where it is final. */
export function waitAfterFailure(
  rules: RetryRules,
  tried: number,
  isIdempotent: boolean,
  error: unknown,
): number | undefined {
  if (tried >= rules.limits.tries || !isLost(error) || isLasting(error)) return undefined
  return isIdempotent || isBeforeSending(error) ? backoff(rules, tried) : undefined
}

/** Seconds to wait that a `Retry-After` header asks for (RFC 9110, 10.2.3); undefined where there is none that makes sense. */
export function parseRetryAfter(value: string | null, now: Date): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  // An HTTP date; other texts that Date.parse takes are not one.
  if (!/^[A-Z][a-z]{2,8}, .{0,40}GMT$/.test(value)) return undefined
  const time = Date.parse(value)
  return Number.isNaN(time) ? undefined : Math.max(0, Math.ceil((time - now.getTime()) / 1000))
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export function sleep(milliseconds: number, signal?: AbortSignal, hub: AbortHub = createAbortHub()): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const ignore = hub.listen(signal, () => {
      clearTimeout(timer)
      reject(signal?.reason)
    })
    const timer = setTimeout(() => {
      ignore()
      resolve()
    }, milliseconds)
  })
}
