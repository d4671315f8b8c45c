// SPDX-License-Identifier: Apache-2.0
import { defaultConfigDirectory } from '@ocisign/core/node'
import type { Invocation, OptionSpec } from './command.js'

/** The option of every command that reads configuration. */
export const configOptions = {
  'config-dir': { type: 'string', value: 'DIR', help: "configuration directory; Notation's by default" },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** The configuration directory in use. @throws MISUSE_OPTION where the environment names none */
export function configDirectoryOf(invocation: Invocation): string {
  return invocation.text('config-dir') ?? defaultConfigDirectory()
}
