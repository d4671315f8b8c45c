// SPDX-License-Identifier: Apache-2.0
// Keys by URI: which package opens which, loaded when it is named.
import { type KeyOpener, OcisignError, printable, type SigningKey } from '@ocisign/core'
import * as files from '@ocisign/provider-local/uri'
import { type Invocation, misuse, type OptionSpec, type Terminal } from './command.js'

/** Options of every command that opens a key by URI. */
export const uriOptions = {
  provider: { type: 'string', value: 'PACKAGE', help: 'the package that opens keys of a scheme that is not built in' },
  'certificate-chain': { type: 'string', value: 'FILE', help: "the key's certificates, PEM, leaf first, root last" },
} as const satisfies Readonly<Record<string, OptionSpec>>

interface Provider {
  load(): Promise<KeyOpener>
  /** Whether the key brings its certificates; undefined where only opening it shows. */
  hasCertificates(uri: string): boolean | undefined
}

const never = () => false
const always = () => true

/** The schemes there are. `notation-plugin:` is opened elsewhere: a plugin may be a key, or make whole envelopes. */
const providers: Readonly<Record<string, Provider>> = {
  file: { load: async () => files, hasCertificates: never },
  awskms: { load: () => import('./parts/provider-aws.js'), hasCertificates: never },
  azurekms: {
    load: () => import('./parts/provider-azure.js'),
    hasCertificates: (uri) => /[?&]certificate=/.test(uri),
  },
  trustedsigning: { load: () => import('./parts/trusted-signing.js'), hasCertificates: always },
  gcpkms: { load: () => import('./parts/provider-gcp.js'), hasCertificates: never },
  hashivault: { load: () => import('./parts/provider-vault.js'), hasCertificates: never },
  pkcs11: { load: () => import('./parts/provider-pkcs11.js'), hasCertificates: () => undefined },
}

const schemes = [...Object.keys(providers), 'notation-plugin', 'awssigner']

/** The scheme of a key's URI; undefined for the name of a key. */
export const schemeOf = (key: string): string | undefined => /^([a-z][a-z0-9+.-]+):/.exec(key)?.[1]

/** A URI as messages show it: what follows a `?` may be a PIN. */
export const shownUri = (uri: string): string => printable(uri.replace(/\?.*$/s, ''), 1000)

/** Who opens a key, and whether it brings its certificates. */
export interface FoundProvider {
  readonly opener: KeyOpener
  readonly hasCertificates: boolean | undefined
}

/**
 * Finds who opens the keys of a URI.
 * @throws MISUSE_OPTION for a scheme that nobody knows | MISUSE_PACKAGE
 */
export async function findProvider(uri: string, invocation: Invocation): Promise<FoundProvider> {
  const scheme = schemeOf(uri) ?? ''
  const named = invocation.text('provider')
  if (named !== undefined) {
    const opener = await (await import('./parts/third-party.js')).openThirdParty(named, schemes)
    if (opener.scheme === scheme) return { opener, hasCertificates: undefined }
    throw misuse(`keys of the package ${named} begin with ${opener.scheme}:, not ${printable(scheme)}:`, 'provider')
  }
  const provider = Object.hasOwn(providers, scheme) ? providers[scheme] : undefined
  if (provider) return { opener: await provider.load(), hasCertificates: provider.hasCertificates(uri) }
  const known = schemes.map((each) => `${each}:`).join(', ')
  throw misuse(
    `keys "${printable(scheme)}:…" are not known; ${known} are, and --provider PACKAGE loads others`,
    'provider',
  )
}

/** Opens a key, asking for a passphrase or PIN where it needs one. @throws what the opener throws */
export async function openByUri(opener: KeyOpener, uri: string, terminal: Terminal): Promise<SigningKey> {
  const passphrase = async () => {
    const given = await (await import('./passphrase.js')).askPassphrase(terminal)
    if (given !== undefined) return given
    const id = shownUri(uri)
    const what = opener.scheme === 'file' ? 'is encrypted' : 'needs a PIN or passphrase'
    throw new OcisignError('DENIED_KEY', `${id} ${what}; set OCISIGN_KEY_PASSPHRASE to it`, { id })
  }
  return opener.openKey(uri, { signal: terminal.signal, passphrase })
}
