// SPDX-License-Identifier: Apache-2.0
import { type Listed, printable } from '@ocisign/core'
import type { Command } from '../command.js'
import { exitCodes } from '../exit-codes.js'
import { reportError } from '../output/error.js'
import { parseDocumentOutput, printDocument } from '../output/print.js'
import { listingOptions, listSignatures } from '../signatures.js'

export { start } from '../program.js'

export const command: Command = {
  summary: 'Lists the signatures of an artifact, without verifying them.',
  usage: '[options] REFERENCE',
  options: listingOptions,
  examples: ['ocisign list registry.example.com/app:v1', 'ocisign list --oci-layout layout:v1'],
  async run(invocation, terminal) {
    const output = parseDocumentOutput(invocation)
    const { name, subject, signatures } = await listSignatures(invocation, terminal)
    if (output === 'json') {
      printDocument(terminal, { reference: name, subject, signatures: signatures.map(document) })
      return exitCodes.accepted
    }
    terminal.print(`${printable(name, 1000)}\n${subject.digest}`)
    if (signatures.length === 0) terminal.print('└── no signatures')
    for (const [index, each] of signatures.entries()) {
      const branch = index === signatures.length - 1 ? '└──' : '├──'
      terminal.print(`${branch} ${each.manifest.digest} (${describe(each)})`)
    }
    return exitCodes.accepted
  },
}

const document = (listed: Listed) =>
  'error' in listed
    ? { manifest: listed.manifest, error: reportError(listed.error) }
    : { manifest: listed.manifest, signature: listed.layer }

function describe(listed: Listed): string {
  if (!('error' in listed)) return printable(listed.layer.mediaType)
  const { code, message } = reportError(listed.error)
  return `unreadable: ${printable(message, 1000)} [${code}]`
}
