// SPDX-License-Identifier: Apache-2.0
import { decodeBase64, printable } from '@ocisign/core'

const maxLength = 200

/**
 * Makes what a registry says safe to show: printable, short, and without what looks like a credential. Registries repeat
 * what they were sent; `authorization` is the header that they were sent with it.
 */
export function redact(text: string, authorization?: string): string {
  let shown = text.slice(0, 4096)
  for (const secret of secretsOf(authorization)) shown = shown.replaceAll(secret, '…')
  shown = shown
    // Addresses keep their path: a query may be a signature, and the part before the host a password.
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1…@')
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s?#"']*)[?#][^\s"']*/gi, '$1?…')
    .replace(/\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=]).*/gis, '$1$2 …')
    .replace(/\b(basic|bearer|negotiate)(\s+)\S+/gi, '$1$2…')
    .replace(/((?:password|passwd|secret|token|api[_-]?key|credentials?)["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi, '$1…')
    // Tokens: JWT, and long runs of Base64; digests are hexadecimal and stay.
    .replace(/\beyJ[\w+/=.-]{10,}/g, '…')
    .replace(/(?<![\w+/:-])(?![0-9a-f]+(?![\w+/-]))[\w+-]{40,}={0,2}/g, '…')
  return printable(shown.trim(), maxLength)
}

/** The header, what it carries, and for a name and password both in the clear. */
function secretsOf(authorization: string | undefined): readonly string[] {
  if (authorization === undefined) return []
  const space = authorization.indexOf(' ')
  const value = authorization.slice(space + 1)
  const secrets = [authorization, value]
  if (/^basic /i.test(authorization)) {
    const clear = decode(value)
    const colon = clear.indexOf(':')
    secrets.push(clear, clear.slice(colon + 1))
  }
  // A password of a letter or two would blank out half of the text, and is no secret.
  return secrets.filter(({ length }) => length > 3).sort((a, b) => b.length - a.length)
}

function decode(base64: string): string {
  try {
    return new TextDecoder().decode(decodeBase64(base64))
  } catch {
    return ''
  }
}
