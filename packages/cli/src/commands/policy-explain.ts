// SPDX-License-Identifier: Apache-2.0
import { explainPolicySelection, OcisignError, parseReference, printable } from '@ocisign/core'
import { openTrustPolicy } from '@ocisign/core/node'
import { type Command, misuse, type OptionSpec } from '../command.js'
import { configDirectoryOf, configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { documentOptions, parseDocumentOutput, printDocument } from '../output/print.js'

const options = {
  ...configOptions,
  blob: { type: 'boolean', help: 'explain the blob trust policy instead' },
  'policy-name': { type: 'string', value: 'NAME', help: 'the blob policy that would be named' },
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Shows which trust policy a reference selects, and why the others were not.',
  usage: '[options] HOST/PATH[:TAG|@DIGEST]',
  options,
  examples: ['ocisign policy explain registry.example.com/app:v1', 'ocisign policy explain --blob --policy-name sboms'],
  async run(invocation, terminal) {
    const output = parseDocumentOutput(invocation)
    const policyName = invocation.text('policy-name')
    const isBlob = invocation.flag('blob') || policyName !== undefined
    const [text, ...more] = invocation.positionals
    if (more.length > 0 || (isBlob && text !== undefined)) throw misuse('name one reference only, or a blob policy')
    if (!isBlob && text === undefined) throw misuse('name a repository or a reference in it: HOST/PATH[:TAG|@DIGEST]')
    const context =
      text === undefined ? (policyName === undefined ? {} : { policyName }) : { scope: parseReference(text).repository }
    const policy = await openTrustPolicy(configDirectoryOf(invocation), isBlob ? 'blob' : 'oci')
    const policies = explainPolicySelection(policy, context)
    const selected = policies.find((each) => each.selected)
    if (output === 'json')
      printDocument(terminal, { reference: text ?? null, selected: selected?.policy ?? null, policies })
    else
      for (const each of policies)
        terminal.print(`${each.selected ? '✓' : ' '} ${printable(each.policy)}: ${printable(each.reason, 1000)}`)
    if (selected) return exitCodes.accepted
    const what = text ?? policyName ?? 'a blob without a policy name'
    terminal.fail(new OcisignError('UNTRUSTED_NO_POLICY', `no trust policy is for ${printable(what, 1000)}`, context))
    return exitCodes.untrusted
  },
}
