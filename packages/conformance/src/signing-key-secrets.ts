// SPDX-License-Identifier: Apache-2.0
// Looks for secrets in whatever a log line, a debugger or an error report would show of a value.
import { encodeBase64, encodeBase64Url, encodeHex, encodeText } from '@ocisign/core'
import { needs } from './case.js'

/** A passphrase, a token, a private key: as text, or as bytes. */
export type Secret = string | Uint8Array

const maxDepth = 8
const maxValues = 20_000

/** States that a value shows none of the secrets: as text, as JSON, to `inspect`, and in any member at any depth. */
export function needsNoSecret(
  value: unknown,
  what: string,
  secrets: readonly Secret[],
  inspect?: (value: unknown) => string,
): void {
  const texts = [shown(() => String(value)), shown(() => JSON.stringify(value)), shown(() => inspect?.(value) ?? '')]
  collect(value, texts, new Set(), 0)
  const forms = secrets.flatMap(formsOf)
  const found = texts.some((text) => forms.some((form) => text.includes(form)))
  // The secret itself stays out of the message: this one ends in a log, too.
  needs(!found, `${what} shows a secret`)
}

function formsOf(secret: Secret): readonly string[] {
  const bytes = typeof secret === 'string' ? encodeText(secret) : secret
  needs(bytes.length >= 4, 'a secret to look for has 4 bytes at least; a shorter one is found by chance')
  // Base64 without its last characters, which depend on what comes next.
  const base64 = encodeBase64(bytes).slice(0, Math.floor(bytes.length / 3) * 4)
  const forms = [encodeHex(bytes), base64, encodeBase64Url(bytes).slice(0, base64.length)]
  return typeof secret === 'string' ? [secret, ...forms] : forms
}

// Some values cannot be written as text or JSON, and so show nothing that way.
function shown(write: () => string | undefined): string {
  try {
    return write() ?? ''
  } catch {
    return ''
  }
}

function collect(value: unknown, texts: string[], seen: Set<unknown>, depth: number): void {
  if (typeof value === 'string') texts.push(value)
  if (value instanceof ArrayBuffer) collect(new Uint8Array(value), texts, seen, depth)
  if (value instanceof Uint8Array) {
    texts.push(encodeHex(value), encodeBase64(value))
    return
  }
  const isContainer = (typeof value === 'object' && value !== null) || typeof value === 'function'
  if (!isContainer || seen.has(value) || depth > maxDepth || seen.size > maxValues) return
  seen.add(value)
  if (value instanceof Map || value instanceof Set) for (const each of value) collect(each, texts, seen, depth + 1)
  // Every own member, also those that do not enumerate: the stack and cause of an error, a hidden field.
  for (const name of Reflect.ownKeys(value)) {
    const member = shownMember(value, name)
    collect(member, texts, seen, depth + 1)
  }
}

function shownMember(value: object, name: string | symbol): unknown {
  try {
    return (value as Record<string | symbol, unknown>)[name]
  } catch {
    return undefined
  }
}
