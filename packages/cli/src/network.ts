// SPDX-License-Identifier: Apache-2.0
// The way to other machines, as the command line and the environment say.
import { encodePem, limits, OcisignError, parsePem, printable } from '@ocisign/core'
import type { Invocation, OptionSpec, Terminal } from './command.js'
import { readFileUpTo } from './files.js'

/** The option of every command that speaks https. */
export const networkOptions = {
  'ca-file': { type: 'string', value: 'FILE', help: "certificates (PEM) of authorities to trust, beside the system's" },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Makes the `fetch` of a command: it honours proxies and --ca-file, and follows no redirects. @throws MISUSE_OPTION */
export async function createFetch(invocation: Invocation, { signal }: Terminal): Promise<typeof globalThis.fetch> {
  const { env } = process
  const file = invocation.text('ca-file')
  const authorities = file === undefined ? undefined : await readAuthorities(file, signal)
  return (await import('./parts/network.js')).createNetworkFetch({ authorities, env })
}

async function readAuthorities(file: string, signal: AbortSignal): Promise<readonly string[]> {
  const what = `--ca-file ${printable(file, 1000)}`
  const blocks = parsePem(await readFileUpTo(file, limits.documentBytes, signal), what)
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE')
  if (certificates.length === 0) throw new OcisignError('INVALID_PEM', `${what} holds no certificate`, { what })
  return certificates.map(({ label, bytes }) => encodePem(label, bytes))
}
