// SPDX-License-Identifier: Apache-2.0
// Takes apart JSON in its plainest form, in a third of the time that a general reader needs: without white space and
// escapes, no member twice, and none that is not known. Whatever it cannot take, a general reader is to judge.
//
// Nothing here holds strings to anything: each has to be one that is compared, decoded strictly, or plain.

/** Where taking has come to; the text is ASCII, or has other characters beyond ASCII wherever its bytes are. */
export interface JsonCursor {
  readonly text: string
  position: number
}

/** Takes what is in a text without anything after it; undefined where it cannot. */
export function takeAll<T>(text: string, takeValue: (cursor: JsonCursor) => T | undefined): T | undefined {
  if (text.includes('\\')) return
  const cursor = { text, position: 0 }
  const value = takeValue(cursor)
  return cursor.position === text.length ? value : undefined
}

/**
 * Takes an object whose members are some of `names`; their values are at the places of their names.
 * `takeValue` is told the place.
 */
export function takeMembers<T>(
  cursor: JsonCursor,
  names: readonly string[],
  takeValue: (cursor: JsonCursor, place: number) => T | undefined,
): readonly (T | undefined)[] | undefined {
  if (!take(cursor, 0x7b)) return
  const values: (T | undefined)[] = names.map(() => undefined)
  do {
    const place = takeName(cursor, names)
    if (place < 0 || values[place] !== undefined || !take(cursor, 0x3a)) return
    const value = takeValue(cursor, place)
    if (value === undefined) return
    values[place] = value
  } while (take(cursor, 0x2c))
  return take(cursor, 0x7d) ? values : undefined
}

/** The place of the name; -1 where it is none of them. */
function takeName(cursor: JsonCursor, names: readonly string[]): number {
  const { text, position } = cursor
  if (text.charCodeAt(position) !== 0x22) return -1
  for (let place = 0; place < names.length; place++) {
    const name = names[place]!
    const end = position + 1 + name.length
    if (text.charCodeAt(end) !== 0x22 || !text.startsWith(name, position + 1)) continue
    cursor.position = end + 1
    return place
  }
  return -1
}

/** Takes a string. */
export function takeString(cursor: JsonCursor): string | undefined {
  const { text, position } = cursor
  if (text.charCodeAt(position) !== 0x22) return
  const end = text.indexOf('"', position + 1)
  if (end < 0) return
  cursor.position = end + 1
  return text.slice(position + 1, end)
}

/** Takes an array of strings, at least one. */
export function takeStrings(cursor: JsonCursor): readonly string[] | undefined {
  if (!take(cursor, 0x5b)) return
  const texts: string[] = []
  do {
    const text = takeString(cursor)
    if (text === undefined) return
    texts.push(text)
  } while (take(cursor, 0x2c))
  return take(cursor, 0x5d) ? texts : undefined
}

/** Takes a whole number of up to 15 digits. */
export function takeUnsigned(cursor: JsonCursor): number | undefined {
  const { text, position } = cursor
  let value = 0
  let end = position
  for (; end < position + 15; end++) {
    const digit = text.charCodeAt(end) - 0x30
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  if (end === position || (text.charCodeAt(position) === 0x30 && end > position + 1)) return
  cursor.position = end
  return value
}

function take(cursor: JsonCursor, code: number): boolean {
  if (cursor.text.charCodeAt(cursor.position) !== code) return false
  cursor.position++
  return true
}

/** Tells whether text has printable ASCII only, which JSON can say as it is. */
export function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}
