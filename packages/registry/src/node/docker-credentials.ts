// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'
import process from 'node:process'
import type { CallOptions } from '@ocisign/core'
import type { ConfigEnvironment } from '@ocisign/core/node'
import { createCache } from '../auth/cache.js'
import { createFlights } from '../auth/flights.js'
import { isSameCredential } from '../auth/header.js'
import type { Credential, CredentialSource } from '../auth/types.js'
import { readConfigFile } from './config-file.js'
import { getFromHelper, type HelperOptions } from './credential-helper.js'
import type { CredentialPlace } from './credential-store.js'
import { credentialOf, type DockerConfig, parseDockerConfig } from './docker-config.js'
import { keysFor, normalizeHost, serverOf } from './server-names.js'

/** What {@link openDockerCredentials} accepts. */
export interface DockerCredentialsOptions extends ConfigEnvironment, Omit<HelperOptions, keyof CallOptions> {
  /** Docker's configuration directory: only its `config.json` is read. */
  readonly directory?: string | undefined
  /** Exactly these files, in this order. */
  readonly files?: readonly string[] | undefined
  /** Says how long ago a helper was asked; for tests. */
  readonly clock?: (() => Date) | undefined
  /** Hears where the credential for a host was found, to name it when it is refused. */
  readonly onFound?: ((host: string, place: CredentialPlace) => void) | undefined
}

/**
 * The files that credentials are looked up in, first to last: `$REGISTRY_AUTH_FILE`, Docker's `config.json` (in
 * `$DOCKER_CONFIG` or `~/.docker`), podman's `auth.json` (in `$XDG_RUNTIME_DIR/containers`, and in
 * `$XDG_CONFIG_HOME/containers` or `~/.config/containers`). None of them need exist.
 */
export function credentialFiles(environment: ConfigEnvironment = {}): readonly string[] {
  const { env = process.env, platform = process.platform } = environment
  const { join } = platform === 'win32' ? win32 : posix
  const home = homeOf(environment)
  const inConfig = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json')
  return [
    ...(env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE] : []),
    dockerConfigFile(environment),
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    inConfig,
  ]
}

/** Docker's own file: where `docker login` writes. */
export function dockerConfigFile(environment: ConfigEnvironment = {}): string {
  const { env = process.env, platform = process.platform } = environment
  const { join } = platform === 'win32' ? win32 : posix
  return join(env.DOCKER_CONFIG || join(homeOf(environment), '.docker'), 'config.json')
}

function homeOf({ env = process.env, platform = process.platform, home }: ConfigEnvironment): string {
  return env[platform === 'win32' ? 'USERPROFILE' : 'HOME'] || (home ?? homedir())
}

const maxRemembered = 256
/** Helpers of clouds give passwords that run out, and know when to give others. */
const rememberedMilliseconds = 300_000

interface Remembered {
  credential?: Credential | undefined
  /** When the helper was asked. */
  since: number
}

/**
 * Opens what `docker login` and `podman login` have stored, as a source of credentials. The first file that has a
 * credential for exactly the host is the one in use; within it, `credHelpers` for the host come before `credsStore` and
 * that before `auths`, of which the entry for the longest path of the repository counts, as podman has them.
 *
 * Files are read again each time they are asked; what a helper gave is kept for five minutes, or until it is
 * refused. Where there is nothing for the host the answer is undefined, which means anonymous.
 *
 * The source throws INVALID_CONFIGURATION, DENIED_FILE or UNAVAILABLE_FILE for a file that cannot be used, and
 * UNAVAILABLE_CREDENTIALS where a helper fails in any other way than not to know the host.
 */
export function openDockerCredentials(options: DockerCredentialsOptions = {}): CredentialSource {
  const { directory, files, platform = process.platform, clock = () => new Date() } = options
  const { join } = platform === 'win32' ? win32 : posix
  const paths = files ?? (directory === undefined ? credentialFiles(options) : [join(directory, 'config.json')])
  const remembered = createCache<Remembered>(maxRemembered, () => ({ since: 0 }))
  const flights = createFlights<Credential | undefined>()

  async function ask(helper: string, host: string, refused: Credential | undefined, call: CallOptions) {
    const key = JSON.stringify([helper, host])
    const memory = remembered.ensure(key)
    const age = clock().getTime() - memory.since
    const isFresh = age >= 0 && age < rememberedMilliseconds
    if (isFresh && memory.credential && !(refused && isSameCredential(memory.credential, refused)))
      return memory.credential
    memory.credential = undefined
    return flights.join(key, call, async (signal) => {
      const since = clock().getTime()
      memory.credential = await getFromHelper(helper, serverOf(host), { ...options, signal })
      memory.since = since
      return memory.credential
    })
  }

  async function findInFile(
    path: string,
    host: string,
    repository: string,
    refused: Credential | undefined,
    call: CallOptions,
  ) {
    const bytes = await readConfigFile(path)
    if (!bytes) return undefined
    const config = parseDockerConfig(bytes, path)
    const helper = helperFor(config, host)
    const kept = helper && (await ask(helper, host, refused, call))
    if (kept) return { credential: kept, place: { kind: 'helper', helper } as const }
    const credential = findInAuths(config, host, repository, path)
    return credential && { credential, place: { kind: 'file', path } as const }
  }

  return async (request, call = {}) => {
    const host = normalizeHost(request.host)
    if (host === undefined) return undefined
    const slash = request.repository?.indexOf('/') ?? -1
    const repositoryPath = slash < 0 ? '' : request.repository!.slice(slash + 1)
    for (const path of paths) {
      call.signal?.throwIfAborted()
      const found = await findInFile(path, host, repositoryPath, request.refused, call)
      if (!found) continue
      options.onFound?.(host, found.place)
      return found.credential
    }
    return undefined
  }
}

/** The helper that keeps the credentials for a host. */
export function helperFor(config: DockerConfig, host: string): string | undefined {
  for (const key of keysFor(config.credHelpers.keys(), host, '')) {
    const name = config.credHelpers.get(key)
    // Docker writes an empty name where a host has none, whatever credsStore says.
    if (name !== undefined) return name || undefined
  }
  return config.credsStore
}

function findInAuths(config: DockerConfig, host: string, path: string, file: string): Credential | undefined {
  for (const key of keysFor(config.auths.keys(), host, path)) {
    const found = credentialOf(config.auths.get(key)!, key, file)
    if (found) return found
  }
  return undefined
}
