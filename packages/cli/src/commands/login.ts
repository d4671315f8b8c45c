// SPDX-License-Identifier: Apache-2.0
import { OcisignError, printable } from '@ocisign/core'
import { saveCredential } from '@ocisign/registry/node'
import { type Command, type Invocation, misuse, type OptionSpec, type Terminal } from '../command.js'
import { makeCredential, readGivenCredential, requireRegistry } from '../credentials.js'
import { exitCodes } from '../exit-codes.js'
import { quietOptions, warn } from '../progress.js'
import { ask } from '../prompt.js'
import { createClient, formatPlace } from '../registries.js'
import { registryOptions } from '../registry-options.js'
import { timeoutOptions, withTimeout } from '../timeout.js'

const options = {
  ...registryOptions,
  ...timeoutOptions,
  ...quietOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Keeps the credentials of a registry where Docker does, once the registry has taken them.',
  usage: '[options] HOST',
  options,
  examples: [
    'ocisign login ghcr.io --username me --password-stdin < token',
    'ocisign login docker.io',
    'aws ecr get-login-password | ocisign login -u AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  ],
  writes: true,
  async run(invocation, terminal) {
    const host = requireRegistry(invocation)
    const credential = await findCredential(invocation, terminal, host)
    const signal = withTimeout(invocation, terminal.signal)
    let isAsked = false
    const registry = await createClient(invocation, terminal, async () => {
      isAsked = true
      return credential
    })
    await registry.checkAccess(host, { signal })
    if (!isAsked)
      warn(invocation, terminal, `${printable(host)} lets everybody in: it has not looked at the credentials`)
    const place = await saveCredential(host, credential, { signal: terminal.signal })
    terminal.print(`Logged in to ${printable(host)}; the credentials are in ${formatPlace(place)}`)
    if (place.kind === 'file')
      warn(
        invocation,
        terminal,
        `they are not encrypted there: whoever can read that file can use them; a credential helper ("credsStore") keeps them safe`,
      )
    return exitCodes.accepted
  },
}

async function findCredential(invocation: Invocation, terminal: Terminal, host: string) {
  const given = await readGivenCredential(invocation, terminal)
  if (given.credential) return given.credential
  // Given by nobody, a name may also be left out: then what is asked for is a token.
  const name = given.username ?? (await ask(`User name for ${printable(host)}: `, terminal, { secret: false }))
  const question = name ? 'Password: ' : 'Token: '
  const password = name === undefined ? undefined : await ask(question, terminal, { secret: true })
  if (password) return makeCredential(name === '' ? undefined : name, password)
  if (process.stdin.isTTY) throw new OcisignError('DENIED_CREDENTIALS', 'no password was given', { host })
  throw misuse('say --username and --password-stdin: there is no terminal to ask at', 'password-stdin')
}
