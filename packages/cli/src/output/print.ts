// SPDX-License-Identifier: Apache-2.0
import { type Invocation, type OptionSpec, parseChoice, type Terminal } from '../command.js'
import { type Answer, reportOf } from './report.js'
import { formatReport } from './text.js'

export type Output = 'text' | 'json' | 'jsonl'

/** The option of commands whose answers are reports; both kinds of JSON are one object in one line for each reference. */
export const reportOptions = {
  output: { type: 'string', short: 'o', value: 'text|json|jsonl', help: 'text (default), or a line of JSON for each' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** The option of commands that print one document. */
export const documentOptions = {
  output: { type: 'string', short: 'o', value: 'text|json', help: 'text (default) or json' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Reads --output of {@link reportOptions}. @throws MISUSE_OPTION */
export function parseReportOutput(invocation: Invocation): Output {
  return parseChoice(invocation.text('output'), ['text', 'json', 'jsonl'], 'output') ?? 'text'
}

/** Reads --output of {@link documentOptions}. @throws MISUSE_OPTION */
export function parseDocumentOutput(invocation: Invocation): 'text' | 'json' {
  return parseChoice(invocation.text('output'), ['text', 'json'], 'output') ?? 'text'
}

/** Prints an answer as result, and why it is not a yes as one line for people. */
export function printAnswer(terminal: Terminal, answer: Answer, output: Output): void {
  printReport(terminal, answer, output)
  if (!answer.verdict) terminal.fail(answer.error, answer.reference)
}

/** Prints an answer as result only. */
export function printReport(terminal: Terminal, answer: Answer, output: Output): void {
  const report = reportOf(answer)
  terminal.print(output === 'text' ? formatReport(report) : JSON.stringify(report))
}

/** Prints one document as JSON. */
export function printDocument(terminal: Terminal, document: Readonly<Record<string, unknown>>): void {
  terminal.print(JSON.stringify({ schemaVersion: 1, ...document }, null, 2))
}
