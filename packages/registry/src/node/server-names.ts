// SPDX-License-Identifier: Apache-2.0
// What a registry is called where credentials are kept. A host is compared whole: never a part, an end or a beginning.

/** What Docker keeps the credentials for Docker Hub under. */
const dockerHubServer = 'https://index.docker.io/v1/'
const dockerHubHosts: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/** A name, an IPv4 address or an IPv6 address in brackets, with a port or without. */
const host = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** The host as it is compared; undefined for what is none, whatever it looks like in part. */
export function normalizeHost(text: string): string | undefined {
  if (text.length > 300 || !host.test(text)) return undefined
  const lower = text.toLowerCase()
  return dockerHubHosts.includes(lower) ? 'docker.io' : lower
}

/** The name that helpers know a host by, and that an entry is written under. */
export function serverOf(host: string): string {
  return host === 'docker.io' ? dockerHubServer : host
}

/** What a key of a file is about: a host, or some repositories of it as podman writes them. */
export interface ServerKey {
  readonly host: string
  /** Empty for all repositories. */
  readonly path: string
  /** How near the key is to the one that would be written today; less is nearer. */
  readonly rank: number
}

/** Reads a key of `auths` or `credHelpers`; undefined where it is about no host. */
export function parseServerKey(key: string): ServerKey | undefined {
  const address = /^https?:\/\//i.exec(key)?.[0]
  const rest = address === undefined ? key : key.slice(address.length)
  const slash = rest.indexOf('/')
  const name = normalizeHost(slash < 0 ? rest : rest.slice(0, slash))
  if (name === undefined) return undefined
  // An address is about its host, as `docker login` takes it; `index.docker.io/v1/` is one without its scheme.
  const path = address === undefined && slash >= 0 ? rest.slice(slash + 1).replace(/\/$/, '') : ''
  const isAddress = address !== undefined || (name === 'docker.io' && /^v[12]$/.test(path))
  const rank = key === serverOf(name) ? 0 : isAddress ? 2 : 1
  return { host: name, path: isAddress ? '' : path, rank }
}

/** Keys that are about a repository, the one that says most about it first. */
export function keysFor(keys: Iterable<string>, host: string, path: string): readonly string[] {
  const found: (ServerKey & { readonly key: string })[] = []
  for (const key of keys) {
    const parsed = parseServerKey(key)
    if (parsed?.host === host && (parsed.path === '' || isWithin(path, parsed.path))) found.push({ ...parsed, key })
  }
  return found.sort((a, b) => b.path.length - a.path.length || a.rank - b.rank).map(({ key }) => key)
}

const isWithin = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}/`)
