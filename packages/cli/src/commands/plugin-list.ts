// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, printable } from '@ocisign/core'
import { requireNoPositionals } from '../artifact.js'
import type { Command, OptionSpec } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { reportError } from '../output/error.js'
import { documentOptions, parseDocumentOutput, printDocument } from '../output/print.js'
import { openPluginDirectory } from '../plugins.js'

const options = { ...configOptions, ...documentOptions } as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Lists the Notation plugins that are installed, as each describes itself: that runs them.',
  usage: '[options]',
  options,
  examples: ['ocisign plugin list'],
  async run(invocation, terminal) {
    requireNoPositionals(invocation)
    const output = parseDocumentOutput(invocation)
    const { directory, listPlugins, openPlugin } = await openPluginDirectory(invocation)
    const { signal } = terminal
    const plugins = []
    for (const { name, error } of await listPlugins(directory))
      try {
        if (error) throw error
        const { metadata, path } = await openPlugin({ directory, name, signal })
        const { version, description, capabilities } = metadata
        plugins.push({ name, path, version, description, capabilities })
      } catch (cause) {
        signal.throwIfAborted()
        if (!isOcisignError(cause)) throw cause
        plugins.push({ name, error: reportError(cause) })
      }
    if (output === 'json') printDocument(terminal, { directory, plugins })
    else if (plugins.length === 0) terminal.print(`There are no plugins in ${printable(directory, 1000)}.`)
    else
      for (const each of plugins) {
        const { name, version, description, capabilities, error } = each
        terminal.print(
          `${printable(name)}${version === undefined ? ' (cannot be used)' : ` ${printable(version, 80)}`}`,
        )
        if (error) terminal.print(`  ${printable(error.message, 2000)} [${error.code}]`)
        if (description !== undefined) terminal.print(`  ${printable(description, 500)}`)
        if (capabilities) terminal.print(`  ${printable(capabilities.join(', '), 500)}`)
      }
    return exitCodes.accepted
  },
}
