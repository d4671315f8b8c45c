// SPDX-License-Identifier: Apache-2.0
// The registries of one run: connections, tokens, credentials and limits are shared by all its references.
import { type ArtifactStore, printable } from '@ocisign/core'
import {
  type CredentialSource,
  createRegistry,
  type Notice,
  parseImageReference,
  type Registry,
  type RegistryRepository,
} from '@ocisign/registry'
import { type CredentialPlace, openDockerCredentials } from '@ocisign/registry/node'
import { adviseOn } from './advice.js'
import { type Invocation, misuse, type Terminal } from './command.js'
import { readGivenCredential } from './credentials.js'
import { createFetch } from './network.js'
import { version } from './version.js'

/** Opens repositories of registries. */
export interface Registries {
  open(text: string): { readonly store: ArtifactStore; readonly reference: string }
  openRepository(text: string): RegistryRepository
}

/** Makes a client of all registries, as the command line and the environment say. @throws MISUSE_OPTION */
export async function openRegistries(invocation: Invocation, terminal: Terminal): Promise<Registries> {
  const { username, credential, origin } = await readGivenCredential(invocation, terminal)
  if (username !== undefined && credential === undefined)
    throw misuse(`there is no password for ${printable(username)}; say --password-stdin`, 'username')
  const origins = new Map<string, string>()
  const hosts = new Set<string>()
  terminal.adviseWith((error) => adviseOn(error, { origins, hosts }))
  const given: CredentialSource = async ({ host }) => {
    origins.set(host, origin ?? '')
    return credential
  }
  const saved = openDockerCredentials({ onFound: (host, place) => void origins.set(host, formatPlace(place)) })
  const registry = await createClient(invocation, terminal, credential === undefined ? saved : given)
  const openRepository = (name: string) => {
    const host = name.slice(0, name.indexOf('/'))
    hosts.add(host)
    // Nobody means to show one registry's password to another.
    if (credential !== undefined && hosts.size > 1)
      throw misuse(
        `a password from ${origin} is for one registry, and both ${[...hosts].map((each) => printable(each)).join(' and ')} are named; ocisign login keeps one for each`,
        'username',
      )
    return registry.repository(name)
  }
  return {
    open(text) {
      const { repository, tag, digest } = parseRegistryReference(text)
      return { store: openRepository(repository), reference: digest ?? tag ?? 'latest' }
    },
    openRepository(text) {
      if (text.includes('@') || /:[^/]*$/.test(text.slice(text.indexOf('/') + 1)))
        throw misuse(`"${printable(text, 1000)}" names an artifact; name the repository alone`)
      return openRepository(parseRegistryReference(text).repository)
    },
  }
}

/** Where a credential is kept, for people. */
export function formatPlace(place: CredentialPlace): string {
  return printable(place.kind === 'file' ? place.path : `the credential helper ${place.helper}`, 1000)
}

/** What begins like a path is more likely a layout than a registry. @throws MISUSE_OPTION | INVALID_REFERENCE */
function parseRegistryReference(text: string) {
  if (/^[./~\\-]/.test(text))
    throw misuse(`"${printable(text, 1000)}" is no reference to a registry; if it is a layout, add --oci-layout`)
  return parseImageReference(text)
}

/** Makes the client itself; also for what needs no repository. */
export async function createClient(
  invocation: Invocation,
  terminal: Terminal,
  credentials: CredentialSource | undefined,
): Promise<Registry> {
  const insecure = invocation.flag('insecure-registry') || invocation.flag('plain-http')
  const onNotice = ({ kind, message }: Notice) => {
    // That something is tried again is worth knowing while one waits for it, and no more.
    if (kind === 'retry' ? invocation.flag('debug') : !invocation.flag('quiet')) terminal.notice(`ocisign: ${message}`)
  }
  return createRegistry({
    fetch: await createFetch(invocation, terminal),
    credentials,
    // Whoever names an authority wants TLS, also on this machine.
    insecureHosts: insecure ? 'all' : invocation.text('ca-file') !== undefined ? 'none' : undefined,
    ...(invocation.flag('force-referrers-tag') && { referrersTag: 'always' as const }),
    userAgent: `ocisign/${version}`,
    onNotice,
  })
}
