// SPDX-License-Identifier: Apache-2.0
import { limits, lintTrustPolicy, OcisignError, type Problem, printable } from '@ocisign/core'
import { lintConfiguration } from '@ocisign/core/node'
import { type Command, type Invocation, misuse, type OptionSpec, type Terminal } from '../command.js'
import { configDirectoryOf, configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { readFileUpTo } from '../files.js'
import { documentOptions, parseDocumentOutput, printDocument } from '../output/print.js'

const options = {
  ...configOptions,
  blob: { type: 'boolean', help: 'the file named is a blob trust policy' },
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

interface LintedFile {
  readonly path: string
  readonly kind: 'oci' | 'blob'
  readonly problems: readonly Problem[]
}

export { start } from '../program.js'

export const command: Command = {
  summary: 'Explains what is wrong with trust policies and the trust stores they name, before any artifact is touched.',
  usage: '[options] [FILE]',
  options,
  examples: ['ocisign policy lint', 'ocisign policy lint trustpolicy.oci.json'],
  async run(invocation, terminal) {
    const output = parseDocumentOutput(invocation)
    const files = await lint(invocation, terminal)
    const errors = files.flatMap(({ problems }) => problems.filter(({ severity }) => severity === 'error'))
    const usable = errors.length === 0
    if (output === 'json') printDocument(terminal, { usable, files })
    else for (const each of files) terminal.print(format(each))
    if (usable) return exitCodes.accepted
    const message = `${errors.length === 1 ? 'a problem makes' : `${errors.length} problems make`} the trust policy unusable`
    terminal.fail(new OcisignError('INVALID_TRUST_POLICY', message, { problems: errors }))
    return exitCodes.invalid
  },
}

/** One file by itself, or the policies of the configuration with the stores they name. */
async function lint(invocation: Invocation, { signal }: Terminal): Promise<readonly LintedFile[]> {
  const [path, ...more] = invocation.positionals
  if (more.length > 0) throw misuse('name one file only')
  const isBlob = invocation.flag('blob')
  if (path === undefined) return lintConfiguration(configDirectoryOf(invocation), isBlob ? ['blob'] : ['oci', 'blob'])
  const kind = isBlob || path.endsWith('trustpolicy.blob.json') ? 'blob' : 'oci'
  return [{ path, kind, problems: lintTrustPolicy(await readFileUpTo(path, limits.documentBytes, signal), kind) }]
}

function format({ path: file, problems }: LintedFile): string {
  if (problems.length === 0) return `${printable(file, 1000)}: nothing is wrong`
  const lines = problems.map(
    ({ severity, path, message }) =>
      `  ${severity === 'error' ? '✗' : '!'} ${path || 'document'}: ${printable(message, 1000)}`,
  )
  return [`${printable(file, 1000)}:`, ...lines].join('\n')
}
