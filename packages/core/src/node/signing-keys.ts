// SPDX-License-Identifier: Apache-2.0
// The keys that Notation knows by name: signingkeys.json.
import { join } from 'node:path'
import { encodeText } from '../bytes.js'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import { parseJson } from '../json.js'
import {
  createProblemList,
  describeValue,
  type Members,
  memberPath,
  type ProblemList,
  readMembers,
  readText,
  summarizeErrors,
} from '../notary/policy/problems.js'
import { signingKeysFile } from './config-paths.js'
import { readRegularFile } from './files.js'
import { writeFileAtomically } from './write-file.js'

/** A key in a file, with its certificates; paths as they are written there. */
export interface LocalSigningKey {
  readonly name: string
  readonly keyPath: string
  readonly certificatePath: string
}

/** A key that a Notation plugin holds. */
export interface PluginSigningKey {
  readonly name: string
  readonly id: string
  readonly pluginName: string
  readonly pluginConfig: Readonly<Record<string, string>>
}

/** What `signingkeys.json` says; names are unique, and the default key is among them. */
export interface SigningKeys {
  readonly defaultKey?: string
  readonly keys: readonly (LocalSigningKey | PluginSigningKey)[]
}

const maxKeys = 1000

/**
 * Reads `signingkeys.json`; none is the same as one without keys. Does not look at the keys themselves.
 * @throws INVALID_CONFIGURATION with every problem; DENIED_FILE | UNAVAILABLE_FILE
 */
export async function readSigningKeys(configDirectory: string): Promise<SigningKeys> {
  const path = join(configDirectory, signingKeysFile)
  try {
    return parseSigningKeys((await readRegularFile(path)).bytes, path)
  } catch (error) {
    if (isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')) return { keys: [] }
    throw error
  }
}

/**
 * Reads the content of `signingkeys.json`, whose schema is closed; `path` names it in messages.
 * @throws INVALID_CONFIGURATION with every problem
 */
export function parseSigningKeys(bytes: Uint8Array, path: string = signingKeysFile): SigningKeys {
  const list = createProblemList()
  const members = readMembers(readJson(bytes, list), '', ['default', 'keys'], list)
  const keys = members && list.errorCount() === 0 ? readKeys(members.get('keys'), list) : []
  // Notation writes null where it means none.
  const defaultKey = members?.get('default') ?? undefined
  if (defaultKey !== undefined && (typeof defaultKey !== 'string' || !keys.some(({ name }) => name === defaultKey)))
    list.error('default', `is ${describeValue(defaultKey)}, which is not the name of a key here`)
  const summary = summarizeErrors(list.problems)
  if (summary === undefined) return { ...(typeof defaultKey === 'string' && { defaultKey }), keys }
  const shown = printable(path, 1000)
  throw new OcisignError('INVALID_CONFIGURATION', `${shown} cannot be used: ${summary}`, {
    path: shown,
    problems: list.problems,
  })
}

function readJson(bytes: Uint8Array, list: ProblemList): unknown {
  try {
    return parseJson(bytes, { what: 'it' })
  } catch (error) {
    list.error('', isOcisignError(error) ? error.message : 'it is not valid JSON')
    return {}
  }
}

function readKeys(value: unknown, list: ProblemList): SigningKeys['keys'] {
  // Notation writes null for an empty list.
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > maxKeys) {
    list.error('keys', `is not a list of at most ${maxKeys} keys`)
    return []
  }
  const keys: (LocalSigningKey | PluginSigningKey)[] = []
  const names = new Set<string>()
  for (const [index, entry] of value.entries()) {
    const path = `keys[${index}]`
    const key = readKey(entry, path, list)
    if (!key) continue
    if (names.has(key.name)) list.error(`${path}.name`, `"${printable(key.name, 60)}" is the name of another key, too`)
    names.add(key.name)
    keys.push(key)
  }
  return keys
}

const localMembers = ['keyPath', 'certPath']
const pluginMembers = ['id', 'pluginName', 'pluginConfig']

function readKey(value: unknown, path: string, list: ProblemList): LocalSigningKey | PluginSigningKey | undefined {
  const members = readMembers(value, path, ['name', ...localMembers, ...pluginMembers], list)
  const name = members && readText(members, 'name', path, list)
  if (!members || name === undefined) return undefined
  const isLocal = localMembers.some((each) => members.has(each))
  const isPlugin = pluginMembers.some((each) => members.has(each))
  if (isLocal === isPlugin) {
    list.error(path, 'is a key in files (keyPath, certPath) or of a plugin (id, pluginName): exactly one of the two')
    return undefined
  }
  if (isLocal) {
    const keyPath = readText(members, 'keyPath', path, list)
    const certificatePath = readText(members, 'certPath', path, list)
    return keyPath !== undefined && certificatePath !== undefined ? { name, keyPath, certificatePath } : undefined
  }
  const id = readText(members, 'id', path, list)
  const pluginName = readText(members, 'pluginName', path, list)
  const pluginConfig = readConfig(members, memberPath(path, 'pluginConfig'), list)
  return id !== undefined && pluginName !== undefined ? { name, id, pluginName, pluginConfig } : undefined
}

function readConfig(members: Members, path: string, list: ProblemList): Readonly<Record<string, string>> {
  const value = members.get('pluginConfig')
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    list.error(path, `is ${describeValue(value)}; an object of texts belongs here`)
    return {}
  }
  const entries = Object.entries(value)
  for (const [name, text] of entries)
    if (typeof text !== 'string') list.error(memberPath(path, name), `is ${describeValue(text)}; a text belongs here`)
  // Own members only, whatever they are called.
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/**
 * Finds a key by name, or the default key where none is named.
 * @throws MISUSE_OPTION where there is none
 */
export function findSigningKey(signingKeys: SigningKeys, name?: string): LocalSigningKey | PluginSigningKey {
  const wanted = name ?? signingKeys.defaultKey
  const found = signingKeys.keys.find((key) => key.name === wanted)
  if (found) return found
  const names = signingKeys.keys.map((key) => printable(key.name, 60)).join(', ') || 'none'
  const why =
    wanted === undefined ? 'no key is named, and there is no default' : `there is no key "${printable(wanted, 60)}"`
  throw new OcisignError('MISUSE_OPTION', `${why}; keys: ${names}`, { option: 'key' })
}

/** What {@link addSigningKey} accepts. */
export interface AddSigningKeyOptions {
  /** Makes it the default key; it is, too, where there was no key before. */
  readonly makeDefault?: boolean
}

/**
 * Adds a key in files to `signingkeys.json`; does not look at the files. Two processes that add at the same moment may
 * lose one of the two.
 * @throws MISUSE_OPTION where the name is taken; INVALID_CONFIGURATION | DENIED_FILE | UNAVAILABLE_FILE
 */
export async function addSigningKey(
  configDirectory: string,
  key: LocalSigningKey,
  options: AddSigningKeyOptions = {},
): Promise<void> {
  const path = join(configDirectory, signingKeysFile)
  const existing = await readSigningKeys(configDirectory)
  if (existing.keys.some(({ name }) => name === key.name)) {
    const message = `there is already a key "${printable(key.name, 60)}" in ${printable(path, 1000)}; choose another name`
    throw new OcisignError('MISUSE_OPTION', message, { option: 'name' })
  }
  const isDefault = options.makeDefault || existing.keys.length === 0
  const defaultKey = isDefault ? key.name : existing.defaultKey
  const text = encodeSigningKeys({ ...(defaultKey !== undefined && { defaultKey }), keys: [...existing.keys, key] })
  // Whatever is written must be readable again.
  parseSigningKeys(encodeText(text), path)
  await writeFileAtomically(path, encodeText(text), { replace: true, mode: 0o600, makeDirectory: true })
}

function encodeSigningKeys({ defaultKey, keys }: SigningKeys): string {
  const encoded = keys.map((key) =>
    'keyPath' in key ? { name: key.name, keyPath: key.keyPath, certPath: key.certificatePath } : key,
  )
  return `${JSON.stringify({ ...(defaultKey !== undefined && { default: defaultKey }), keys: encoded }, null, 4)}\n`
}
