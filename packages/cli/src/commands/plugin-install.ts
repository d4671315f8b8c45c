// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, printable } from '@ocisign/core'
import { requirePositionals } from '../artifact.js'
import { type Command, type Invocation, misuse, type OptionSpec, type Terminal } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { createFetch, networkOptions } from '../network.js'
import { openPluginDirectory } from '../plugins.js'
import { createProgress, formatBytes, quietOptions } from '../progress.js'

const options = {
  file: { type: 'boolean', help: 'it is a file or a folder; need not be said' },
  url: { type: 'boolean', help: 'it is a URL to download from, by https; need not be said' },
  sha256sum: {
    type: 'string',
    value: 'HEX',
    help: 'the SHA-256 that the file must have; compared before it is run, and needed for a URL',
  },
  force: { type: 'boolean', help: 'replace the same or a later version' },
  ...networkOptions,
  ...quietOptions,
  ...configOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Installs a Notation plugin: an executable notation-NAME, a folder, a .zip or a .tar.gz, or one at a URL.',
  usage: '[options] FILE|URL',
  options,
  examples: [
    'ocisign plugin install --sha256sum f2a7… notation-com.example.plugin_1.0.0_linux_amd64.tar.gz',
    'ocisign plugin install --sha256sum f2a7… https://example.com/notation-com.example.plugin_1.0.0_linux_amd64.tar.gz',
  ],
  writes: true,
  async run(invocation, terminal) {
    const [source] = requirePositionals(invocation, 'one file or URL', 1)
    requireKind(invocation, source)
    const { directory, installPlugin } = await openPluginDirectory(invocation)
    const { installed, replaced } = await installPlugin({
      directory,
      source,
      sha256: invocation.text('sha256sum'),
      force: invocation.flag('force'),
      signal: terminal.signal,
      ...(await openDownload(invocation, terminal)),
    }).catch((error: unknown) => {
      throw inWordsOfOptions(error)
    })
    const name = printable(installed.name)
    const instead = replaced ? `, in place of ${printable(replaced.version, 80)}` : ''
    terminal.print(`Installed the plugin ${name} ${printable(installed.version, 80)}${instead}`)
    return exitCodes.accepted
  },
}

/** What the options of this command are called. */
function inWordsOfOptions(error: unknown): unknown {
  if (!isOcisignError(error, 'MISUSE_OPTION')) return error
  if (error.details.option === 'force')
    return misuse(error.message.replace('; force replaces it', '; --force replaces it'), 'force')
  return error.details.option === 'sha256' ? misuse(`${error.message}: --sha256sum HEX`, 'sha256sum') : error
}

/** Holds what is named to what was said of it. @throws MISUSE_OPTION */
function requireKind(invocation: Invocation, source: string): void {
  const isUrl = source.includes('://')
  const [file, url] = [invocation.flag('file'), invocation.flag('url')]
  if (file && url) throw misuse('say --file or --url, not both')
  if (file && isUrl) throw misuse(`${printable(source, 1000)} is no file; say --url`, 'file')
  if (url && !isUrl) throw misuse(`${printable(source, 1000)} is no URL; write https://HOST/PATH`, 'url')
}

async function openDownload(invocation: Invocation, terminal: Terminal) {
  const progress = await createProgress(invocation, terminal)
  terminal.atEnd(async () => progress.end())
  terminal.adviseWith((error) =>
    isOcisignError(error) && /\((?:UNABLE_TO_|[A-Z_]*SELF_SIGNED)/.test(error.message)
      ? 'if its certificate is from an authority of your own, give --ca-file'
      : undefined,
  )
  let made: Promise<typeof fetch> | undefined
  return {
    // What sends requests is loaded where there is one to send.
    fetch: async (...request: Parameters<typeof fetch>) => {
      made ??= createFetch(invocation, terminal)
      return (await made)(...request)
    },
    onProgress: ({ bytes, totalBytes }: { readonly bytes: number; readonly totalBytes?: number | undefined }) =>
      progress.show(
        () => `downloaded ${formatBytes(bytes)}${totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`}`,
      ),
  }
}
