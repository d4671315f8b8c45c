// SPDX-License-Identifier: Apache-2.0
import { errorKind } from '@ocisign/core'
import { artifactOptions, openArtifacts, requireNoScope } from '../artifact.js'
import { bulkOptions, parseConcurrency, readReferences } from '../bulk.js'
import { type Command, type OptionSpec, parseCount, parsePairs, type Terminal } from '../command.js'
import { forEachConcurrently } from '../concurrently.js'
import { configOptions } from '../config.js'
import { exitCodeOf, joinExitCodes } from '../exit-codes.js'
import { extensionOptions } from '../extensions.js'
import { judge } from '../judge.js'
import { type Output, parseReportOutput, printAnswer, printReport, reportOptions } from '../output/print.js'
import { type Answer, exitCodeOfAnswer } from '../output/report.js'
import { createProgress, warn } from '../progress.js'
import { type Item, listTags } from '../tags.js'
import { parseTimeout } from '../timeout.js'
import { parseTree, treeOptions } from '../tree.js'
import { type ConfiguredVerifier, openVerifier } from '../verifier.js'

const options = {
  ...artifactOptions,
  scope: {
    type: 'string',
    value: 'REPOSITORY',
    help: 'with --oci-layout: the repository the artifacts count as; trust policies select by it',
  },
  ...configOptions,
  ...extensionOptions,
  all: { type: 'boolean', help: 'verify every tag of the repositories or layouts named' },
  ...treeOptions,
  'user-metadata': {
    type: 'string',
    short: 'm',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'must be among what was signed; may be repeated',
  },
  'max-signatures': { type: 'string', value: 'N', help: 'signatures to try for each artifact; 100 by default' },
  ...bulkOptions,
  ...reportOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Verifies artifacts against a trust policy, in registries or OCI image layouts.',
  usage: '[options] REFERENCE …',
  options,
  examples: [
    'ocisign verify registry.example.com/app@sha256:…',
    'ocisign verify --recursive --platform linux/amd64 docker.io/library/nginx:1.29',
    'ocisign verify --all --output jsonl registry.example.com/app',
    'ocisign verify --oci-layout --scope local/app layout:v1 image.tar:v2',
  ],
  async run(invocation, terminal) {
    const { signal } = terminal
    const all = invocation.flag('all')
    const what = all ? 'a repository: HOST/PATH' : 'an artifact: HOST/PATH:TAG or HOST/PATH@DIGEST'
    const names = await readReferences(invocation, what, signal)
    const output = parseReportOutput(invocation)
    const judgeOptions = {
      maxSignatures: parseCount(invocation.text('max-signatures'), 'max-signatures'),
      userMetadata: parsePairs(invocation.texts('user-metadata'), 'user-metadata'),
      deadlineMilliseconds: parseTimeout(invocation),
      tree: parseTree(invocation),
      signal,
    }
    const concurrency = parseConcurrency(invocation)
    const isLayout = invocation.flag('oci-layout')
    if (!isLayout) requireNoScope(invocation)
    const artifacts = await openArtifacts(invocation, terminal, { isLayout, scope: invocation.text('scope') })
    let configured: ConfiguredVerifier
    try {
      configured = await openVerifier(invocation, 'oci')
    } catch (error) {
      return refuseAll(error, names, terminal, output)
    }
    const onSkipped = (name: string, count: number) =>
      warn(invocation, terminal, `${name}: left out ${count} tags that hold signatures and the like (sha256-…)`)
    const items: Iterable<Item> | AsyncIterable<Item> = all
      ? listTags(names, artifacts, signal, onSkipped)
      : names.map((name) => ({ name, open: () => artifacts.open(name) }))
    const isMany = all || names.length > 1
    const progress = isMany || judgeOptions.tree ? await createProgress(invocation, terminal) : undefined
    const codes: number[] = []
    const total = all ? '' : ` of ${names.length}`
    let manifests = 0
    const onNode = () => {
      manifests++
      if (!isMany) progress?.show(() => `manifests looked at: ${manifests}`)
    }
    const deliver = (answer: Answer) => {
      signal.throwIfAborted()
      codes.push(exitCodeOfAnswer(answer))
      printAnswer(terminal, answer, output)
      progress?.show(() => `${codes.length}${total} done, ${codes.filter((code) => code !== 0).length} not verified`)
    }
    const judgeItem = ({ name, open }: Item) => judge(name, open, configured, { ...judgeOptions, onNode })
    await forEachConcurrently(items, { concurrency, ordered: output !== 'jsonl' }, judgeItem, deliver)
    progress?.end()
    return joinExitCodes(codes)
  },
}

/** Every reference has its answer even where the policy is unusable; people are told why once. */
function refuseAll(error: unknown, references: readonly string[], terminal: Terminal, output: Output): number {
  terminal.signal.throwIfAborted()
  if (errorKind(error) === 'MISUSE') throw error
  for (const reference of references) printReport(terminal, { reference, policy: null, judgements: [], error }, output)
  terminal.fail(error)
  return exitCodeOf(error)
}
