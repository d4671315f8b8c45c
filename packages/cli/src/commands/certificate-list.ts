// SPDX-License-Identifier: Apache-2.0
import { formatName, printable } from '@ocisign/core'
import { listTrustStores } from '@ocisign/core/node'
import { requireNoPositionals } from '../artifact.js'
import type { Command, OptionSpec } from '../command.js'
import { configDirectoryOf, configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { documentOptions, parseDocumentOutput, printDocument } from '../output/print.js'
import { parseStoreType, trustStoreOptions } from '../trust-store.js'

const options = {
  ...trustStoreOptions,
  ...configOptions,
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Lists the certificates of the trust stores.',
  usage: '[options]',
  options,
  examples: ['ocisign certificate list', 'ocisign certificate list --type ca --store acme'],
  async run(invocation, terminal) {
    requireNoPositionals(invocation)
    const output = parseDocumentOutput(invocation)
    const wanted = { type: parseStoreType(invocation), name: invocation.text('store') }
    const stores = (await listTrustStores(configDirectoryOf(invocation)))
      .filter(({ type, name }) => type === (wanted.type ?? type) && name === (wanted.name ?? name))
      .map(({ type, name, usable, files, warnings }) => ({
        store: `${type}:${name}`,
        usable,
        certificates: files.flatMap(({ path, certificates }) =>
          certificates.map(({ subject, notAfter }) => ({
            file: path,
            subject: formatName(subject),
            notAfter: new Date(notAfter).toISOString(),
          })),
        ),
        warnings,
      }))
    if (output === 'json') printDocument(terminal, { stores })
    else if (stores.length === 0) terminal.print('There is no such trust store; ocisign certificate add makes one.')
    else
      for (const { store, usable, certificates, warnings } of stores) {
        terminal.print(`${printable(store)}${usable ? '' : ' (cannot be used)'}`)
        for (const { file, subject, notAfter } of certificates)
          terminal.print(`  ${printable(subject, 500)}\n    until ${notAfter}, ${printable(file, 1000)}`)
        for (const warning of warnings) terminal.notice(`ocisign: ${printable(store)}: ${printable(warning, 1000)}`)
      }
    return exitCodes.accepted
  },
}
