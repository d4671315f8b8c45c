// SPDX-License-Identifier: Apache-2.0
// Turns --key and --certificate-chain into a key with certificates.
import {
  limits,
  OcisignError,
  parseCertificatesPem,
  printable,
  type SigningKey,
  withCertificates,
  type X509Material,
} from '@ocisign/core'
import { findSigningKey, readSigningKeys } from '@ocisign/core/node'
import { openKey } from '@ocisign/provider-local/uri'
import { type Invocation, misuse, type OptionSpec, type Terminal } from './command.js'
import { configDirectoryOf } from './config.js'
import { readFileUpTo } from './files.js'

/** Options of every command that signs. */
export const keyOptions = {
  key: {
    type: 'string',
    short: 'k',
    value: 'NAME|URI',
    help: 'a key of signingkeys.json, or file:key.pem; the default key where left out',
  },
  'certificate-chain': { type: 'string', value: 'FILE', help: "the key's certificates, PEM, leaf first" },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Opens the key that the command line names, with its certificates. */
export async function openSigningKey(invocation: Invocation, terminal: Terminal): Promise<SigningKey<X509Material>> {
  const { uri, chainPath } = await findKey(invocation)
  // The certificates first: nobody should be asked for a passphrase in vain.
  const bytes = await readFileUpTo(chainPath, limits.documentBytes, terminal.signal)
  const certificates = parseCertificatesPem(bytes, `certificate chain ${printable(chainPath, 1000)}`)
  const passphrase = async () => {
    const given = await (await import('./passphrase.js')).askPassphrase(terminal)
    if (given !== undefined) return given
    const id = printable(uri, 1000)
    throw new OcisignError('DENIED_KEY', `${id} is encrypted; set OCISIGN_KEY_PASSPHRASE to its passphrase`, { id })
  }
  const key = await openKey(uri, { signal: terminal.signal, passphrase })
  return withCertificates(
    key,
    certificates.map(({ der }) => der),
  )
}

async function findKey(invocation: Invocation): Promise<{ readonly uri: string; readonly chainPath: string }> {
  const named = invocation.text('key')
  const chain = invocation.text('certificate-chain')
  const scheme = named === undefined ? undefined : /^([a-z][a-z0-9+.-]+):/.exec(named)?.[1]
  if (named !== undefined && scheme !== undefined) {
    if (scheme !== 'file') throw misuse(`keys "${printable(scheme)}:…" are not known to this version; file: is`, 'key')
    if (chain === undefined) throw misuse('a key given as URI needs --certificate-chain FILE', 'certificate-chain')
    return { uri: named, chainPath: chain }
  }
  const directory = configDirectoryOf(invocation)
  const key = findSigningKey(await readSigningKeys(directory), named)
  if (!('keyPath' in key))
    throw misuse(`key "${printable(key.name)}" belongs to a plugin; this version signs with keys in files`, 'key')
  return { uri: `file:${key.keyPath}`, chainPath: chain ?? key.certificatePath }
}
