// SPDX-License-Identifier: Apache-2.0
// Turns --key, --plugin and what goes with them into something that signs.
import { resolve } from 'node:path'
import {
  isOcisignError,
  limits,
  OcisignError,
  parseCertificatesPem,
  printable,
  type SigningKey,
  withCertificates,
  type X509Material,
} from '@ocisign/core'
import { findSigningKey, readSigningKeys } from '@ocisign/core/node'
import { type Invocation, misuse, type OptionSpec, parsePairs, type Terminal } from './command.js'
import { configDirectoryOf } from './config.js'
import { readFileUpTo } from './files.js'
import { findProvider, openByUri, schemeOf, shownUri, uriOptions } from './key-uri.js'
import type { EnvelopeSource } from './parts/notation-plugin.js'

/** Options of every command that signs. */
export const keyOptions = {
  key: {
    type: 'string',
    short: 'k',
    value: 'NAME|URI',
    help: 'a key of signingkeys.json, or a URI: file:key.pem, awskms:///ARN …; the default key where left out',
  },
  ...uriOptions,
  'without-timestamp': { type: 'boolean', help: 'sign with a key whose certificates live for days, all the same' },
  plugin: { type: 'string', value: 'NAME', help: 'a Notation plugin that holds the key, with --id' },
  id: { type: 'string', value: 'ID', help: 'what the plugin calls the key' },
  'plugin-config': { type: 'string', multiple: true, value: 'KEY=VALUE', help: 'for the plugin; may be repeated' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** What signs: a key with certificates, or somebody who makes whole envelopes. */
export type SigningSource = { readonly key: SigningKey<X509Material> } | EnvelopeSource

/** Opens what the command line says to sign with. */
export async function openSigningSource(invocation: Invocation, terminal: Terminal): Promise<SigningSource> {
  const chosen = await chooseKey(invocation)
  if ('plugin' in chosen) return openPlugin(chosen.plugin, invocation, terminal)
  const { uri, chainPath } = chosen
  const config = invocation.texts('plugin-config')
  const scheme = schemeOf(uri)
  if (scheme === 'notation-plugin') {
    const { parsePluginUri } = await import('./parts/notation-plugin.js')
    return openPlugin(parsePluginUri(uri), invocation, terminal)
  }
  if (config.length > 0) throw misuse('--plugin-config is for keys of Notation plugins', 'plugin-config')
  if (scheme === 'awssigner') {
    requireNoChain(chainPath, uri)
    return (await import('./parts/aws-signer.js')).openAwsSignerSource(uri)
  }
  return { key: await openCertifiedKey(uri, chainPath, invocation, terminal) }
}

/** A key as it is, with certificates only where it brings them; and the file that signingkeys.json has its chain in. */
export interface BareKey {
  readonly key: SigningKey
  readonly chainPath?: string | undefined
}

/**
 * Opens the key that the command line names.
 * @throws MISUSE_OPTION for what makes whole envelopes and has no key to show
 */
export async function openBareKey(named: string, invocation: Invocation, terminal: Terminal): Promise<BareKey> {
  const noKey = (id: string) => misuse(`${id} makes whole signatures and shows no key`, 'key')
  const scheme = schemeOf(named)
  const chosen = await chooseNamed(named, undefined, invocation)
  if ('uri' in chosen && scheme === 'awssigner') throw noKey(shownUri(chosen.uri))
  if ('uri' in chosen && scheme !== 'notation-plugin') {
    const { opener } = await findProvider(chosen.uri, invocation)
    return { key: await openByUri(opener, chosen.uri, terminal), chainPath: chosen.chainPath }
  }
  const plugin = 'plugin' in chosen ? chosen.plugin : (await import('./parts/notation-plugin.js')).parsePluginUri(named)
  const source = await openPlugin(plugin, invocation, terminal)
  if ('key' in source) return source
  throw noKey(source.id)
}

interface PluginKey {
  readonly name: string
  readonly id: string
  readonly config: Readonly<Record<string, string>>
}

type Chosen = { readonly plugin: PluginKey } | { readonly uri: string; readonly chainPath: string | undefined }

async function chooseKey(invocation: Invocation): Promise<Chosen> {
  const [named, plugin, id] = ['key', 'plugin', 'id'].map((option) => invocation.text(option))
  if (plugin !== undefined) {
    if (named !== undefined) throw misuse('say --key, or --plugin and --id, not both', 'plugin')
    if (id === undefined) throw misuse('--plugin needs --id, the name that the plugin has for the key', 'id')
    return { plugin: { name: plugin, id, config: {} } }
  }
  if (id !== undefined) throw misuse('--id is the key of a --plugin; name that, too', 'id')
  return chooseNamed(named, invocation.text('certificate-chain'), invocation)
}

async function chooseNamed(
  named: string | undefined,
  chainPath: string | undefined,
  invocation: Invocation,
): Promise<Chosen> {
  if (named !== undefined && schemeOf(named) !== undefined) return { uri: named, chainPath }
  if (invocation.text('provider') !== undefined) throw misuse('--provider needs --key SCHEME:…', 'provider')
  const key = await findKey(named, invocation)
  if (!('keyPath' in key)) return { plugin: { name: key.pluginName, id: key.id, config: key.pluginConfig } }
  return { uri: `file:${key.keyPath}`, chainPath: chainPath ?? key.certificatePath }
}

/** What looks like a path is more likely a file than the name of a key. */
async function findKey(named: string | undefined, invocation: Invocation) {
  const keys = await readSigningKeys(configDirectoryOf(invocation))
  try {
    return findSigningKey(keys, named)
  } catch (error) {
    if (named === undefined || !/[/\\.]/.test(named) || !isOcisignError(error, 'MISUSE_OPTION')) throw error
    throw misuse(`${error.message}; the key in a file is file:${printable(named, 1000)}`, 'key')
  }
}

async function openPlugin(
  { name, id, config }: PluginKey,
  invocation: Invocation,
  terminal: Terminal,
): Promise<SigningSource> {
  requireNoChain(invocation.text('certificate-chain'), `notation-plugin:${name}`)
  const more = parsePairs(invocation.texts('plugin-config'), 'plugin-config')
  const { openPluginSource } = await import('./parts/notation-plugin.js')
  return openPluginSource({
    configDirectory: resolve(configDirectoryOf(invocation)),
    name,
    id,
    config: { ...config, ...more },
    signal: terminal.signal,
    ...(invocation.flag('debug') && { onStandardError: (text) => terminal.notice(`${printable(name, 100)}: ${text}`) }),
  })
}

function requireNoChain(chainPath: string | undefined, uri: string): void {
  if (chainPath === undefined) return
  const message = `the key ${shownUri(uri)} comes with its certificates; leave --certificate-chain out`
  throw misuse(message, 'certificate-chain')
}

async function openCertifiedKey(
  uri: string,
  chainPath: string | undefined,
  invocation: Invocation,
  terminal: Terminal,
): Promise<SigningKey<X509Material>> {
  const { opener, hasCertificates } = await findProvider(uri, invocation)
  if (hasCertificates) requireNoChain(chainPath, uri)
  else if (hasCertificates === false && chainPath === undefined) throw noCertificates(shownUri(uri))
  // The certificates first: nobody should be asked for a passphrase in vain.
  const chain = chainPath === undefined ? undefined : await readChain(chainPath, terminal.signal)
  const key = await openByUri(opener, uri, terminal)
  const certified = chain ? withCertificates(key, chain) : requireCertificates(key)
  if (!certified.requiresTimestamp || invocation.flag('without-timestamp')) return certified
  const why = 'its certificates live for days, and this version makes no timestamps'
  const message = `signatures of ${certified.id} are soon worthless: ${why}; --without-timestamp says that this is meant`
  throw new OcisignError('MISUSE_TIMESTAMP_REQUIRED', message, { key: certified.id })
}

/** Reads a certificate chain, PEM, as DER. */
export async function readChain(path: string, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const bytes = await readFileUpTo(path, limits.documentBytes, signal)
  return parseCertificatesPem(bytes, `certificate chain ${printable(path, 1000)}`).map(({ der }) => der)
}

const noCertificates = (id: string) =>
  misuse(`the key ${id} has no certificates of its own; it needs --certificate-chain FILE`, 'certificate-chain')

/** Whether a key brings certificates shows with its signatures only. */
function requireCertificates(key: SigningKey): SigningKey<X509Material> {
  return {
    contract: key.contract,
    id: key.id,
    algorithm: key.algorithm,
    requiresTimestamp: key.requiresTimestamp ?? false,
    async sign(message, options) {
      const { signature, material } = await key.sign(message, options)
      if (material.kind === 'x509') return { signature, material }
      throw noCertificates(key.id)
    },
  }
}
