// SPDX-License-Identifier: Apache-2.0
import { printable } from '@ocisign/core'
import { eraseCredential } from '@ocisign/registry/node'
import type { Command } from '../command.js'
import { requireRegistry } from '../credentials.js'
import { exitCodes } from '../exit-codes.js'
import { formatPlace } from '../registries.js'

export { start } from '../program.js'

export const command: Command = {
  summary: "Forgets the credentials of a registry, in Docker's configuration and its credential helper.",
  usage: 'HOST',
  options: {},
  examples: ['ocisign logout ghcr.io'],
  writes: true,
  async run(invocation, terminal) {
    const host = requireRegistry(invocation)
    const places = await eraseCredential(host, { signal: terminal.signal })
    const from = places.map(formatPlace).join(' and ')
    terminal.print(
      places.length > 0
        ? `Logged out of ${printable(host)}; the credentials were in ${from}`
        : `There were no credentials for ${printable(host)}`,
    )
    return exitCodes.accepted
  },
}
