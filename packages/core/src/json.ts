// SPDX-License-Identifier: Apache-2.0
import { decodeText, isUnicode } from './bytes.js'
import { OcisignError, printable } from './errors.js'
import { limits } from './limits.js'

/** What JSON can say; objects have only own members, and `__proto__` is a name like any other. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
/** A JSON object as it was parsed: nothing is known of its members. */
export interface JsonObject {
  readonly [name: string]: JsonValue
}

/** What {@link parseJson} accepts. */
export interface JsonOptions {
  /** Names the document in messages. */
  readonly what?: string
  /** Nesting of objects and arrays; 32 by default. */
  readonly maxDepth?: number
  /** Refuses numbers written with a fraction or an exponent, which other readers take for other values. */
  readonly integersOnly?: boolean
}

const invalid = (what: string, why: string, cause?: unknown) =>
  new OcisignError('INVALID_JSON', `${what} ${why}`, { what }, cause === undefined ? undefined : { cause })

/**
 * Reads JSON (RFC 8259) in one meaning only: valid UTF-8, no duplicate member, no lone surrogate, bounded nesting.
 *
 * Member names that differ only in case are two names here; documents whose other readers ignore case hold
 * themselves to {@link requireExactNames}.
 * @throws INVALID_JSON | INVALID_TEXT
 */
export function parseJson(input: Uint8Array | string, options: JsonOptions = {}): JsonValue {
  const what = options.what ?? 'document'
  const text = typeof input === 'string' ? input : decodeText(input, what)
  const members = scan(text, what, options)
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch (cause) {
    throw invalid(what, 'is not valid JSON', cause)
  }
  // JSON.parse keeps the last of duplicate members, so there are fewer names than there were colons.
  if (countMembers(value) !== members) throw invalid(what, 'has duplicate members')
  // Valid UTF-8 has none, so only an escape can bring one in.
  if (text.includes('\\u') && !isWellFormed(value)) throw invalid(what, 'has text with a lone surrogate')
  return value
}

/** Reads a JSON object. @throws INVALID_JSON | INVALID_TEXT */
export function parseJsonObject(input: Uint8Array | string, options: JsonOptions = {}): JsonObject {
  const value = parseJson(input, options)
  if (!isJsonObject(value)) throw invalid(options.what ?? 'document', 'is not an object')
  return value
}

/** Tells whether the value is an object, not an array or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Refuses members whose names are `known` ones in another case: readers that ignore case would take them for those.
 * @throws INVALID_JSON
 */
export function requireExactNames(object: JsonObject, known: readonly string[], what: string): void {
  for (const name in object) {
    if (known.includes(name) || !known.some(({ length }) => length === name.length)) continue
    const lower = foldCase(name)
    const meant = known.find((each) => each.toLowerCase() === lower)
    if (meant !== undefined) throw invalid(what, `has the member "${printable(name)}"; write "${meant}"`)
  }
}

// Go folds these two letters with k and s; so would whoever reads the document with encoding/json.
const foldCase = (name: string) => name.replaceAll('\u212a', 'k').replaceAll('\u017f', 's').toLowerCase()

/** Walks over what is between strings: counts members, and holds nesting and numbers to the limits. */
function scan(text: string, what: string, options: JsonOptions): number {
  const maxDepth = options.maxDepth ?? limits.depth
  let members = 0
  let depth = 0
  let position = 0
  while (position < text.length) {
    const quote = text.indexOf('"', position)
    const end = quote < 0 ? text.length : quote
    for (let index = position; index < end; index++) {
      const code = text.charCodeAt(index)
      if (code === 0x3a) members++
      else if (code === 0x7b || code === 0x5b) {
        if (++depth > maxDepth) throw invalid(what, `is nested deeper than ${maxDepth}`)
      } else if (code === 0x7d || code === 0x5d) depth--
      else if (options.integersOnly && (code === 0x2e || (isExponent(code) && isDigit(text.charCodeAt(index - 1)))))
        throw invalid(what, 'has a number that is not an integer')
    }
    if (quote < 0) break
    position = endOfString(text, quote)
  }
  return members
}

const isExponent = (code: number) => code === 0x65 || code === 0x45
const isDigit = (code: number) => code >= 0x30 && code <= 0x39

/** The position after the string that begins at `quote`. */
function endOfString(text: string, quote: number): number {
  let end = text.indexOf('"', quote + 1)
  while (end > 0 && text.charCodeAt(end - 1) === 0x5c) {
    let backslash = end - 1
    while (text.charCodeAt(backslash - 1) === 0x5c) backslash--
    if ((end - backslash) % 2 === 0) break
    end = text.indexOf('"', end + 1)
  }
  return end < 0 ? text.length : end + 1
}

function countMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === 'object') count += countMembers(element)
    return count
  }
  for (const name in value as JsonObject) {
    count++
    const member = (value as JsonObject)[name]!
    if (typeof member === 'object') count += countMembers(member)
  }
  return count
}

function isWellFormed(value: JsonValue): boolean {
  if (typeof value === 'string') return isUnicode(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => isUnicode(name) && isWellFormed(member as JsonValue))
}
