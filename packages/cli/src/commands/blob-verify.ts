// SPDX-License-Identifier: Apache-2.0
import {
  digestBytes,
  errorKind,
  isOcisignError,
  type Judgement,
  OcisignError,
  printable,
  type Signature,
  selectPolicy,
  verifyBlob,
} from '@ocisign/core'
import { requirePositionals } from '../artifact.js'
import { readSignatureFile } from '../blob.js'
import { type Command, type Invocation, misuse, type OptionSpec, parsePairs, type Terminal } from '../command.js'
import { configOptions } from '../config.js'
import { extensionOptions } from '../extensions.js'
import { streamFile } from '../files.js'
import { parseReportOutput, printAnswer, reportOptions } from '../output/print.js'
import { type Answer, exitCodeOfAnswer } from '../output/report.js'
import { openVerifier } from '../verifier.js'

const options = {
  ...configOptions,
  signature: { type: 'string', short: 's', value: 'FILE', help: 'the signature: FILE.jws.sig or FILE.cose.sig' },
  'policy-name': { type: 'string', value: 'NAME', help: 'the blob trust policy; the global one by default' },
  'media-type': { type: 'string', value: 'TYPE', help: 'media type that the signature must state' },
  'user-metadata': {
    type: 'string',
    short: 'm',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'must be among what was signed; may be repeated',
  },
  ...extensionOptions,
  ...reportOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Verifies a file against its signature and a blob trust policy.',
  usage: '--signature FILE [options] FILE',
  options,
  examples: ['ocisign blob verify --signature sbom.json.jws.sig sbom.json'],
  async run(invocation, terminal) {
    const [file] = requirePositionals(invocation, 'one file', 1)
    const output = parseReportOutput(invocation)
    const path = invocation.text('signature')
    if (path === undefined) throw misuse('name the signature with --signature FILE', 'signature')
    const request = {
      mediaType: invocation.text('media-type'),
      userMetadata: parsePairs(invocation.texts('user-metadata'), 'user-metadata'),
      policyName: invocation.text('policy-name'),
    }
    const answer = await judge(invocation, terminal, { file, path, ...request })
    terminal.signal.throwIfAborted()
    printAnswer(terminal, answer, output)
    return exitCodeOfAnswer(answer)
  },
}

interface Request {
  readonly file: string
  readonly path: string
  readonly mediaType: string | undefined
  readonly userMetadata: Readonly<Record<string, string>> | undefined
  readonly policyName: string | undefined
}

async function judge(
  invocation: Invocation,
  { signal }: Terminal,
  { file, path, ...request }: Request,
): Promise<Answer> {
  let answer: Answer = { reference: file, policy: null, judgements: [] }
  let signature: Signature | undefined
  try {
    const { policy, verifier } = await openVerifier(invocation, 'blob')
    answer = { ...answer, policy: selectPolicy(policy, { policyName: request.policyName }).name }
    signature = await readSignatureFile(path, signal)
    const verdict = await verifyBlob(streamFile(file, signal), signature, verifier, { ...request, signal })
    const judgements = 'proofs' in verdict ? [await judgementOf(signature, verdict.proofs[0])] : []
    return { ...answer, judgements, verdict }
  } catch (error) {
    if (errorKind(error) === 'MISUSE') throw error
    if (!signature || !isOcisignError(error) || isFileError(error)) return { ...answer, error }
    const refused = refusalOf(error, path)
    return { ...answer, judgements: [await judgementOf(signature, refused)], error: refused }
  }
}

const judgementOf = async ({ bytes, mediaType }: Signature, result: Judgement['result']): Promise<Judgement> => ({
  by: await digestBytes(bytes),
  mediaType,
  result,
})

/** The file could not be read: that says nothing about the signature. */
const isFileError = ({ code }: OcisignError) => code === 'UNAVAILABLE_FILE' || code === 'DENIED_FILE'

/** A malformed signature is a no, not malformed input: whoever can write signatures must not choose the exit code. */
function refusalOf(error: OcisignError, path: string): OcisignError {
  const kind = errorKind(error)
  if (kind !== 'INVALID' && kind !== 'UNSUPPORTED') return error
  const details = { target: printable(path, 1000), refusals: [{ by: 'signature', error }] }
  return new OcisignError('UNTRUSTED_SIGNATURE', `the signature cannot be used: ${error.message}`, details, {
    cause: error,
  })
}
