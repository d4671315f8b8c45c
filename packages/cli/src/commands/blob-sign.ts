// SPDX-License-Identifier: Apache-2.0
import { lstat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isOcisignError, printable, signBlob } from '@ocisign/core'
import { writeFileAtomically } from '@ocisign/core/node'
import { requirePositionals } from '../artifact.js'
import { type Command, type Invocation, misuse, type OptionSpec, parseChoice } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { streamFile } from '../files.js'
import { documentOptions, parseDocumentOutput } from '../output/print.js'
import { describeSigningKey, documentOfKey, openSigner, signerOptions } from '../signer.js'
import { keyOptions } from '../signing-key.js'

const options = {
  ...keyOptions,
  ...signerOptions,
  ...configOptions,
  'media-type': { type: 'string', value: 'TYPE', help: 'media type of the file; application/octet-stream by default' },
  signature: { type: 'string', value: 'FILE', help: 'where to write the signature; beside the file by default' },
  'signature-directory': { type: 'string', value: 'DIR', help: 'folder for the signature, under its default name' },
  force: { type: 'boolean', help: 'replace a signature that is already there' },
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Signs a file; the signature is written beside it as FILE.jws.sig or FILE.cose.sig.',
  usage: '[options] FILE',
  options,
  examples: ['ocisign blob sign --key file:key.pem --certificate-chain chain.pem sbom.json'],
  writes: true,
  async run(invocation, terminal) {
    const [file] = requirePositionals(invocation, 'one file', 1)
    const output = parseDocumentOutput(invocation)
    const path = signaturePath(invocation, file)
    const replace = invocation.flag('force')
    const { signal } = terminal
    // Said before a large file is read; the write itself makes sure.
    if (!replace && (await exists(path))) throw alreadyThere(path)
    const signing = await openSigner(invocation, terminal)
    const { signer, userMetadata } = signing
    const mediaType = invocation.text('media-type')
    const content = streamFile(file, signal)
    const { target, signature } = await signBlob(content, signer, { mediaType, userMetadata, signal })
    try {
      await writeFileAtomically(path, signature.bytes, { replace, signal })
    } catch (error) {
      throw isOcisignError(error, 'MISUSE_OPTION') ? alreadyThere(path) : error
    }
    const document = { schemaVersion: 1, reference: file, subject: target, signature: path, ...documentOfKey(signing) }
    const lines = [
      `Signed ${printable(file, 1000)}`,
      `  blob       ${target.digest}`,
      `  signature  ${printable(path, 1000)}`,
      ...describeSigningKey(signing),
    ]
    terminal.print(output === 'json' ? JSON.stringify(document) : lines.join('\n'))
    return exitCodes.accepted
  },
}

function signaturePath(invocation: Invocation, file: string): string {
  const explicit = invocation.text('signature')
  const directory = invocation.text('signature-directory')
  if (explicit !== undefined && directory !== undefined)
    throw misuse('say --signature or --signature-directory, not both', 'signature')
  const format = parseChoice(invocation.text('signature-format'), ['jws', 'cose'], 'signature-format') ?? 'jws'
  const suffix = `.${format}.sig`
  if (explicit === undefined) return `${directory === undefined ? file : join(directory, basename(file))}${suffix}`
  if (explicit.endsWith(suffix)) return explicit
  throw misuse(`the name of a signature tells its format: let --signature end in ${suffix}`, 'signature')
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

const alreadyThere = (path: string) => misuse(`${printable(path, 1000)} is already there; --force replaces it`, 'force')
