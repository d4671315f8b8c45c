// SPDX-License-Identifier: Apache-2.0
// Where the passphrase of an encrypted key comes from: the environment, else whoever sits at the terminal.
import type { Terminal } from './command.js'
import { ask, type Surroundings } from './prompt.js'

/** Asks for a passphrase; undefined where there is nobody to ask. What is typed is not shown. */
export async function askPassphrase(
  terminal: Pick<Terminal, 'signal'>,
  surroundings: Surroundings = process,
): Promise<string | undefined> {
  return (
    surroundings.env.OCISIGN_KEY_PASSPHRASE ??
    (await ask('Passphrase of the key: ', terminal, { secret: true, surroundings }))
  )
}
