// SPDX-License-Identifier: Apache-2.0
import { OcisignError, printable } from '@ocisign/core'

/** An option of a command; its name is its key. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What stands after the option in the help, `FILE`. */
  readonly value?: string
  readonly help: string
}

/** What was on the command line after the command's name. */
export interface Invocation {
  readonly positionals: readonly string[]
  /** The text of an option; undefined where it was not given. */
  text(name: string): string | undefined
  /** All texts of an option that may be repeated. */
  texts(name: string): readonly string[]
  flag(name: string): boolean
}

/** What a command may use of the process. */
export interface Terminal {
  readonly signal: AbortSignal
  /** A line of result. */
  print(line: string): void
  /** A line for people beside the result: warnings and progress. */
  notice(line: string): void
  /** A line for people that says what went wrong, about what, what to do, and its code to look up. */
  fail(error: unknown, about?: string): void
  /** Who knows what to do about errors from now on. */
  adviseWith(advise: (error: unknown) => string | undefined): void
  /** What is still to be done when the command has ended, however it has. */
  atEnd(clean: () => Promise<void>): void
  /** The line at the foot of the screen, in place of the one before; an empty one takes it away. */
  status(line: string): void
}

/** One command. */
export interface Command {
  readonly summary: string
  /** What follows the command's name: `[options] REFERENCE …`. */
  readonly usage: string
  readonly options: Readonly<Record<string, OptionSpec>>
  readonly examples: readonly string[]
  /** It cleans up after itself when it is interrupted; one that writes nothing is simply ended by the system. */
  readonly writes?: boolean
  /** Resolves to the exit code. */
  run(invocation: Invocation, terminal: Terminal): Promise<number>
}

/** A mistake in the call. */
export function misuse(message: string, option = ''): OcisignError<'MISUSE_OPTION'> {
  return new OcisignError('MISUSE_OPTION', message, { option })
}

/** The help of a command. */
export function describeCommand(name: string, command: Command): string {
  const options: Readonly<Record<string, OptionSpec>> = { ...command.options, ...commonOptions }
  const rows = Object.entries(options).map(([option, spec]): [string, string] => [
    `${spec.short ? `-${spec.short}, ` : '    '}--${option}${spec.value ? ` ${spec.value}` : ''}`,
    spec.help,
  ])
  const width = Math.max(...rows.map(([left]) => left.length))
  return [
    command.summary,
    '',
    `Usage: ocisign ${name} ${command.usage}`,
    '',
    'Options:',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
  ].join('\n')
}

/** Every command has these. */
export const commonOptions = {
  debug: { type: 'boolean', help: 'show where an error came from' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Reads a whole number above 0. @throws MISUSE_OPTION */
export function parseCount(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw misuse(`--${option} is a whole number above 0, not "${printable(text)}"`, option)
  return Number(text)
}

const secondsOfUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Reads a duration as notation does (`24h`, `1h30m`, also `30d`), in whole seconds. @throws MISUSE_OPTION */
export function parseDuration(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  if (!/^(?:[0-9]{1,9}[smhd])+$/.test(text))
    throw misuse(`--${option} is a duration like 24h, 90m or 30d, not "${printable(text)}"`, option)
  let seconds = 0
  for (const [, count, unit] of text.matchAll(/([0-9]+)([smhd])/g)) seconds += Number(count) * secondsOfUnits[unit!]!
  if (seconds === 0 || seconds > 100 * 366 * 86_400)
    throw misuse(`--${option} is longer than nothing and shorter than a century`, option)
  return seconds
}

/** Reads `key=value` pairs; each key once. @throws MISUSE_OPTION */
export function parsePairs(texts: readonly string[], option: string): Readonly<Record<string, string>> | undefined {
  if (texts.length === 0) return undefined
  const pairs = new Map<string, string>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    const key = text.slice(0, equals)
    if (equals < 1) throw misuse(`--${option} is key=value, not "${printable(text)}"`, option)
    if (pairs.has(key)) throw misuse(`--${option} names "${printable(key)}" twice`, option)
    pairs.set(key, text.slice(equals + 1))
  }
  return Object.fromEntries(pairs)
}

/** Holds an option to its choices. @throws MISUSE_OPTION */
export function parseChoice<const C extends string>(
  text: string | undefined,
  choices: readonly C[],
  option: string,
): C | undefined {
  if (text === undefined) return undefined
  const choice = choices.find((each) => each === text)
  if (choice === undefined)
    throw misuse(`--${option} is one of ${choices.join(', ')}, not "${printable(text)}"`, option)
  return choice
}
