// SPDX-License-Identifier: Apache-2.0
import { isUnicode } from '../../bytes.js'
import { limits } from '../../limits.js'

/**
 * Writes a value as JSON that reads as the same value; refuses any other, where JSON.stringify would change or drop it.
 * Whatever the value is made of is read once.
 */
export function encodeJson(value: unknown, refuse: (why: string) => Error, depth = 2): string {
  if (depth > limits.depth) throw refuse('is nested too deep')
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'string') return encodeString(value, refuse)
  if (Array.isArray(value))
    return `[${Array.from(value, (item: unknown) => encodeJson(item, refuse, depth + 1)).join(',')}]`
  if (typeof value !== 'object' || !isPlainObject(value)) throw refuse('has a value that JSON cannot say')
  const members = Object.entries(value).map(
    ([name, member]) => `${encodeString(name, refuse)}:${encodeJson(member, refuse, depth + 1)}`,
  )
  return `{${members.join(',')}}`
}

function encodeString(text: string, refuse: (why: string) => Error): string {
  if (!isUnicode(text)) throw refuse('has text that is not valid Unicode')
  return JSON.stringify(text)
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
