// SPDX-License-Identifier: Apache-2.0
// The chain of a certificate is kept as a secret, beside the private key where that may leave the vault.
import {
  type Certificate,
  decodeBase64,
  equalBytes,
  isOcisignError,
  OcisignError,
  orderChain,
  parseCertificate,
  parsePem,
  printable,
} from '@ocisign/core'
import type { SecretAnswer } from './clients.js'
import { keyError } from './errors.js'

/** What follows a certificate in its chain, in order, as far as it is there. @throws UNAVAILABLE_KEY | DENIED_KEY */
export async function readIssuers(
  get: () => Promise<SecretAnswer>,
  leaf: Certificate,
  id: string,
): Promise<readonly Uint8Array[]> {
  const { value = '', properties } = await get().catch((cause: unknown) => {
    throw keyError(id, 'secrets/get', cause)
  })
  const { contentType = 'nothing' } = properties
  const read = Object.hasOwn(readers, contentType) ? readers[contentType] : undefined
  const unreadable = (why: string, cause?: unknown) =>
    new OcisignError(
      'UNAVAILABLE_KEY',
      `${id} keeps its chain in a secret that cannot be read: ${why}; give the chain yourself, or have the secret in PEM`,
      { id, retryable: false },
      { cause },
    )
  if (!read) throw unreadable(`it is ${printable(contentType, 60)}`)
  const others = await read(value).catch((cause: unknown) => {
    throw isOcisignError(cause) ? unreadable(cause.message, cause) : cause
  })
  if ('unsupported' in leaf.publicKey) return []
  // Another certificate of the same key is not the one that was asked for.
  const issuers = others.filter(({ subject }) => !equalBytes(subject, leaf.subject))
  return orderChain([leaf, ...issuers], leaf.publicKey.spki)
    .slice(1)
    .map(({ der }) => der)
}

/** How certificates are read, by the content type of the secret. */
const readers: Readonly<Record<string, (value: string) => Promise<readonly Certificate[]>>> = {
  'application/x-pem-file': async (value) =>
    parsePem(value, 'the secret')
      .filter(({ label }) => label === 'CERTIFICATE')
      .map(({ bytes }) => parseCertificate(bytes)),
  'application/x-pkcs12': async (value) => {
    // Only Node has all that it may be encrypted with.
    const { parsePkcs12Certificates } = await import('./pkcs12/index.js')
    return parsePkcs12Certificates(decodeBase64(value, 'the secret'))
  },
}
