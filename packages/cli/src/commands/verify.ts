// SPDX-License-Identifier: Apache-2.0
import {
  type Descriptor,
  errorKind,
  type Judgement,
  selectPolicy,
  type VerifyOptions,
  verifyArtifact,
} from '@ocisign/core'
import { type ArtifactOpener, artifactOptions, createArtifactOpener, requirePositionals } from '../artifact.js'
import { type Command, type OptionSpec, parseCount, parsePairs, type Terminal } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodeOf, joinExitCodes } from '../exit-codes.js'
import { type Output, parseReportOutput, printAnswer, printReport, reportOptions } from '../output/print.js'
import { type Answer, exitCodeOfAnswer } from '../output/report.js'
import { type ConfiguredVerifier, openVerifier } from '../verifier.js'

const options = {
  ...artifactOptions,
  ...configOptions,
  scope: {
    type: 'string',
    value: 'REPOSITORY',
    help: 'the repository the artifacts count as; trust policies select by it',
  },
  'user-metadata': {
    type: 'string',
    short: 'm',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'must be among what was signed; may be repeated',
  },
  'max-signatures': { type: 'string', value: 'N', help: 'signatures to try for each artifact; 100 by default' },
  ...reportOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Verifies artifacts in an OCI image layout against a trust policy.',
  usage: '--oci-layout --scope REPOSITORY [options] DIR:TAG|DIR@DIGEST …',
  options,
  examples: [
    'ocisign verify --oci-layout --scope local/app layout:v1',
    'ocisign verify --oci-layout --scope local/app --output jsonl layout:v1 layout:v2',
  ],
  async run(invocation, terminal) {
    const references = requirePositionals(invocation, 'an artifact: DIR:TAG or DIR@DIGEST')
    const output = parseReportOutput(invocation)
    const { signal } = terminal
    const verifyOptions = {
      maxSignatures: parseCount(invocation.text('max-signatures'), 'max-signatures'),
      userMetadata: parsePairs(invocation.texts('user-metadata'), 'user-metadata'),
      signal,
    }
    const openArtifact = createArtifactOpener(invocation, signal, invocation.text('scope'))
    let configured: ConfiguredVerifier
    try {
      configured = await openVerifier(invocation, 'oci')
    } catch (error) {
      return refuseAll(error, references, terminal, output)
    }
    const showProgress = output !== 'text' && references.length > 1 && (await isWatched())
    const codes: number[] = []
    for (const [index, reference] of references.entries()) {
      const answer = await judge(reference, openArtifact, configured, verifyOptions)
      signal.throwIfAborted()
      codes.push(exitCodeOfAnswer(answer))
      printAnswer(terminal, answer, output)
      if (showProgress) terminal.notice(`${index + 1} of ${references.length}`)
    }
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

async function isWatched(): Promise<boolean> {
  return (await import('node:tty')).isatty(2)
}

async function judge(
  name: string,
  openArtifact: ArtifactOpener,
  { policy, verifier }: ConfiguredVerifier,
  options: VerifyOptions,
): Promise<Answer> {
  const judgements: Judgement[] = []
  let selected: string | null = null
  let subject: Descriptor | undefined
  try {
    const { store, reference } = await openArtifact(name)
    selected = selectPolicy(policy, { scope: store.repository }).name
    const remembering = {
      ...store,
      // The report names the artifact even where verification ends in an error.
      resolve: async (...wanted: Parameters<typeof store.resolve>) => {
        subject = await store.resolve(...wanted)
        return subject
      },
    }
    const onJudgement = (judgement: Judgement) => void judgements.push(judgement)
    const verdict = await verifyArtifact(remembering, reference, verifier, { ...options, onJudgement })
    return { reference: name, policy: selected, subject, judgements, verdict }
  } catch (error) {
    return { reference: name, policy: selected, subject, judgements, error }
  }
}
