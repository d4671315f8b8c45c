// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, printable } from '@ocisign/core'
import { writeTrustPolicy } from '@ocisign/core/node'
import { requireNoPositionals } from '../artifact.js'
import { type Command, type Invocation, misuse, type OptionSpec, parseChoice } from '../command.js'
import { configDirectoryOf, configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'

const options = {
  ...configOptions,
  name: { type: 'string', value: 'NAME', help: 'name of the policy; "default" where left out' },
  scope: {
    type: 'string',
    multiple: true,
    value: 'REPOSITORY',
    help: 'repository it is for; every one where left out; may be repeated',
  },
  'trust-store': {
    type: 'string',
    multiple: true,
    value: 'TYPE:STORE',
    help: 'ca:NAME, signingAuthority:NAME or tsa:NAME; may be repeated',
  },
  'trusted-identity': {
    type: 'string',
    multiple: true,
    value: 'IDENTITY',
    help: '"x509.subject: C=…, ST=…, O=…"; may be repeated',
  },
  level: { type: 'string', value: 'strict|permissive|audit', help: 'strict by default' },
  blob: { type: 'boolean', help: 'write a blob trust policy, which is the global one' },
  force: { type: 'boolean', help: 'replace a trust policy that is already there' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Writes a first trust policy.',
  usage: '--trust-store TYPE:STORE --trusted-identity IDENTITY [options]',
  options,
  examples: [
    'ocisign policy init --trust-store ca:acme --trusted-identity "x509.subject: C=US, ST=WA, O=Acme" --scope local/app',
  ],
  writes: true,
  async run(invocation, terminal) {
    requireNoPositionals(invocation)
    const kind = invocation.flag('blob') ? 'blob' : 'oci'
    const document = { version: '1.0', trustPolicies: [readPolicy(invocation)] }
    const replace = invocation.flag('force')
    try {
      const path = await writeTrustPolicy(configDirectoryOf(invocation), kind, document, { replace })
      terminal.print(`Wrote ${printable(path, 1000)}`)
    } catch (error) {
      if (isOcisignError(error, 'MISUSE_OPTION') && error.details.option === 'replace')
        throw misuse('there is a trust policy already; --force replaces it', 'force')
      throw error
    }
    return exitCodes.accepted
  },
}

function readPolicy(invocation: Invocation) {
  const trustStores = invocation.texts('trust-store')
  const trustedIdentities = invocation.texts('trusted-identity')
  const scopes = invocation.texts('scope')
  const isBlob = invocation.flag('blob')
  if (trustStores.length === 0) throw misuse('name a trust store: --trust-store ca:NAME', 'trust-store')
  if (trustedIdentities.length === 0)
    throw misuse('say whom to trust: --trusted-identity "x509.subject: C=…, ST=…, O=…"', 'trusted-identity')
  if (isBlob && scopes.length > 0) throw misuse('a blob trust policy has no --scope', 'scope')
  return {
    name: invocation.text('name') ?? 'default',
    ...(isBlob ? { globalPolicy: true } : { registryScopes: scopes.length > 0 ? scopes : ['*'] }),
    signatureVerification: {
      level: parseChoice(invocation.text('level'), ['strict', 'permissive', 'audit'], 'level') ?? 'strict',
    },
    trustStores,
    trustedIdentities,
  }
}
