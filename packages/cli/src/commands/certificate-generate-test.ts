// SPDX-License-Identifier: Apache-2.0
import { unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { encodePem, encodeText, isOcisignError, notaryAlgorithms, printable } from '@ocisign/core'
import { addSigningKey, addTrustStoreCertificates, writeFileAtomically } from '@ocisign/core/node'
import { createTestCertificate, createTestChain } from '@ocisign/provider-local'
import { requirePositionals } from '../artifact.js'
import { type Command, type Invocation, misuse, type OptionSpec, parseChoice, type Terminal } from '../command.js'
import { configDirectoryOf, configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { uriOptions } from '../key-uri.js'
import { openBareKey } from '../signing-key.js'

/** In the order of the Notary Project's algorithms. */
const kinds = ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096'] as const

const options = {
  ...configOptions,
  algorithm: { type: 'string', value: kinds.join('|'), help: 'kind of key; p256 by default' },
  'chain-length': { type: 'string', value: '1|2|3', help: 'certificates in the chain; 1, self-signed, by default' },
  trust: { type: 'boolean', help: 'add the last certificate of the chain to the trust store ca:NAME' },
  default: { type: 'boolean', help: 'make it the default key' },
  key: {
    type: 'string',
    short: 'k',
    value: 'URI',
    help: 'make a certificate for this key, which signs it itself, and no key',
  },
  provider: uriOptions.provider,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Makes a key and a certificate, valid for a day, for testing; not for anything that matters.',
  usage: '[options] NAME',
  options,
  examples: [
    'ocisign certificate generate-test --trust --default example.com',
    'ocisign certificate generate-test --trust --key hashivault://release release',
  ],
  writes: true,
  async run(invocation, terminal) {
    const [name] = requirePositionals(invocation, 'one key', 1)
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/.test(name))
      throw misuse(`"${printable(name, 80)}" cannot name a key; use letters, digits, "_", "." and "-"`)
    const uri = invocation.text('key')
    if (uri !== undefined) return certifyKey(name, uri, invocation, terminal)
    const kind = parseChoice(invocation.text('algorithm'), kinds, 'algorithm') ?? 'p256'
    const length = Number(parseChoice(invocation.text('chain-length'), ['1', '2', '3'], 'chain-length') ?? '1')
    // Absolute: the paths go into a file that is read from anywhere.
    const directory = resolve(configDirectoryOf(invocation))
    const { signal } = terminal
    const { keyPem, chain } = await createTestChain({
      algorithm: notaryAlgorithms[kinds.indexOf(kind)],
      length,
      subject: subjectOf(name),
    })
    const path = (suffix: string) => join(directory, 'localkeys', `${name}${suffix}`)
    const [keyPath, certificatePath, rootPath] = [path('.key'), path('.crt'), path('.root.crt')]
    const pem = chain.map((der) => encodePem('CERTIFICATE', der))
    const written: string[] = []
    const write = async (to: string, text: string, mode: number) => {
      await writeNew(to, text, mode, signal)
      written.push(to)
    }
    try {
      await write(keyPath, keyPem, 0o600)
      await write(certificatePath, pem.join(''), 0o644)
      if (invocation.flag('trust')) {
        const trusted = length === 1 ? certificatePath : rootPath
        if (length > 1) await write(rootPath, pem.at(-1)!, 0o644)
        written.push(...(await addTrustStoreCertificates(directory, 'ca', name, [trusted])))
      }
      await addSigningKey(directory, { name, keyPath, certificatePath }, { makeDefault: invocation.flag('default') })
    } catch (error) {
      // A key that no configuration names, or a trusted certificate without a key, would only be in the way.
      for (const each of written.reverse()) await unlink(each).catch(() => undefined)
      throw error
    }
    terminal.print([`Made the test key "${name}"`, ...written.map(indent)].join('\n'))
    return exitCodes.accepted
  },
}

/** A self-signed certificate for a key that stays where it is. */
async function certifyKey(name: string, uri: string, invocation: Invocation, terminal: Terminal): Promise<number> {
  for (const option of ['algorithm', 'chain-length', 'default'])
    if (invocation.flag(option)) throw misuse(`--${option} is for keys that are made here, not for --key`, option)
  const directory = resolve(configDirectoryOf(invocation))
  const { key } = await openBareKey(uri, invocation, terminal)
  const der = await createTestCertificate({ key, subject: subjectOf(name) })
  const path = join(directory, 'localkeys', `${name}.crt`)
  await writeNew(path, encodePem('CERTIFICATE', der), 0o644, terminal.signal)
  const written = [path]
  try {
    if (invocation.flag('trust')) written.push(...(await addTrustStoreCertificates(directory, 'ca', name, [path])))
  } catch (error) {
    await unlink(path).catch(() => undefined)
    throw error
  }
  terminal.print([`Made a test certificate for ${printable(key.id, 1000)}`, ...written.map(indent)].join('\n'))
  return exitCodes.accepted
}

const subjectOf = (name: string) => `C=US,ST=WA,L=Seattle,O=Notary,CN=${name}`
const indent = (path: string) => `  ${printable(path, 1000)}`

async function writeNew(path: string, text: string, mode: number, signal: AbortSignal): Promise<void> {
  try {
    await writeFileAtomically(path, encodeText(text), { mode, signal, makeDirectory: true })
  } catch (error) {
    if (!isOcisignError(error, 'MISUSE_OPTION')) throw error
    throw misuse(`${printable(path, 1000)} is already there; choose another name`)
  }
}
