// SPDX-License-Identifier: Apache-2.0
import { discoverReferrers, printable, type ReferrerTree } from '@ocisign/core'
import { artifactOptions, openArtifacts, requirePositionals } from '../artifact.js'
import { type Command, type OptionSpec, parseCount } from '../command.js'
import { exitCodes } from '../exit-codes.js'
import { documentOptions, parseDocumentOutput, printDocument } from '../output/print.js'
import { parseTimeout, timeoutOptions } from '../timeout.js'

const options = {
  ...artifactOptions,
  'artifact-type': { type: 'string', value: 'TYPE', help: 'only what is attached as this type, application/spdx+json' },
  depth: {
    type: 'string',
    value: 'N',
    help: 'levels there may be; 4 by default, and more is an error, never left out',
  },
  ...timeoutOptions,
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Shows what is attached to an artifact, and to that: signatures, SBOMs, their signatures. Verifies nothing.',
  usage: '[options] REFERENCE',
  options,
  examples: [
    'ocisign discover registry.example.com/app:v1',
    'ocisign discover --artifact-type application/spdx+json --output json ghcr.io/acme/app:v1',
  ],
  async run(invocation, terminal) {
    const [name] = requirePositionals(invocation, 'one artifact: HOST/PATH:TAG or HOST/PATH@DIGEST', 1)
    const output = parseDocumentOutput(invocation)
    const discoverOptions = {
      artifactType: invocation.text('artifact-type'),
      maxDepth: parseCount(invocation.text('depth'), 'depth'),
      deadlineMilliseconds: parseTimeout(invocation),
      signal: terminal.signal,
    }
    const artifacts = await openArtifacts(invocation, terminal, { isLayout: invocation.flag('oci-layout') })
    const { store, reference } = await artifacts.open(name)
    const tree = await discoverReferrers(store, reference, discoverOptions)
    if (output === 'json') printDocument(terminal, { reference: name, subject: tree.descriptor, ...documentOf(tree) })
    else
      terminal.print(
        [
          printable(name, 1000),
          tree.descriptor.digest,
          ...(tree.referrers.length > 0 ? formatReferrers(tree.referrers, '') : ['└── nothing is attached']),
        ].join('\n'),
      )
    return exitCodes.accepted
  },
}

const documentOf = ({ referrers }: ReferrerTree): { readonly referrers: readonly object[] } => ({
  referrers: referrers.map((each) => ({ descriptor: each.descriptor, ...documentOf(each) })),
})

function formatReferrers(referrers: readonly ReferrerTree[], indent: string): readonly string[] {
  return referrers.flatMap(({ descriptor, referrers: inner }, index) => {
    const isLast = index === referrers.length - 1
    const type = printable(descriptor.artifactType ?? descriptor.mediaType)
    const line = `${indent}${isLast ? '└──' : '├──'} ${type} ${descriptor.digest}`
    return [line, ...formatReferrers(inner, `${indent}${isLast ? '    ' : '│   '}`)]
  })
}
