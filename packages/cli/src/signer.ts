// SPDX-License-Identifier: Apache-2.0
// What signing commands share.
import { cose, createNotarySigner, jws, type SignatureManifestForm, type Signer } from '@ocisign/core'
import { type Invocation, type OptionSpec, parseChoice, parseDuration, parsePairs, type Terminal } from './command.js'
import { openSigningKey } from './key-uri.js'

/** Options of every command that signs, beside the key. */
export const signerOptions = {
  'signature-format': { type: 'string', value: 'jws|cose', help: 'format of the envelope; jws by default' },
  expiry: {
    type: 'string',
    short: 'e',
    value: 'DURATION',
    help: 'how long the signature is good for: 24h, 30d; for ever where left out',
  },
  'user-metadata': {
    type: 'string',
    short: 'm',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'signed along; may be repeated',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** What the command line says about a signature to be made. */
export interface Signing {
  readonly signer: Signer
  readonly userMetadata: Readonly<Record<string, string>> | undefined
}

/** Reads the options of a signature and opens the key. */
export async function openSigner(
  invocation: Invocation,
  terminal: Terminal,
  manifestForm?: SignatureManifestForm | undefined,
): Promise<Signing> {
  const format = parseChoice(invocation.text('signature-format'), ['jws', 'cose'], 'signature-format') ?? 'jws'
  const expirySeconds = parseDuration(invocation.text('expiry'), 'expiry')
  const userMetadata = parsePairs(invocation.texts('user-metadata'), 'user-metadata')
  const key = await openSigningKey(invocation, terminal)
  return {
    signer: createNotarySigner({ key, format: format === 'jws' ? jws : cose, expirySeconds, manifestForm }),
    userMetadata,
  }
}
