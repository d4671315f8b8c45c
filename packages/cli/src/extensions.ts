// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path'
import type { AnyVerificationExtension, ExtensionFinder } from '@ocisign/core'
import { type Invocation, type OptionSpec, parsePairs } from './command.js'

/** The option of commands that verify. */
export const extensionOptions = {
  'plugin-config': {
    type: 'string',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'for the plugin that a signature names; may be repeated',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Finds the plugins that signatures name, each once. */
export function createExtensionFinder(invocation: Invocation, configDirectory: string): ExtensionFinder {
  const config = parsePairs(invocation.texts('plugin-config'), 'plugin-config')
  const found = new Map<string, Promise<AnyVerificationExtension | undefined>>()
  return (name, { signal }) => {
    const known = found.get(name)
    if (known) return known
    const finding = import('./parts/extensions.js').then(({ findExtension }) =>
      findExtension({ configDirectory: resolve(configDirectory), name, config, signal }),
    )
    found.set(name, finding)
    // One that was given up for one artifact is looked for again for the next.
    finding.catch(() => found.delete(name))
    return finding
  }
}
