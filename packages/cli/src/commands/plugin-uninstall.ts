// SPDX-License-Identifier: Apache-2.0
import { printable } from '@ocisign/core'
import { requirePositionals } from '../artifact.js'
import type { Command, OptionSpec } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { openPluginDirectory } from '../plugins.js'

const options = {
  yes: { type: 'boolean', short: 'y', help: 'nothing is asked in any case; for scripts written for Notation' },
  ...configOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Removes a Notation plugin.',
  usage: '[options] NAME',
  options,
  examples: ['ocisign plugin uninstall com.example.plugin'],
  writes: true,
  async run(invocation, terminal) {
    const [name] = requirePositionals(invocation, 'one plugin', 1)
    const { directory, uninstallPlugin } = await openPluginDirectory(invocation)
    await uninstallPlugin(directory, name)
    terminal.print(`Removed the plugin ${printable(name)}`)
    return exitCodes.accepted
  },
}
