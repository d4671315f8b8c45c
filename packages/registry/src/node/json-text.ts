// SPDX-License-Identifier: Apache-2.0
// Edits JSON as text, so that what others wrote stays what they wrote: numbers beyond a double, order, members nobody
// here knows. Only for text that a strict parser has accepted.

/** A member of an object, its value as text. */
export interface TextMember {
  readonly name: string
  readonly value: string
}

/** The members of the object that a text is. */
export function splitObject(text: string): readonly TextMember[] {
  const trimmed = text.trim()
  const members: TextMember[] = []
  let depth = 0
  let start = 1
  for (let index = 1; index < trimmed.length; index++) {
    const character = trimmed[index]!
    if (character === '"') index = endOfString(trimmed, index) - 1
    else if (depth === 0 && (character === ',' || index === trimmed.length - 1)) {
      const member = trimmed.slice(start, index).trim()
      if (member !== '') members.push(splitMember(member))
      start = index + 1
    } else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
  }
  return members
}

function splitMember(member: string): TextMember {
  const end = endOfString(member, 0)
  return { name: JSON.parse(member.slice(0, end)) as string, value: member.slice(member.indexOf(':', end) + 1).trim() }
}

/** The position after the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === '"') return index + 1
  }
  return text.length
}

/** Writes an object whose members begin on lines of their own, as Docker indents them. */
export function joinObject(members: readonly TextMember[], depth: number): string {
  if (members.length === 0) return '{}'
  const lines = members.map(({ name, value }) => `${'\t'.repeat(depth + 1)}${JSON.stringify(name)}: ${value}`)
  return `{\n${lines.join(',\n')}\n${'\t'.repeat(depth)}}`
}
