// SPDX-License-Identifier: Apache-2.0
// How far long work has come: one line at the foot of a terminal, and nothing where nobody looks.
import { printable } from '@ocisign/core'
import type { Invocation, OptionSpec, Terminal } from './command.js'

/** The option of every command whose work may be long. */
export const quietOptions = {
  quiet: { type: 'boolean', short: 'q', help: 'no progress and no warnings: results and errors only' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Shows where work stands; the text is made only when it is shown. */
export interface Progress {
  show(text: () => string): void
  /** Takes the line away. */
  end(): void
}

const everyMilliseconds = 100

/** Makes the progress of a command. */
export async function createProgress(invocation: Invocation, terminal: Terminal): Promise<Progress> {
  const isWatched = (await import('node:tty')).isatty(2) && process.env.TERM !== 'dumb'
  if (!isWatched || invocation.flag('quiet')) return { show() {}, end() {} }
  // Some terminals say that they are 0 wide.
  const width = Math.max((process.stderr.columns || 80) - 1, 20)
  let last = Number.NEGATIVE_INFINITY
  return {
    show(text) {
      const now = performance.now()
      if (now - last < everyMilliseconds) return
      last = now
      terminal.status(printable(text(), width - 1))
    },
    end: () => terminal.status(''),
  }
}

/** A warning, unless --quiet. */
export function warn(invocation: Invocation, terminal: Terminal, message: string): void {
  if (!invocation.flag('quiet')) terminal.notice(`ocisign: ${message}`)
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A size for people. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1]
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
