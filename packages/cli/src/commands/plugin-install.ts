// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, printable } from '@ocisign/core'
import { requirePositionals } from '../artifact.js'
import { type Command, misuse, type OptionSpec } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { openPluginDirectory } from '../plugins.js'

const options = {
  file: { type: 'string', value: 'FILE', help: 'the same as naming it, as Notation has it' },
  sha256sum: { type: 'string', value: 'HEX', help: 'the SHA-256 that the file must have; compared before it is run' },
  force: { type: 'boolean', help: 'replace the same or a later version' },
  ...configOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Installs a Notation plugin from a file: an executable notation-NAME, a folder, a .zip or a .tar.gz.',
  usage: '[options] FILE',
  options,
  examples: ['ocisign plugin install --sha256sum f2a7… notation-com.example.plugin_1.0.0_linux_amd64.tar.gz'],
  writes: true,
  async run(invocation, terminal) {
    const file = invocation.text('file')
    if (file !== undefined && invocation.positionals.length > 0) throw misuse('name one file, with or without --file')
    const source = file ?? requirePositionals(invocation, 'one file', 1)[0]
    const { directory, installPlugin } = await openPluginDirectory(invocation)
    const { installed, replaced } = await installPlugin({
      directory,
      source,
      sha256: invocation.text('sha256sum'),
      force: invocation.flag('force'),
      signal: terminal.signal,
    }).catch((error: unknown) => {
      if (isOcisignError(error, 'MISUSE_OPTION') && error.details.option === 'force')
        throw misuse(error.message.replace('; force replaces it', '; --force replaces it'), 'force')
      throw error
    })
    const name = printable(installed.name)
    const instead = replaced ? `, in place of ${printable(replaced.version, 80)}` : ''
    terminal.print(`Installed the plugin ${name} ${printable(installed.version, 80)}${instead}`)
    return exitCodes.accepted
  },
}
