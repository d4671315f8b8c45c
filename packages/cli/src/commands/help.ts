// SPDX-License-Identifier: Apache-2.0
// What is said where no command is named, or none that there is.
import { printable } from '@ocisign/core'
import { type Command, misuse } from '../command.js'
import { exitCodes } from '../exit-codes.js'
import { version } from '../version.js'

export { start } from '../program.js'

const summaries: Readonly<Record<string, string>> = {
  sign: 'Sign artifacts',
  verify: 'Verify artifacts against a trust policy',
  list: 'List the signatures of an artifact',
  inspect: 'Show what the signatures of an artifact say, unverified',
  copy: 'Copy artifacts with their signatures, between registries and layouts',
  attach: 'Attach files to an artifact: SBOMs, scan results',
  discover: 'Show what is attached to an artifact',
  login: 'Keep the credentials of a registry',
  logout: 'Forget the credentials of a registry',
  'blob sign': 'Sign a file',
  'blob verify': 'Verify a file against its signature',
  'policy lint': 'Explain what is wrong with a trust policy',
  'policy explain': 'Show which trust policy a reference selects, and why',
  'policy init': 'Write a first trust policy',
  'key show': 'Show what a key is and what it can be used for',
  'certificate add': 'Add certificates to a trust store',
  'certificate list': 'List the certificates of the trust stores',
  'certificate generate-test': 'Make a key and a certificate for testing',
  'certificate csr': 'Make a request for a certificate, for a key anywhere',
  'plugin list': 'List the Notation plugins that are installed',
  'plugin install': 'Install a Notation plugin',
  'plugin uninstall': 'Remove a Notation plugin',
  'plugin create': 'Make a Notation plugin of a key provider',
}

export const command: Command = {
  summary: 'Lists the commands.',
  usage: '',
  options: {},
  examples: ['ocisign --help'],
  async run({ positionals }, terminal) {
    const [first = ''] = positionals
    if (first === '') throw misuse('name a command; ocisign --help lists them')
    if (first === '--version' || first === 'version') terminal.print(version)
    else if (['help', '--help', '-h'].includes(first)) terminal.print(describeAll())
    else throw misuse(explainUnknown(first))
    return exitCodes.accepted
  },
}

function describeAll(): string {
  const width = Math.max(...Object.keys(summaries).map((name) => name.length))
  return [
    'ocisign signs and verifies OCI artifacts and files.',
    '',
    'Usage: ocisign COMMAND [options]',
    '',
    'Commands:',
    ...Object.entries(summaries).map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'ocisign COMMAND --help explains a command; ocisign --version says which version this is.',
  ].join('\n')
}

function explainUnknown(first: string): string {
  const inGroup = Object.keys(summaries).filter((name) => name.startsWith(`${first} `))
  if (inGroup.length > 0)
    return `ocisign ${first} is followed by ${inGroup.map((name) => name.split(' ')[1]).join(', ')}`
  return `there is no command "${printable(first, 40)}"; ocisign --help lists them`
}
