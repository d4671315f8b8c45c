// SPDX-License-Identifier: Apache-2.0
// Takes apart what nearly all JWS signatures are made of, in a third of the time that a general reader needs: objects
// without white space, escapes and members that are not known. Undefined for any other, which the general reader then
// judges. Control characters pass, so every string has to be one that is compared, or decoded strictly, afterwards.
import type { JsonObject, JsonValue } from '../../json.js'
import { attributeNames } from '../attributes.js'
import { protectedNames } from './jws-header.js'

interface Cursor {
  readonly text: string
  position: number
}
type Take = (cursor: Cursor, name: string) => JsonValue | undefined

const envelopeNames: readonly string[] = ['payload', 'protected', 'header', 'signature']
// The signing agent may be any text, so it is looked into.
const headerNames: readonly string[] = /* @__PURE__ */ (() => [
  'x5c',
  attributeNames.signingAgent,
  attributeNames.timestampSignature,
])()

/** Takes apart an envelope; its strings are to be base64, but for the signing agent. */
export function splitEnvelope(text: string): JsonObject | undefined {
  return split(text, envelopeNames, takeMember)
}

/** Takes apart a protected header without extended attributes. */
export function splitProtected(text: string): JsonObject | undefined {
  return split(text, protectedNames, takeProtected)
}

function split(text: string, known: readonly string[], takeValue: Take): JsonObject | undefined {
  if (text.includes('\\')) return
  const cursor = { text, position: 0 }
  const object = takeObject(cursor, known, takeValue)
  return cursor.position === text.length ? object : undefined
}

function takeMember(cursor: Cursor, name: string): JsonValue | undefined {
  return name === 'header' ? takeObject(cursor, headerNames, takeHeader) : takeString(cursor)
}

function takeHeader(cursor: Cursor, name: string): JsonValue | undefined {
  if (name === 'x5c') return takeStrings(cursor)
  const text = takeString(cursor)
  return name === attributeNames.signingAgent && text !== undefined && hasControl(text) ? undefined : text
}

function takeProtected(cursor: Cursor, name: string): JsonValue | undefined {
  return name === 'crit' ? takeStrings(cursor) : takeString(cursor)
}

function takeObject(cursor: Cursor, known: readonly string[], takeValue: Take): JsonObject | undefined {
  if (!take(cursor, 0x7b)) return
  const object: Record<string, JsonValue> = {}
  do {
    const name = takeName(cursor, known)
    if (name === undefined || object[name] !== undefined || !take(cursor, 0x3a)) return
    const value = takeValue(cursor, name)
    if (value === undefined) return
    object[name] = value
  } while (take(cursor, 0x2c))
  return take(cursor, 0x7d) ? object : undefined
}

function takeName(cursor: Cursor, known: readonly string[]): string | undefined {
  const { text, position } = cursor
  if (text.charCodeAt(position) !== 0x22) return
  for (const name of known) {
    const end = position + 1 + name.length
    if (text.charCodeAt(end) !== 0x22 || !text.startsWith(name, position + 1)) continue
    cursor.position = end + 1
    return name
  }
  return
}

function takeStrings(cursor: Cursor): readonly string[] | undefined {
  if (!take(cursor, 0x5b)) return
  const texts: string[] = []
  do {
    const text = takeString(cursor)
    if (text === undefined) return
    texts.push(text)
  } while (take(cursor, 0x2c))
  return take(cursor, 0x5d) ? texts : undefined
}

function takeString(cursor: Cursor): string | undefined {
  const { text, position } = cursor
  if (text.charCodeAt(position) !== 0x22) return
  const end = text.indexOf('"', position + 1)
  if (end < 0) return
  cursor.position = end + 1
  return text.slice(position + 1, end)
}

function take(cursor: Cursor, code: number): boolean {
  if (cursor.text.charCodeAt(cursor.position) !== code) return false
  cursor.position++
  return true
}

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) < 0x20) return true
  return false
}
