// SPDX-License-Identifier: Apache-2.0
import { type ErrorKind, errorKind } from '@ocisign/core'

/** What the process ends with; after an interruption 128 and the signal's number, as shells have it. */
export const exitCodes = {
  accepted: 0,
  untrusted: 1,
  misuse: 2,
  unavailable: 3,
  invalid: 4,
  SIGINT: 130,
  SIGTERM: 143,
} as const

const codesOfKinds: Readonly<Record<ErrorKind, number>> = {
  UNTRUSTED: exitCodes.untrusted,
  MISUSE: exitCodes.misuse,
  UNAVAILABLE: exitCodes.unavailable,
  DENIED: exitCodes.unavailable,
  INVALID: exitCodes.invalid,
  UNSUPPORTED: exitCodes.invalid,
}

/** The exit code of a failure; one that nobody foresaw counts as "could not find out". */
export function exitCodeOf(error: unknown): number {
  const kind = errorKind(error)
  return kind ? codesOfKinds[kind] : exitCodes.unavailable
}

// A mistake in the call outweighs bad input, that outweighs what could not be found out, and that a plain no.
const bySeverity: readonly number[] = [
  exitCodes.misuse,
  exitCodes.invalid,
  exitCodes.unavailable,
  exitCodes.untrusted,
  exitCodes.accepted,
]

/** The exit code for several references. */
export function joinExitCodes(codes: readonly number[]): number {
  return bySeverity.find((code) => codes.includes(code)) ?? exitCodes.accepted
}
