// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path'
import { printable } from '@ocisign/core'
import { requirePositionals } from '../artifact.js'
import { type Command, type Invocation, misuse, type OptionSpec } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { openPluginDirectory } from '../plugins.js'

const options = {
  provider: { type: 'string', value: 'PACKAGE[@VERSION]', help: 'the package with the keys: @ocisign/provider-aws' },
  dependency: {
    type: 'string',
    multiple: true,
    value: 'PACKAGE@VERSION',
    help: 'a further package, the client of the service; those of our own providers are known',
  },
  directory: { type: 'string', value: 'DIR', help: 'where to make its folder; the plugin directory by default' },
  ...configOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

declare const pluginHostVersion: string
declare const providerPackages: Readonly<
  Record<string, { readonly version: string; readonly peers: Readonly<Record<string, string>> }>
>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Makes a Notation plugin of a key provider, so that notation signs with its keys.',
  usage: '--provider PACKAGE [options] NAME',
  options,
  examples: ['ocisign plugin create --provider @ocisign/provider-aws com.example.aws'],
  writes: true,
  async run(invocation, terminal) {
    const [name] = requirePositionals(invocation, 'one plugin: com.example.aws', 1)
    const provider = parseProvider(invocation)
    const { directory, writePluginProject } = await openPluginDirectory(invocation)
    const chosen = invocation.text('directory')
    const { folder } = await writePluginProject({
      directory: chosen === undefined ? directory : resolve(chosen),
      name,
      provider,
      dependencies: { ...ownOf(provider.package)?.peers, ...parseDependencies(invocation) },
      hostVersion: pluginHostVersion,
    })
    const shown = printable(folder, 1000)
    terminal.print(
      [
        `Made the plugin ${printable(name)} in ${shown}`,
        `  npm install --prefix ${shown}`,
        `  notation key add KEY --plugin ${printable(name)} --id URI --plugin-config certificate-chain=FILE`,
      ].join('\n'),
    )
    return exitCodes.accepted
  },
}

const ownOf = (name: string) => (Object.hasOwn(providerPackages, name) ? providerPackages[name] : undefined)

function parseProvider(invocation: Invocation): { readonly package: string; readonly version: string } {
  const text = invocation.text('provider')
  if (text === undefined) throw misuse('name the package with the keys: --provider @ocisign/provider-aws', 'provider')
  const [name, given] = splitPackage(text)
  const version = given ?? ownOf(name)?.version
  if (version !== undefined) return { package: name, version }
  const known = Object.keys(providerPackages).join(', ')
  const shown = printable(name)
  throw misuse(`say which version of ${shown}: --provider ${shown}@VERSION; these need none: ${known}`, 'provider')
}

function parseDependencies(invocation: Invocation): Readonly<Record<string, string>> {
  return Object.fromEntries(
    invocation.texts('dependency').map((text) => {
      const [name, version] = splitPackage(text)
      if (version === undefined)
        throw misuse(`say which version: --dependency ${printable(name)}@VERSION`, 'dependency')
      return [name, version]
    }),
  )
}

/** The name and what follows its last `@`, which is not the one that a scope begins with. */
function splitPackage(text: string): readonly [name: string, version: string | undefined] {
  const at = text.lastIndexOf('@')
  return at < 1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
