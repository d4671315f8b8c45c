// SPDX-License-Identifier: Apache-2.0
// Names as Docker users write them, and where a name is spoken to.
import { OcisignError, parseReference, parseRepository, printable, type Reference } from '@ocisign/core'
import type { RegistryOptions } from './options.js'

/** Docker Hub is called by several names, and spoken to by another. */
const dockerHub = 'docker.io'
const dockerHubNames: readonly string[] = [dockerHub, 'index.docker.io']
const dockerHubApi = 'registry-1.docker.io'

/** Adds what Docker implies: `docker.io` where the text begins with no host, and there `library/` for a single word. @throws INVALID_REFERENCE */
function complete(text: string): string {
  const [, scheme] = /^([a-z]+:\/\/)/i.exec(text) ?? []
  if (scheme !== undefined) {
    const reference = printable(text)
    throw new OcisignError('INVALID_REFERENCE', `"${reference}" is an address; leave "${scheme}" out`, { reference })
  }
  const slash = text.indexOf('/')
  const first = slash < 0 ? '' : text.slice(0, slash)
  const isHost = /[.:[]/.test(first) || first === 'localhost'
  const host = isHost ? first.toLowerCase() : dockerHub
  const rest = isHost ? text.slice(slash + 1) : text
  if (!dockerHubNames.includes(host)) return `${host}/${rest}`
  return `${dockerHub}/${/^[^/@]*(?:@|$)/.test(rest) ? 'library/' : ''}${rest}`
}

/**
 * Reads an image reference as Docker users write it, into the one form that policies see: `alpine` is
 * `docker.io/library/alpine` with the tag `latest`, `index.docker.io/` is `docker.io/`, host names are lower case.
 *
 * A first part is a host where it has a dot, a colon, or is `localhost`. The tag `latest` is implied only where there is
 * neither tag nor digest. Nothing is asked: that it exists is not checked.
 * @throws INVALID_REFERENCE | INVALID_DIGEST
 *
 * @example
 * ```ts
 * import { parseImageReference } from '@ocisign/registry'
 *
 * const { repository, tag } = parseImageReference('alpine')
 * console.log(`${repository}:${tag}`) // docker.io/library/alpine:latest
 * ```
 */
export function parseImageReference(text: string): Reference {
  const reference = parseReference(complete(text))
  requirePort(reference.repository)
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference
}

/** Where a repository is, and what it is called. */
export interface RepositoryName {
  /** `host[:port]/path`, as policies see it. */
  readonly repository: string
  /** `host[:port]`; credentials are looked up by it. */
  readonly host: string
  readonly path: string
  /** Scheme, host and port of the API. */
  readonly origin: string
}

/** Reads the name of a repository as {@link parseImageReference} reads it, without tag and digest. @throws INVALID_REFERENCE */
export function parseRepositoryName(
  text: string,
  insecureHosts: RegistryOptions['insecureHosts'] = [],
): RepositoryName {
  const repository = parseRepository(complete(text))
  const slash = repository.indexOf('/')
  const [written, path] = [repository.slice(0, slash), repository.slice(slash + 1)]
  requirePort(repository)
  const api = written === dockerHub ? dockerHubApi : written
  const isInsecure =
    insecureHosts === 'all' || (insecureHosts !== 'none' && (insecureHosts.includes(written) || isLoopback(written)))
  const origin = `${isInsecure ? 'http' : 'https'}://${api}`
  return { repository, host: api === dockerHubApi ? dockerHub : written, path, origin: new URL(origin).origin }
}

/** Reads the name of a registry, `host[:port]`. @throws INVALID_REFERENCE */
export function parseHost(
  text: string,
  insecureHosts: RegistryOptions['insecureHosts'] = [],
): Pick<RepositoryName, 'host' | 'origin'> {
  // Docker would take any other first part for one of Docker Hub's.
  const isHost = /[.:[]/.test(text) || text === 'localhost'
  if (isHost && !text.includes('/')) return parseRepositoryName(`${text}/any`, insecureHosts)
  const reference = printable(text)
  throw new OcisignError('INVALID_REFERENCE', `"${reference}" is no registry; write its host, ghcr.io say`, {
    reference,
  })
}

/** What an address cannot say: ports that are none, and numbers that are read as the address of another host. */
function requirePort(repository: string): void {
  const host = repository.slice(0, repository.indexOf('/'))
  const name = host.replace(/:\d+$/, '')
  if (URL.canParse(`https://${host}`)) {
    const { hostname } = new URL(`https://${host}`)
    if (hostname === name || name.startsWith('[')) return
  }
  const shown = printable(repository)
  throw new OcisignError('INVALID_REFERENCE', `"${shown}" begins with what is no host and port`, { reference: shown })
}

/** Tells whether a host (`host[:port]`) is this machine itself. */
function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d+)?$/.test(host)
}
