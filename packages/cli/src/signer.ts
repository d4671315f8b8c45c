// SPDX-License-Identifier: Apache-2.0
// What signing commands share.
import {
  type CertificateValidity,
  cose,
  createNotarySigner,
  jws,
  printable,
  type SignatureManifestForm,
  type Signer,
  withMinimumValidity,
} from '@ocisign/core'
import { type Invocation, type OptionSpec, parseChoice, parseDuration, parsePairs, type Terminal } from './command.js'
import { warn } from './progress.js'
import { openSigningSource } from './signing-key.js'

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
  'min-validity': {
    type: 'string',
    value: 'DURATION',
    help: 'refuse to sign where a certificate ends sooner: 7d, 90d',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** What the command line says about a signature to be made. */
export interface Signing {
  readonly signer: Signer
  readonly userMetadata: Readonly<Record<string, string>> | undefined
  /** Names the key, with the version that signs; never a secret. */
  readonly keyId: string
  /** When the first certificate of the signatures made so far ends. */
  readonly validUntil: () => Date | undefined
}

/** Reads the options of a signature and opens the key. */
export async function openSigner(
  invocation: Invocation,
  terminal: Terminal,
  manifestForm?: SignatureManifestForm | undefined,
): Promise<Signing> {
  const format =
    parseChoice(invocation.text('signature-format'), ['jws', 'cose'], 'signature-format') === 'cose' ? cose : jws
  const expirySeconds = parseDuration(invocation.text('expiry'), 'expiry')
  const minimumSeconds = parseDuration(invocation.text('min-validity'), 'min-validity')
  const userMetadata = parsePairs(invocation.texts('user-metadata'), 'user-metadata')
  const source = await openSigningSource(invocation, terminal)
  const signer =
    'key' in source
      ? // That a timestamp is wanted, and cannot be had, was said when the key was opened.
        createNotarySigner({ key: source.key, format, expirySeconds, manifestForm, timestamper: 'none' })
      : await source.open({ format, expirySeconds, manifestForm })
  let first: CertificateValidity | undefined
  const onSigned = (validity: CertificateValidity) => {
    if (!first && minimumSeconds === undefined && endsSoon(validity)) warn(invocation, terminal, describeEnd(validity))
    if (!first || validity.notAfter < first.notAfter) first = validity
  }
  return {
    signer: withMinimumValidity(signer, { formats: [format], minimumSeconds, onSigned }),
    userMetadata,
    keyId: 'key' in source ? source.key.id : source.id,
    validUntil: () => first?.notAfter,
  }
}

const dayMilliseconds = 24 * 60 * 60 * 1000

/** Within thirty days; of one that lives shorter, in the last third of its life. */
function endsSoon({ notBefore, notAfter }: CertificateValidity): boolean {
  const left = notAfter.getTime() - Date.now()
  return left < Math.min(30 * dayMilliseconds, (notAfter.getTime() - notBefore.getTime()) / 3)
}

function describeEnd({ subject, notAfter }: CertificateValidity): string {
  const days = Math.floor((notAfter.getTime() - Date.now()) / dayMilliseconds)
  const left = days < 1 ? 'less than a day' : days === 1 ? 'a day' : `${days} days`
  return `the certificate "${printable(subject, 500)}" ends in ${left}, at ${notAfter.toISOString()}, and with it this signature; get a new one`
}

/** Which key signed, and until when its certificates are valid, in JSON. */
export function documentOfKey({ keyId, validUntil }: Signing): Readonly<Record<string, string>> {
  const end = validUntil()
  return { key: keyId, ...(end && { validUntil: end.toISOString() }) }
}

/** The same for people. */
export function describeSigningKey({ keyId, validUntil }: Signing): readonly string[] {
  const end = validUntil()
  return [`  key        ${printable(keyId, 1000)}${end ? `, certified until ${end.toISOString()}` : ''}`]
}
