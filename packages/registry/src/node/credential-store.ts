// SPDX-License-Identifier: Apache-2.0
// Keeps credentials where Docker does, so that whoever logs in here is logged in there, and the other way round.
import { mkdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { decodeText, encodeBase64, encodeText, equalBytes, OcisignError, printable } from '@ocisign/core'
import {
  type ConfigEnvironment,
  fileError,
  type JsonMember,
  splitJson,
  splitMember,
  writeFileAtomically,
} from '@ocisign/core/node'
import { checkCredential } from '../auth/header.js'
import type { Credential } from '../auth/types.js'
import { readConfigFile } from './config-file.js'
import { eraseFromHelper, type HelperOptions, storeInHelper } from './credential-helper.js'
import { type DockerConfig, parseDockerConfig } from './docker-config.js'
import { dockerConfigFile, helperFor } from './docker-credentials.js'
import { type FileLockOptions, lockedError, withFileLock } from './lock.js'
import { keysFor, normalizeHost, serverOf } from './server-names.js'

/** Where a credential is kept. */
export type CredentialPlace =
  | { readonly kind: 'helper'; readonly helper: string }
  /** Not encrypted: whoever can read the file can read the password. */
  | { readonly kind: 'file'; readonly path: string }

/** What {@link saveCredential} and {@link eraseCredential} accept. */
export interface CredentialStoreOptions extends ConfigEnvironment, HelperOptions, FileLockOptions {
  /** Docker's configuration directory; `$DOCKER_CONFIG` or `~/.docker` by default. */
  readonly directory?: string | undefined
}

/**
 * Keeps a credential for a registry (`host[:port]`, `docker.io` for Docker Hub), as `docker login` does: in the credential
 * helper that Docker's configuration names for it, or else in `config.json` itself, in plain text and for its owner only.
 * Whether it is good for anything is not checked.
 * @throws MISUSE_OPTION | UNAVAILABLE_CREDENTIALS | INVALID_CONFIGURATION | UNAVAILABLE_LOCK | DENIED_FILE | UNAVAILABLE_FILE
 */
export async function saveCredential(
  host: string,
  credential: Credential,
  options: CredentialStoreOptions = {},
): Promise<CredentialPlace> {
  const name = requireHost(host)
  const checked = checkCredential(credential, name)
  if (!checked) throw new OcisignError('MISUSE_OPTION', 'there is no credential to save', { option: 'credential' })
  const path = await fileOf(options)
  const config = parseDockerConfig((await readConfigFile(path)) ?? new Uint8Array(), path)
  const helper = helperFor(config, name)
  if (helper === undefined) {
    const entry = encodeEntry(checked)
    await editAuths(path, options, ({ auths }, members) => {
      const old = keysFor(auths.keys(), name, '')
      const server = serverOf(name)
      const kept = members.filter((member) => member.name === server || !old.includes(member.name))
      return kept.some((member) => member.name === server)
        ? kept.map((member) => (member.name === server ? { name: server, value: entry } : member))
        : [...kept, { name: server, value: entry }]
    })
    return { kind: 'file', path }
  }
  await storeInHelper(helper, serverOf(name), checked, options)
  // What was kept in plain text before would now be an old secret that nobody looks after.
  await editAuths(path, options, ({ auths }, members) => {
    const old = keysFor(auths.keys(), name, '')
    const isOld = (key: string) => old.includes(key) && Object.keys(auths.get(key)!).length > 0
    return members.map((member) => (isOld(member.name) ? { ...member, value: '{}' } : member))
  })
  return { kind: 'helper', helper }
}

/**
 * Forgets the credential for a registry, in the credential helper and in `config.json`; answers where there was one.
 * What podman keeps for single repositories, and in its own files, is left alone.
 * @throws MISUSE_OPTION | UNAVAILABLE_CREDENTIALS | INVALID_CONFIGURATION | UNAVAILABLE_LOCK | DENIED_FILE | UNAVAILABLE_FILE
 */
export async function eraseCredential(
  host: string,
  options: CredentialStoreOptions = {},
): Promise<readonly CredentialPlace[]> {
  const name = requireHost(host)
  const path = await fileOf(options)
  const bytes = await readConfigFile(path)
  if (!bytes) return []
  const helper = helperFor(parseDockerConfig(bytes, path), name)
  const places: CredentialPlace[] = []
  if (helper !== undefined && (await eraseFromHelper(helper, serverOf(name), options)))
    places.push({ kind: 'helper', helper })
  let held = false
  await editAuths(path, options, ({ auths }, members) => {
    const old = keysFor(auths.keys(), name, '')
    held = old.some((key) => Object.keys(auths.get(key)!).length > 0)
    return members.filter((member) => !old.includes(member.name))
  })
  if (held) places.push({ kind: 'file', path })
  return places
}

function requireHost(host: string): string {
  const name = normalizeHost(host)
  if (name !== undefined) return name
  const message = `"${printable(host)}" is not a registry; write its host, with a port where it has one`
  throw new OcisignError('MISUSE_OPTION', message, { option: 'host' })
}

/** The file itself where a link stands in its place, as some keep their configuration elsewhere. */
async function fileOf({ directory, ...environment }: CredentialStoreOptions): Promise<string> {
  const path = directory === undefined ? dockerConfigFile(environment) : join(directory, 'config.json')
  return realpath(path).catch(() => path)
}

function encodeEntry(credential: Credential): string {
  const members: JsonMember[] = []
  const add = (name: string, value: string) => members.push({ name, value: JSON.stringify(value) })
  if ('registryToken' in credential) add('registrytoken', credential.registryToken)
  else if ('identityToken' in credential) add('identitytoken', credential.identityToken)
  else add('auth', encodeBase64(encodeText(`${credential.username}:${credential.password}`)))
  return joinObject(members, 2)
}

const maxTries = 10

/** Changes the entries of `auths` and nothing else. Where nothing changes, nothing is written. */
async function editAuths(
  path: string,
  options: CredentialStoreOptions,
  edit: (config: DockerConfig, auths: readonly JsonMember[]) => readonly JsonMember[],
): Promise<void> {
  const change = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
    const config = parseDockerConfig(bytes ?? new Uint8Array(), path)
    const text = decodeText(bytes ?? new Uint8Array()).trim()
    const members = text === '' ? [] : splitObject(text)
    const written = members.find(({ name }) => name === 'auths')?.value
    const auths = written === undefined || written === 'null' ? [] : splitObject(written)
    const edited = edit(config, auths)
    if (edited.length === auths.length && edited.every((each, index) => each === auths[index])) return undefined
    const member = { name: 'auths', value: joinObject(edited, 1) }
    const others =
      written === undefined ? [member, ...members] : members.map((each) => (each.name === 'auths' ? member : each))
    return encodeText(`${joinObject(others, 0)}\n`)
  }
  if (change(await readConfigFile(path)) === undefined) return
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw fileError(cause, path, 'write')
  })
  await withFileLock(path, options, async () => {
    for (let tries = 0; tries < maxTries; tries++) {
      const before = await readConfigFile(path)
      const after = change(before)
      if (after === undefined) return
      // Whatever is written must be readable again.
      parseDockerConfig(after, path)
      // Docker knows nothing of our lock: what it wrote meanwhile must not be lost.
      const now = await readConfigFile(path)
      if (before && now ? equalBytes(before, now) : before === now)
        return writeFileAtomically(path, after, { replace: true, mode: 0o600, signal: options.signal })
    }
    throw lockedError(path)
  })
}

const splitObject = (text: string): readonly JsonMember[] => splitJson(text).map(splitMember)

/** Writes an object whose members begin on lines of their own, as Docker indents them. */
function joinObject(members: readonly JsonMember[], depth: number): string {
  if (members.length === 0) return '{}'
  const lines = members.map(({ name, value }) => `${'\t'.repeat(depth + 1)}${JSON.stringify(name)}: ${value}`)
  return `{\n${lines.join(',\n')}\n${'\t'.repeat(depth)}}`
}
