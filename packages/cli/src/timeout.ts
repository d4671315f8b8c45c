// SPDX-License-Identifier: Apache-2.0
import { limits, OcisignError } from '@ocisign/core'
import { type Invocation, type OptionSpec, parseDuration } from './command.js'

/** The option of every command that waits for others. */
export const timeoutOptions = {
  timeout: { type: 'string', value: 'DURATION', help: 'for each artifact: 90s, 5m; one minute by default' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** The same of commands that move content of any size. */
export const transferTimeoutOptions = {
  timeout: { type: 'string', value: 'DURATION', help: 'for all of it: 90s, 5m; one hour by default' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Milliseconds. */
export const transferTimeout = 60 * 60 * 1000

/** The longest that timers can wait: those set for longer end at once. */
const longestTimer = 2 ** 31 - 1

/** Reads --timeout, in milliseconds. @throws MISUSE_OPTION */
export function parseTimeout(invocation: Invocation): number | undefined {
  const seconds = parseDuration(invocation.text('timeout'), 'timeout')
  return seconds === undefined ? undefined : Math.min(seconds * 1000, longestTimer)
}

/** A signal that ends what takes longer than --timeout. It does not keep the process from ending. @throws MISUSE_OPTION */
export function withTimeout(invocation: Invocation, signal: AbortSignal): AbortSignal {
  const milliseconds = parseTimeout(invocation) ?? limits.deadlineMilliseconds
  const controller = new AbortController()
  const abort = () => {
    const details = { milliseconds, retryable: true } as const
    controller.abort(new OcisignError('UNAVAILABLE_DEADLINE', `not done within ${milliseconds} milliseconds`, details))
  }
  setTimeout(abort, milliseconds).unref()
  return AbortSignal.any([signal, controller.signal])
}
