// SPDX-License-Identifier: Apache-2.0
import type { TrustStoreType } from '@ocisign/core'
import { type Invocation, type OptionSpec, parseChoice } from './command.js'

/** Options that name a trust store. */
export const trustStoreOptions = {
  type: { type: 'string', short: 't', value: 'TYPE', help: 'ca, signingAuthority or tsa' },
  store: { type: 'string', short: 's', value: 'NAME', help: 'name of the trust store' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Reads --type. @throws MISUSE_OPTION */
export function parseStoreType(invocation: Invocation): TrustStoreType | undefined {
  return parseChoice(invocation.text('type'), ['ca', 'signingAuthority', 'tsa'], 'type')
}
