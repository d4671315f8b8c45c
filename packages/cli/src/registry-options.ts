// SPDX-License-Identifier: Apache-2.0
import type { OptionSpec } from './command.js'
import { networkOptions } from './network.js'

/** How registries are reached, and who asks. */
export const registryOptions = {
  'insecure-registry': {
    type: 'boolean',
    help: 'speak plain http to registries; those on this machine are spoken to like that unless --ca-file is given',
  },
  'plain-http': { type: 'boolean', help: 'another name for --insecure-registry' },
  ...networkOptions,
  username: { type: 'string', short: 'u', value: 'NAME', help: 'for the registry; or set NOTATION_USERNAME' },
  password: { type: 'string', short: 'p', value: 'PASSWORD', help: 'seen by everyone on this machine: do not use it' },
  'password-stdin': { type: 'boolean', help: 'read the password from standard input; or set NOTATION_PASSWORD' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** How referrers are written. */
export const referrersOptions = {
  'force-referrers-tag': {
    type: 'boolean',
    help: 'use the referrers tag schema even where the registry has the Referrers API',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>
