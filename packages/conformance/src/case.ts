// SPDX-License-Identifier: Apache-2.0
// Cases are test code that names no test runner: they throw plain errors, which every runner shows.

/** One thing that must hold: `for (const { name, run } of cases) test(name, run)`. */
export interface ConformanceCase {
  readonly name: string
  /** Resolves where it holds; rejects saying what does not. */
  run(): Promise<void>
}

/** States what must hold; the message says what is wrong where it does not. */
export function needs(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

/** What the call is rejected with; a call that resolves fails the case. */
export async function rejectionOf(call: Promise<unknown>, what: string): Promise<unknown> {
  let value: unknown
  try {
    value = await call
  } catch (error) {
    return error
  }
  throw new Error(`${what} should be refused, and gave ${describe(value)}`)
}

/** States that the call is rejected with one of these codes. */
export async function needsCode(call: Promise<unknown>, what: string, ...codes: readonly string[]): Promise<void> {
  const error = await rejectionOf(call, what)
  const code = (error as { code?: unknown } | null)?.code
  needs(
    typeof code === 'string' && codes.includes(code),
    `${what} should be refused with ${codes.join(' or ')}, and was with ${describe(error)}`,
  )
}

/** A value in a few words. */
export function describe(value: unknown): string {
  const code = (value as { code?: unknown } | null)?.code
  if (typeof code === 'string') return `${code}: ${(value as Error).message}`
  return String(value).slice(0, 200)
}
