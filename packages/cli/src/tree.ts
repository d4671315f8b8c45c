// SPDX-License-Identifier: Apache-2.0

import { printable } from '@ocisign/core'
import { type Invocation, misuse, type OptionSpec } from './command.js'

/** Options of commands that may go through what an index holds. */
export const treeOptions = {
  recursive: { type: 'boolean', help: 'an index with every manifest in it' },
  platform: {
    type: 'string',
    multiple: true,
    value: 'OS/ARCH[/VARIANT]',
    help: 'with --recursive, only manifests for exactly this platform; may be repeated',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Reads --platform; undefined for all. @throws MISUSE_OPTION */
export function parsePlatforms(invocation: Invocation): readonly string[] | undefined {
  const texts = invocation.texts('platform')
  if (texts.length === 0) return undefined
  return texts.map((text) => {
    if (!/^[a-z0-9]+\/[a-z0-9_.-]+(?:\/[a-z0-9.]+)?$/.test(text))
      throw misuse(`--platform is OS/ARCH or OS/ARCH/VARIANT, linux/arm64 say, not "${printable(text)}"`, 'platform')
    return text
  })
}

/** Reads --recursive and --platform; undefined without. @throws MISUSE_OPTION */
export function parseTree(invocation: Invocation): { readonly platforms: readonly string[] | undefined } | undefined {
  const platforms = parsePlatforms(invocation)
  if (invocation.flag('recursive')) return { platforms }
  if (platforms) throw misuse('--platform selects among what --recursive goes through; say both', 'platform')
  return undefined
}
