// SPDX-License-Identifier: Apache-2.0
import { printable } from '@ocisign/core'
import { addTrustStoreCertificates } from '@ocisign/core/node'
import { requirePositionals } from '../artifact.js'
import { type Command, misuse } from '../command.js'
import { configDirectoryOf, configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { parseStoreType, trustStoreOptions } from '../trust-store.js'

export { start } from '../program.js'

export const command: Command = {
  summary: 'Adds certificates to a trust store. Policies that name the store trust them from then on.',
  usage: '--type TYPE --store NAME [options] FILE …',
  options: { ...trustStoreOptions, ...configOptions },
  examples: ['ocisign certificate add --type ca --store acme root.pem'],
  writes: true,
  async run(invocation, terminal) {
    const files = requirePositionals(invocation, 'certificate files, PEM or DER')
    const type = parseStoreType(invocation)
    const store = invocation.text('store')
    if (type === undefined) throw misuse('say what the store is for: --type ca, signingAuthority or tsa', 'type')
    if (store === undefined) throw misuse('name the trust store with --store NAME', 'store')
    for (const path of await addTrustStoreCertificates(configDirectoryOf(invocation), type, store, files))
      terminal.print(`Added ${printable(path, 1000)}`)
    return exitCodes.accepted
  },
}
