// SPDX-License-Identifier: Apache-2.0
// The files that `docker login`, `podman login` and others keep credentials in: config.json and auth.json.
import {
  decodeBase64,
  decodeText,
  isJsonObject,
  isOcisignError,
  type JsonObject,
  type JsonValue,
  type OcisignError,
  parseJsonObject,
  printable,
  requireExactNames,
} from '@ocisign/core'
import type { Credential } from '../auth/types.js'
import { invalidConfiguration } from './config-file.js'

/** What such a file says; keys as they are written there. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, JsonObject>
  /** From hosts to the names of helpers. */
  readonly credHelpers: ReadonlyMap<string, string>
  readonly credsStore: string | undefined
}

const entryMembers = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'] as const

/**
 * Reads the content of such a file; `path` names it in messages. An empty file says nothing. Members that nobody here
 * knows are left alone; known ones in another letter case, which Docker would read all the same, are refused.
 * @throws INVALID_CONFIGURATION
 */
export function parseDockerConfig(bytes: Uint8Array, path: string): DockerConfig {
  const isEmpty = bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))
  try {
    const what = 'the file'
    const document = isEmpty ? {} : parseJsonObject(bytes, { what })
    requireExactNames(document, ['auths', 'credHelpers', 'credsStore'], what)
    const auths = readMembers(document.auths, 'auths', path)
    const credHelpers = readMembers(document.credHelpers, 'credHelpers', path)
    return {
      auths: new Map(Object.entries(auths).map(([key, entry]) => [key, readEntry(entry, key, path)])),
      credHelpers: new Map(
        Object.entries(credHelpers).map(([host, name]) => [host, readText(name, `credHelpers["${host}"]`, path) ?? '']),
      ),
      credsStore: readText(document.credsStore, 'credsStore', path) || undefined,
    }
  } catch (error) {
    if (isOcisignError(error, 'INVALID_JSON') || isOcisignError(error, 'INVALID_TEXT'))
      throw invalidConfiguration(path, `cannot be used: ${error.message}`)
    throw error
  }
}

const wrong = (path: string, member: string, why: string): OcisignError =>
  invalidConfiguration(path, `cannot be used: ${printable(member)} ${why}`)

function readMembers(value: JsonValue | undefined, member: string, path: string): JsonObject {
  if (value === undefined || value === null) return {}
  if (!isJsonObject(value)) throw wrong(path, member, 'is not an object')
  return value
}

function readEntry(value: JsonValue, key: string, path: string): JsonObject {
  const member = `auths["${key}"]`
  const entry = readMembers(value, member, path)
  requireExactNames(entry, entryMembers, printable(member))
  for (const name of entryMembers) readText(entry[name], `${member}.${name}`, path)
  return entry
}

function readText(value: JsonValue | undefined, member: string, path: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrong(path, member, 'is not a text')
  return value
}

/**
 * The credential in an entry of `auths`; undefined for one that only marks that a helper has it.
 * @throws INVALID_CONFIGURATION
 */
export function credentialOf(entry: JsonObject, key: string, path: string): Credential | undefined {
  const text = (name: (typeof entryMembers)[number]) => {
    const value = entry[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const registryToken = text('registrytoken')
  if (registryToken !== undefined) return { registryToken }
  const identityToken = text('identitytoken')
  if (identityToken !== undefined) return { identityToken }
  const auth = text('auth')
  const [username, password] =
    auth === undefined ? [text('username'), text('password')] : decodeAuth(auth, `auths["${key}"].auth`, path)
  if (username === undefined && password === undefined) return undefined
  return { username: username ?? '', password: password ?? '' }
}

function decodeAuth(auth: string, member: string, path: string): readonly [string, string] | readonly [] {
  let decoded: string
  try {
    decoded = decodeText(decodeBase64(auth))
  } catch {
    throw wrong(path, member, 'is not text in Base64')
  }
  const colon = decoded.indexOf(':')
  if (colon < 0) throw wrong(path, member, 'is no name and password with a colon between them')
  // Docker takes off what some systems pad with.
  const [username, password] = [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/^\0+|\0+$/g, '')]
  return username === '' && password === '' ? [] : [username, password]
}
