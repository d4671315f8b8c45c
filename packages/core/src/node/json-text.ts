// SPDX-License-Identifier: Apache-2.0
// Edits JSON as text, so that what others wrote stays as they wrote it: numbers beyond a double, order, white space.
// Everything here is only for text that a strict parser has accepted.

const quote = 0x22
const backslash = 0x5c

/** The position after the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === backslash) index++
    else if (code === quote) return index + 1
  }
  return text.length
}

/** A member of an object, its value as text. */
export interface JsonMember {
  readonly name: string
  readonly value: string
}

/** Splits an object into its members, or an array into its elements, each as it is written. */
export function splitJson(text: string): string[] {
  const parts: string[] = []
  const trimmed = text.trim()
  let depth = 0
  let start = 1
  for (let index = 1; index < trimmed.length - 1; index++) {
    const code = trimmed.charCodeAt(index)
    if (code === quote) index = endOfString(trimmed, index) - 1
    else if (code === 0x7b || code === 0x5b) depth++
    else if (code === 0x7d || code === 0x5d) depth--
    else if (code === 0x2c && depth === 0) {
      parts.push(trimmed.slice(start, index).trim())
      start = index + 1
    }
  }
  const last = trimmed.slice(start, -1).trim()
  if (last !== '') parts.push(last)
  return parts
}

/** Splits a member of an object at its colon. */
export function splitMember(member: string): JsonMember {
  const end = endOfString(member, 0)
  return { name: JSON.parse(member.slice(0, end)) as string, value: member.slice(member.indexOf(':', end) + 1).trim() }
}

/** Writes a member of an object: {@link splitMember} the other way round. */
export function joinMember({ name, value }: JsonMember): string {
  return `${JSON.stringify(name)}:${value}`
}
