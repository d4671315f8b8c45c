// SPDX-License-Identifier: Apache-2.0
// Reading a document that a person wrote: every problem is collected, so that one look mends them all.
import { type Problem, printable } from '../../errors.js'

/** Errors, and warnings, kept of one document; a machine that writes thousands needs no list of them. */
const maxProblems = 200

/** Collects problems. */
export interface ProblemList {
  readonly problems: readonly Problem[]
  error(path: string, message: string): void
  warn(path: string, message: string): void
  /** Errors so far, those not kept included. */
  errorCount(): number
}

/** Makes an empty list. */
export function createProblemList(): ProblemList {
  const problems: Problem[] = []
  // Counted apart: warnings must never crowd out an error, or a broken document would seem whole.
  const counts = { error: 0, warning: 0 }
  const add = (severity: Problem['severity']) => (path: string, message: string) => {
    if (++counts[severity] <= maxProblems) problems.push({ path: printable(path), message, severity })
  }
  return { problems, error: add('error'), warn: add('warning'), errorCount: () => counts.error }
}

/** Sums up the errors among problems in one line; undefined where there are none. */
export function summarizeErrors(problems: readonly Problem[]): string | undefined {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const first = errors[0]
  if (!first) return undefined
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return `${first.path && `${first.path}: `}${first.message}${more}`
}

/** A member's place. */
export const memberPath = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)

/** What kind of value this is, for messages. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `"${printable(value, 60)}"`
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value === undefined ? 'missing' : `of type ${typeof value}`
}

/** An object of a closed schema, read member by member; inherited members do not count. */
export type Members = ReadonlyMap<string, unknown>

/**
 * Reads an object whose members are all known; `elsewhere` explains names that belong somewhere else.
 * Undefined where it is no object.
 */
export function readMembers(
  value: unknown,
  path: string,
  known: readonly string[],
  list: ProblemList,
  elsewhere: Readonly<Record<string, string>> = {},
): Members | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    list.error(path, `is ${describeValue(value)}; an object with ${known.join(', ')} belongs here`)
    return undefined
  }
  const members = new Map<string, unknown>()
  for (const name of Object.keys(value)) {
    if (known.includes(name)) members.set(name, (value as Record<string, unknown>)[name])
    else list.error(memberPath(path, name), explainUnknown(name, known, elsewhere))
  }
  return members
}

function explainUnknown(name: string, known: readonly string[], elsewhere: Readonly<Record<string, string>>): string {
  const meant = known.find((each) => foldName(each) === foldName(name))
  if (meant !== undefined) return `is not a member here; write "${meant}"`
  const hint = Object.hasOwn(elsewhere, name) ? elsewhere[name] : `known are ${known.join(', ')}`
  return `is not a member here; ${hint}`
}

/** Two names that a careless reader, or Go, would take for one. */
const foldName = (name: string) =>
  name.replaceAll('\u212a', 'k').replaceAll('\u017f', 's').replaceAll(/[-_]/g, '').toLowerCase()

/** Reads a text that must be there. */
export function readText(members: Members, name: string, path: string, list: ProblemList): string | undefined {
  const value = members.get(name)
  if (typeof value === 'string' && value.trim() !== '') return value
  const place = memberPath(path, name)
  if (!members.has(name)) list.error(place, 'is missing')
  else list.error(place, typeof value === 'string' ? 'is blank' : `is ${describeValue(value)}; a text belongs here`)
  return undefined
}

/** Reads one of several texts. */
export function readChoice<const T extends string>(
  value: unknown,
  path: string,
  choices: readonly T[],
  list: ProblemList,
): T | undefined {
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  const near = typeof value === 'string' && choices.find((choice) => foldName(choice) === foldName(value))
  const options = choices.map((choice) => `"${choice}"`).join(', ')
  list.error(path, `is ${describeValue(value)}; ${near ? `write "${near}"` : `it may be ${options}`}`)
  return undefined
}

/** A text of a list, and its place in the document. */
export interface PlacedText {
  readonly text: string
  readonly path: string
}

/** Reads a list of at least one text; elements that are none are reported and left out. `hint` says what to write. */
export function readTexts(
  members: Members,
  name: string,
  path: string,
  { maxLength, hint }: { readonly maxLength: number; readonly hint: string },
  list: ProblemList,
): readonly PlacedText[] {
  const place = memberPath(path, name)
  const value = members.get(name)
  if (!Array.isArray(value)) {
    list.error(place, `is ${describeValue(value)}; ${hint}`)
    return []
  }
  if (value.length === 0) list.error(place, `is empty; ${hint}`)
  if (value.length > maxLength) list.error(place, `has ${value.length} entries; at most ${maxLength} are read`)
  const texts: PlacedText[] = []
  for (let index = 0; index < Math.min(value.length, maxLength); index++) {
    const text: unknown = value[index]
    const where = `${place}[${index}]`
    if (typeof text === 'string') texts.push({ text, path: where })
    else list.error(where, `is ${describeValue(text)}; a text belongs here`)
  }
  return texts
}
