// SPDX-License-Identifier: Apache-2.0
import {
  type Algorithm,
  algorithmName,
  describeKey,
  encodePem,
  equalAlgorithms,
  formatName,
  isOcisignError,
  notaryAlgorithms,
  parseCertificate,
  printable,
  verifySigningCertificates,
} from '@ocisign/core'
import { requirePositionals } from '../artifact.js'
import type { Command, OptionSpec } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { uriOptions } from '../key-uri.js'
import { documentOptions, parseDocumentOutput, printDocument } from '../output/print.js'
import { openBareKey, readChain } from '../signing-key.js'

const options = {
  ...uriOptions,
  'plugin-config': { type: 'string', multiple: true, value: 'KEY=VALUE', help: 'for the key of a Notation plugin' },
  ...configOptions,
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary:
    'Shows what a key is and what it can be used for. The key makes one signature, over a text that means nothing.',
  usage: '[options] NAME|URI',
  options,
  examples: [
    'ocisign key show awskms:///alias/release',
    'ocisign key show --certificate-chain chain.pem hashivault://release',
  ],
  async run(invocation, terminal) {
    const [name] = requirePositionals(invocation, 'one key, by its name or URI', 1)
    const output = parseDocumentOutput(invocation)
    const { signal } = terminal
    const path = invocation.text('certificate-chain')
    // The certificates first: nobody should be asked for a passphrase in vain.
    const named = path === undefined ? undefined : await readChain(path, signal)
    const { key, chainPath } = await openBareKey(name, invocation, terminal)
    const given = named ?? (chainPath === undefined ? undefined : await readChain(chainPath, signal))
    const { publicKey, chain } = await describeKey(key, { signal })
    const shown: ShownKey = {
      key: key.id,
      algorithm: algorithmName(key.algorithm),
      publicKey: encodePem('PUBLIC KEY', publicKey),
      certificates: (given ?? chain ?? []).map(describeCertificate),
      needsTimestamp: key.requiresTimestamp === true,
      notary: await judgeUse(key.algorithm, publicKey, given ?? chain),
    }
    if (output === 'json') printDocument(terminal, { ...shown })
    else terminal.print(formatText(shown))
    return exitCodes.accepted
  },
}

interface ShownCertificate {
  readonly subject: string
  readonly issuer: string
  readonly notBefore: string
  readonly notAfter: string
  readonly daysLeft: number
}

/** What Notary Project signatures can be made. */
interface Use {
  readonly usable: boolean
  /** As the headers of envelopes name it. */
  readonly envelopes: Readonly<Record<'jws' | 'cose', string>> | null
  readonly error?: { readonly code: string; readonly message: string }
}

interface ShownKey {
  readonly key: string
  readonly algorithm: string
  readonly publicKey: string
  readonly certificates: readonly ShownCertificate[]
  readonly needsTimestamp: boolean
  readonly notary: Use
}

function describeCertificate(der: Uint8Array): ShownCertificate {
  const { subject, issuer, notBefore, notAfter } = parseCertificate(der)
  return {
    subject: formatName(subject),
    issuer: formatName(issuer),
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notAfter).toISOString(),
    daysLeft: Math.floor((notAfter - Date.now()) / (24 * 60 * 60 * 1000)),
  }
}

async function judgeUse(
  algorithm: Algorithm,
  publicKey: Uint8Array,
  chain: readonly Uint8Array[] | undefined,
): Promise<Use> {
  if (!notaryAlgorithms.some((each) => equalAlgorithms(each, algorithm))) {
    const message = `these keys can: ${notaryAlgorithms.map(algorithmName).join(', ')}`
    return { usable: false, envelopes: null, error: { code: 'UNSUPPORTED_KEY', message } }
  }
  const name = `${algorithm.scheme === 'ECDSA' ? 'ES' : 'PS'}${algorithm.hash.slice(3)}`
  const envelopes = { jws: name, cose: name }
  const refused = (code: string, message: string): Use => ({ usable: false, envelopes, error: { code, message } })
  if (!chain)
    return refused(
      'MISUSE_OPTION',
      'it has no certificates of its own: ocisign certificate csr asks for one, and signing takes --certificate-chain FILE',
    )
  try {
    await verifySigningCertificates(chain)
  } catch (error) {
    if (isOcisignError(error)) return refused(error.code, error.message)
    throw error
  }
  const { publicKey: certified } = parseCertificate(chain[0]!)
  if ('spki' in certified && encodePem('PUBLIC KEY', certified.spki) === encodePem('PUBLIC KEY', publicKey))
    return { usable: true, envelopes }
  return refused('UNTRUSTED_INTEGRITY', 'the first certificate of the chain is not for this key')
}

function formatText({ key, algorithm, publicKey, certificates, needsTimestamp, notary }: ShownKey): string {
  const { usable, envelopes, error } = notary
  const lines = [printable(key, 1000), `  algorithm    ${algorithm}`]
  for (const { subject, issuer, notBefore, notAfter, daysLeft } of certificates)
    lines.push(
      `  certificate  ${printable(subject, 500)}`,
      `    issued by  ${printable(issuer, 500)}`,
      `    valid      ${notBefore} to ${notAfter}, ${daysLeft} days left`,
    )
  if (envelopes) lines.push(`  envelopes    JWS ${envelopes.jws}, COSE ${envelopes.cose}`)
  lines.push(`  signs        ${usable ? 'Notary Project signatures' : 'no Notary Project signatures as it is'}`)
  if (error) lines.push(`    ${printable(error.message, 2000)} [${error.code}]`)
  if (needsTimestamp)
    lines.push('    its certificates live for days: without a timestamp a signature is soon worthless')
  return `${lines.join('\n')}\n${publicKey.trimEnd()}`
}
