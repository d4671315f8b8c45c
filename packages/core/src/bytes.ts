// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from './errors.js'

const encoder = /* @__PURE__ */ new TextEncoder()
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The part of Node's Buffer used where there is one: it is several times faster than the portable way. */
interface NodeBuffer {
  readonly buffer: ArrayBuffer
  readonly byteOffset: number
  readonly length: number
  toString(encoding: 'base64' | 'base64url' | 'hex' | 'latin1'): string
}
interface NodeBufferConstructor {
  allocUnsafe(length: number): NodeBuffer
  compare(a: Uint8Array, b: Uint8Array): number
  from(text: string, encoding: 'base64' | 'base64url' | 'hex' | 'utf8'): NodeBuffer
  from(buffer: ArrayBufferLike, offset: number, length: number): NodeBuffer
}
const nodeBuffer = (globalThis as { Buffer?: NodeBufferConstructor }).Buffer

// A Buffer's own slice shares memory where Uint8Array's copies, so none leaves this file.
const plain = ({ buffer, byteOffset, length }: NodeBuffer) => new Uint8Array(buffer, byteOffset, length)

// A pair of surrogates counts as one character to the `u` flag, so this finds only lone ones.
const loneSurrogate = /\p{Cs}/u

/** Tells whether text is Unicode: without surrogates that stand alone, which UTF-8 cannot say. */
export function isUnicode(text: string): boolean {
  return !loneSurrogate.test(text)
}

/** Encodes text as UTF-8. */
export function encodeText(text: string): Uint8Array {
  return nodeBuffer ? plain(nodeBuffer.from(text, 'utf8')) : encoder.encode(text)
}

/** Decodes UTF-8, refusing what is not; a byte order mark is kept, not swallowed. @throws INVALID_TEXT */
export function decodeText(bytes: Uint8Array, what = 'text'): string {
  const short = bytes.length <= 24 ? decodeAscii(bytes) : undefined
  if (short !== undefined) return short
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new OcisignError('INVALID_TEXT', `${what} is not valid UTF-8`, { what }, { cause })
  }
}

/**
 * Decodes each byte as a character of its own, the quickest way to look at text that is expected to be ASCII. A byte
 * beyond ASCII becomes some character beyond ASCII: whoever finds one decodes again, as what it is meant to be.
 */
export function decodeCharacters(bytes: Uint8Array): string {
  if (nodeBuffer) return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  let text = ''
  for (let offset = 0; offset < bytes.length; offset += 8192)
    text += String.fromCharCode(...bytes.subarray(offset, offset + 8192))
  return text
}

/** Short text is nearly always ASCII, and read before the platform's decoder would have begun; undefined where it is not. */
function decodeAscii(bytes: Uint8Array): string | undefined {
  let text = ''
  for (const byte of bytes) {
    if (byte >= 0x80) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

/** Compares two byte strings. Not in constant time: nothing secret is compared here. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  const length = a.length
  if (length !== b.length) return false
  // Below this the call costs more than the loop.
  if (nodeBuffer && length > 48) return nodeBuffer.compare(a, b) === 0
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return false
  return true
}

/** Room for bytes, all of which the caller writes: on Node it comes from a pool, several times faster, and not empty. */
export function allocateBytes(length: number): Uint8Array {
  return nodeBuffer ? plain(nodeBuffer.allocUnsafe(length)) : new Uint8Array(length)
}

/** Copies bytes; unlike `slice`, also those of a Buffer. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  const copy = allocateBytes(bytes.length)
  copy.set(bytes)
  return copy
}

/** Joins byte strings into a new one. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = allocateBytes(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** Encodes bytes as lower-case hexadecimal. */
export function encodeHex(bytes: Uint8Array): string {
  if (nodeBuffer) return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** Encodes bytes as base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  if (nodeBuffer) return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return btoa(decodeCharacters(bytes))
}

/** Encodes bytes as base64url without padding (RFC 7515 section 2). */
export function encodeBase64Url(bytes: Uint8Array): string {
  if (nodeBuffer) return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const invalidBase64 = (what: string) => new OcisignError('INVALID_BASE64', `${what} is not canonical base64`, { what })

/**
 * Decodes canonical base64 with padding: no other alphabet, white space, missing padding or spare bits.
 * @throws INVALID_BASE64
 */
export function decodeBase64(text: string, what = 'value'): Uint8Array {
  // Platform decoders skip what they do not know; encoding again and comparing is the strict and quick way.
  if (nodeBuffer) {
    const bytes = nodeBuffer.from(text, 'base64')
    if (bytes.toString('base64') !== text) throw invalidBase64(what)
    return plain(bytes)
  }
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    if (encodeBase64(bytes) === text) return bytes
  } catch {
    // The error below says it.
  }
  throw invalidBase64(what)
}

/**
 * Decodes canonical base64url without padding (RFC 7515 section 2), as strictly as {@link decodeBase64}.
 * @throws INVALID_BASE64
 */
export function decodeBase64Url(text: string, what = 'value'): Uint8Array {
  if (nodeBuffer) {
    const bytes = nodeBuffer.from(text, 'base64url')
    if (bytes.toString('base64url') !== text) throw invalidBase64(what)
    return plain(bytes)
  }
  if (/[+/=]/.test(text)) throw invalidBase64(what)
  const padded = text.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (text.length % 4)) % 4)
  return decodeBase64(padded, what)
}
