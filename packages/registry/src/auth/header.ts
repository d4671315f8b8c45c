// SPDX-License-Identifier: Apache-2.0
// Credentials as they stand in a request. A text that would say more than one header line is never made.
import { encodeBase64, encodeText, isUnicode, OcisignError, printable } from '@ocisign/core'
import type { Credential } from './types.js'

const maxCharacters = 64 * 1024

/** Whether a text may stand in a header as a token: visible ASCII. */
export function isToken(text: string): boolean {
  return text.length <= maxCharacters && /^[!-~]+$/.test(text)
}

/** The header for a token. */
export const bearer = (token: string): string => `Bearer ${token}`

/** The header for a name and a password (RFC 7617, in UTF-8). */
export const basic = (username: string, password: string): string =>
  `Basic ${encodeBase64(encodeText(`${username}:${password}`))}`

/**
 * Holds what a source of credentials gave to what a credential has to be; a copy, so that it stays as it was looked at.
 * @throws MISUSE_OPTION, without the credential
 */
export function checkCredential(given: unknown, host: string): Credential | undefined {
  if (given === undefined || given === null) return undefined
  const refuse = (why: string) =>
    new OcisignError('MISUSE_OPTION', `the credential for ${printable(host)} ${why}`, { option: 'credentials' })
  const { username, password, identityToken, registryToken } = given as Readonly<Record<string, unknown>>
  if (typeof registryToken === 'string') {
    if (!isToken(registryToken)) throw refuse('has a registry token that cannot be sent in a header')
    return { registryToken }
  }
  if (typeof identityToken === 'string') {
    if (identityToken === '' || !isText(identityToken)) throw refuse('has an identity token that is no text')
    return { identityToken }
  }
  if (typeof username !== 'string' || typeof password !== 'string')
    throw refuse('is neither a name with a password nor a token')
  if (username === '' && password === '') throw refuse('is an empty name with an empty password')
  if (!isText(username) || !isText(password)) throw refuse('is too long or no Unicode text')
  if (/[:\p{Cc}]/u.test(username)) throw refuse('has a name with a colon or a control character')
  return { username, password }
}

const isText = (text: string) => text.length <= maxCharacters && isUnicode(text)

/** Whether two credentials are the same. */
export function isSameCredential(a: Credential | undefined, b: Credential | undefined): boolean {
  return secretsOf(a).join('\0') === secretsOf(b).join('\0')
}

function secretsOf(credential: Credential | undefined): readonly string[] {
  if (!credential) return []
  if ('registryToken' in credential) return ['registry', credential.registryToken]
  if ('identityToken' in credential) return ['identity', credential.identityToken]
  return ['password', credential.username, credential.password]
}
