// SPDX-License-Identifier: Apache-2.0
// What commands share that may be given many references.
import { limits } from '@ocisign/core'
import { requirePositionals } from './artifact.js'
import { type Invocation, misuse, type OptionSpec, parseCount } from './command.js'
import { readFileUpTo } from './files.js'
import { quietOptions } from './progress.js'
import { readStdin, requireOneStdin } from './stdin.js'
import { timeoutOptions } from './timeout.js'

/** Options of commands that work on many references. */
export const bulkOptions = {
  'from-file': { type: 'string', value: 'FILE', help: 'more references, one in each line; - reads standard input' },
  concurrency: { type: 'string', value: 'N', help: 'references to work on at the same time; 8 by default' },
  ...timeoutOptions,
  ...quietOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

const mostAtOnce = 64

/** Reads --concurrency. @throws MISUSE_OPTION */
export function parseConcurrency(invocation: Invocation): number {
  const count = parseCount(invocation.text('concurrency'), 'concurrency') ?? 8
  if (count > mostAtOnce) throw misuse(`--concurrency is at most ${mostAtOnce}`, 'concurrency')
  return count
}

/** The references of the command line, and of the file it names: at least one. @throws MISUSE_OPTION | UNAVAILABLE_FILE */
export async function readReferences(
  invocation: Invocation,
  what: string,
  signal: AbortSignal,
): Promise<readonly [string, ...string[]]> {
  const file = invocation.text('from-file')
  const tar = invocation.flag('oci-layout') && invocation.positionals.find((text) => text.startsWith('-'))
  requireOneStdin(invocation, file === '-' && '--from-file -', tar ?? false)
  if (file === undefined) return requirePositionals(invocation, what)
  const bytes =
    file === '-'
      ? await readStdin('references', limits.documentBytes, signal)
      : await readFileUpTo(file, limits.documentBytes, signal)
  if (bytes.length > limits.documentBytes)
    throw misuse(`--from-file is longer than ${limits.documentBytes} bytes; split it`, 'from-file')
  const lines = new TextDecoder().decode(bytes).split('\n')
  const listed = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  return requirePositionals({ ...invocation, positionals: [...invocation.positionals, ...listed] }, what)
}
