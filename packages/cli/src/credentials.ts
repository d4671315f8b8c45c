// SPDX-License-Identifier: Apache-2.0
// A name and a password from the command line or the environment, under the names that Notation has for them.
import { OcisignError, printable } from '@ocisign/core'
import type { Credential } from '@ocisign/registry'
import { requirePositionals } from './artifact.js'
import { type Invocation, misuse, type Terminal } from './command.js'
import { warn } from './progress.js'
import { readStdin } from './stdin.js'

/** A credential, and where it came from, in words that may be printed. */
export interface GivenCredential {
  readonly credential: Credential
  readonly origin: string
}

/** The one registry that `login` and `logout` are about, `HOST` or `HOST:PORT`. @throws MISUSE_OPTION */
export function requireRegistry(invocation: Invocation): string {
  const [text] = requirePositionals(invocation, 'one registry: HOST or HOST:PORT', 1)
  const [, host = ''] = /^(?:[a-z]+:\/\/)?([^/]*)/i.exec(text) ?? []
  if (host === text) return host
  throw misuse(`"${printable(text)}" is no registry; write its host alone: ${printable(host) || 'ghcr.io, say'}`)
}

/** Reads --username, --password, --password-stdin, NOTATION_USERNAME and NOTATION_PASSWORD. @throws MISUSE_OPTION */
export async function readGivenCredential(
  invocation: Invocation,
  terminal: Terminal,
): Promise<Partial<GivenCredential> & { readonly username: string | undefined }> {
  const username = invocation.text('username') ?? nonEmpty(process.env.NOTATION_USERNAME)
  const fromStdin = invocation.flag('password-stdin')
  const onCommandLine = invocation.text('password')
  if (fromStdin && onCommandLine !== undefined) throw misuse('say --password-stdin or --password, not both', 'password')
  if (onCommandLine !== undefined)
    warn(invocation, terminal, 'everyone on this machine can read --password while this runs; use --password-stdin')
  const password = fromStdin
    ? await readPassword(terminal.signal)
    : (onCommandLine ?? nonEmpty(process.env.NOTATION_PASSWORD))
  if (password === undefined) return { username }
  if (password === '') throw misuse('the password is empty', fromStdin ? 'password-stdin' : 'password')
  const isEnvironment = !fromStdin && onCommandLine === undefined
  return {
    username,
    credential: makeCredential(username, password),
    origin: isEnvironment ? 'NOTATION_PASSWORD' : 'the command line',
  }
}

/** As Notation has it: a password without a name is an identity token. */
export const makeCredential = (username: string | undefined, password: string): Credential =>
  username === undefined ? { identityToken: password } : { username, password }

const nonEmpty = (text: string | undefined) => (text === '' ? undefined : text)

const maxBytes = 64 * 1024

async function readPassword(signal: AbortSignal): Promise<string> {
  const what = 'the password on standard input'
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readStdin('a password', maxBytes, signal))
    // Whoever wrote it with `echo` means what stands before the line's end.
    return text.replace(/\r?\n$/, '')
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new OcisignError('INVALID_TEXT', `${what} is not UTF-8`, { what }, { cause })
  }
}
