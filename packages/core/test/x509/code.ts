// SPDX-License-Identifier: Apache-2.0
import { isOcisignError } from '../../src/errors.js'

/** The code of what a call throws; fails the test for an error that is not ours. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (isOcisignError(error)) return error.code
    throw error
  }
  return undefined
}

/** The same where the call may wait. */
export async function codeOfAsync(run: () => unknown): Promise<string | undefined> {
  try {
    await run()
  } catch (error) {
    if (isOcisignError(error)) return error.code
    throw error
  }
  return undefined
}
