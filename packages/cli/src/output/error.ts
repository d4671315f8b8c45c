// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, type OcisignError, printable } from '@ocisign/core'

/** An error in reports. */
export interface ReportedError {
  readonly code: string
  readonly message: string
}

/** Turns any error into what reports say; one that nobody foresaw is "could not find out". */
export function reportError(error: unknown): ReportedError {
  if (isOcisignError(error)) return { code: error.code, message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'UNAVAILABLE_VERIFICATION' satisfies OcisignError['code'], message }
}

/** An error in a line for people: what went wrong, what to do about it, and its code to look up. */
export function formatError(error: unknown, about?: string | undefined, advice?: string | undefined): string {
  const subject = about === undefined ? '' : `${printable(about, 1000)}: `
  const more = advice === undefined ? '' : `; ${printable(advice, 1000)}`
  if (isOcisignError(error)) return `ocisign: ${subject}${printable(error.message, 4000)}${more} [${error.code}]`
  const message = error instanceof Error ? error.message : String(error)
  return `ocisign: ${subject}unexpected error: ${printable(message, 1000)}; --debug shows more`
}
