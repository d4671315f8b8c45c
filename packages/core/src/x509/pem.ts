// SPDX-License-Identifier: Apache-2.0
// PEM (RFC 7468). Text around blocks is passed over, as `openssl` writes it; a block that is not right is an error,
// never passed over.
import { decodeBase64, encodeBase64 } from '../bytes.js'
import { OcisignError, printable } from '../errors.js'
import { limits } from '../limits.js'
import { type Certificate, parseCertificate, parseCertificates } from './certificate.js'

/** A block of a PEM file. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY` … */
  readonly label: string
  readonly bytes: Uint8Array
}

const boundary = /^-----(BEGIN|END) ([A-Z0-9](?:[A-Z0-9 #.]{0,62}[A-Z0-9])?)-----$/

/**
 * Reads the blocks of a PEM file, at least one; `what` names it in messages.
 *
 * Text outside blocks is passed over. Inside, there is base64 in lines of any length, and no header: older encrypted
 * keys, which have some, are refused.
 * @throws INVALID_PEM
 */
export function parsePem(input: Uint8Array | string, what = 'file'): readonly PemBlock[] {
  const invalid = (why: string, cause?: unknown) =>
    new OcisignError('INVALID_PEM', `${what} is not valid PEM: ${why}`, { what }, cause === undefined ? {} : { cause })
  if (input.length > limits.documentBytes) throw invalid(`it is longer than ${limits.documentBytes} bytes`)
  const blocks: PemBlock[] = []
  let label: string | undefined
  let body: string[] = []
  for (const [index, untrimmed] of toText(input).split('\n').entries()) {
    const line = untrimmed.replace(/[ \t\r]{1,80}$/, '')
    const at = `line ${index + 1}`
    const found = line.startsWith('-----') ? boundary.exec(line) : null
    if (!found && /-----(?:BEGIN|END)/.test(line)) throw invalid(`${at} is no proper BEGIN or END line`)
    if (!found) {
      if (label !== undefined) body.push(line)
      continue
    }
    if (found[1] === 'BEGIN') {
      if (label !== undefined) throw invalid(`${at} begins a block inside another`)
      label = found[2]!
      body = []
      continue
    }
    if (label === undefined || label !== found[2])
      throw invalid(`${at} ends a block "${printable(found[2]!)}" that did not begin`)
    blocks.push({ label, bytes: decodeBody(body, label, invalid) })
    label = undefined
  }
  if (label !== undefined) throw invalid(`the block "${printable(label)}" does not end`)
  if (blocks.length === 0) throw invalid('it has no block that starts with -----BEGIN')
  return blocks
}

function decodeBody(lines: readonly string[], label: string, invalid: (why: string, cause?: unknown) => OcisignError) {
  if (lines.some((line) => line.includes(':')))
    throw invalid(`the block "${printable(label)}" has headers; an encrypted key must be in the form of PKCS #8`)
  try {
    return decodeBase64(lines.join(''), 'the block')
  } catch (cause) {
    throw invalid(`the block "${printable(label)}" is not canonical base64`, cause)
  }
}

/** Byte by byte: text around blocks may be in any encoding, and what matters is ASCII. */
function toText(input: Uint8Array | string): string {
  return typeof input === 'string' ? input : new TextDecoder('latin1').decode(input)
}

/** Writes a PEM block, in lines of 64 characters. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

/**
 * Reads certificates in PEM, at least one, in the order of the file; a block that is no certificate is an error.
 * @throws INVALID_PEM | INVALID_DER | INVALID_CERTIFICATE
 */
export function parseCertificatesPem(input: Uint8Array | string, what = 'file'): readonly Certificate[] {
  return parsePem(input, what).map(({ label, bytes }) => {
    if (label === 'CERTIFICATE') return parseCertificate(bytes)
    throw new OcisignError('INVALID_PEM', `${what} has a block "${printable(label)}" among certificates`, { what })
  })
}

/**
 * Reads the certificates of a file, at least one: PEM, or DER, one directly after the other.
 * @throws INVALID_PEM | INVALID_DER | INVALID_CERTIFICATE
 */
export function parseCertificateFile(bytes: Uint8Array, what = 'file'): readonly Certificate[] {
  // A SEQUENCE of 128 bytes or more: no text starts like that.
  const isDer = bytes[0] === 0x30 && bytes[1]! >= 0x80
  if (!isDer) return parseCertificatesPem(bytes, what)
  // A PEM block hidden in DER is what other readers would read instead.
  if (toText(bytes).includes('-----BEGIN '))
    throw new OcisignError('INVALID_PEM', `${what} is DER with a PEM block inside`, { what })
  return parseCertificates(bytes)
}
