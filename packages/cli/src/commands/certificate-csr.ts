// SPDX-License-Identifier: Apache-2.0
import {
  codeSigningProfile,
  describeKey,
  encodeCertificateRequest,
  encodePem,
  encodeText,
  isOcisignError,
  OcisignError,
  parseTrustedIdentity,
  printable,
} from '@ocisign/core'
import { writeFileAtomically } from '@ocisign/core/node'
import { requireNoPositionals } from '../artifact.js'
import { type Command, type Invocation, misuse, type OptionSpec, type Terminal } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { uriOptions } from '../key-uri.js'
import { quietOptions, warn } from '../progress.js'
import { openBareKey } from '../signing-key.js'

const options = {
  key: { type: 'string', short: 'k', value: 'NAME|URI', help: 'the key that the certificate is for' },
  provider: uriOptions.provider,
  'plugin-config': { type: 'string', multiple: true, value: 'KEY=VALUE', help: 'for the key of a Notation plugin' },
  subject: { type: 'string', value: 'NAME', help: 'whom the certificate is for: "C=US,ST=WA,O=Acme,CN=build"' },
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    help: 'where to write it; standard output by default, and for -',
  },
  force: { type: 'boolean', help: 'replace a file that is already there' },
  ...quietOptions,
  ...configOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Makes a request (PKCS #10) for a code-signing certificate; the key signs it and stays where it is.',
  usage: '--key NAME|URI --subject NAME [options]',
  options,
  examples: [
    'ocisign certificate csr --key awskms:///alias/release --subject "C=US,ST=WA,O=Acme,CN=release" --output release.csr',
  ],
  writes: true,
  async run(invocation, terminal) {
    requireNoPositionals(invocation)
    const { signal } = terminal
    const [named, subject, path] = ['key', 'subject', 'output'].map((option) => invocation.text(option))
    if (named === undefined) throw misuse('name the key with --key', 'key')
    if (subject === undefined) throw misuse('say whom the certificate is for with --subject', 'subject')
    const { key } = await openBareKey(named, invocation, terminal)
    const { publicKey } = await describeKey(key, { signal })
    const template = { subject, publicKey, ...codeSigningProfile() }
    const der = await encodeCertificateRequest(template, key, { signal }).catch((error: unknown) => {
      throw withExample(error)
    })
    warnOfSubject(subject, invocation, terminal)
    const pem = encodePem('CERTIFICATE REQUEST', der)
    if (path === undefined || path === '-') {
      terminal.print(pem.trimEnd())
      return exitCodes.accepted
    }
    try {
      await writeFileAtomically(path, encodeText(pem), { replace: invocation.flag('force'), signal })
    } catch (error) {
      if (!isOcisignError(error, 'MISUSE_OPTION')) throw error
      throw misuse(`${printable(path, 1000)} is already there; --force replaces it`, 'force')
    }
    terminal.print(`Made a request for a certificate for ${printable(key.id, 1000)}\n  ${printable(path, 1000)}`)
    return exitCodes.accepted
  },
}

const example = '--subject "C=US,ST=WA,O=Acme,CN=build"'

function withExample(error: unknown): unknown {
  if (!isOcisignError(error, 'INVALID_DISTINGUISHED_NAME')) return error
  return new OcisignError(error.code, `${error.message}: ${example}`, error.details)
}

/** Authorities certify much that no trust policy can name afterwards. */
function warnOfSubject(subject: string, invocation: Invocation, terminal: Terminal): void {
  try {
    parseTrustedIdentity(`x509.subject:${subject}`)
  } catch (error) {
    if (!isOcisignError(error, 'INVALID_DISTINGUISHED_NAME')) throw error
    warn(invocation, terminal, `no trust policy can name such a signer, "*" aside: ${error.message}: ${example}`)
  }
}
