// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type OpenKeyOptions, type PemBlock, parsePem, printable } from '@ocisign/core'
import { deniedKey, invalidKey, unsupportedEncoding } from './errors.js'
import { createKeyObjectKey, type LocalKey, type LocalKeyOptions } from './key.js'

/** What reading a private key accepts. */
export interface PrivateKeyOptions extends LocalKeyOptions {
  /** Used, or asked for, only when the key turns out to be encrypted. */
  readonly passphrase?: string | OpenKeyOptions['passphrase']
}

type Encoding = 'pkcs8' | 'pkcs1' | 'sec1' | 'encrypted'

const encodingNames = { pkcs8: 'PKCS#8', pkcs1: 'PKCS#1', sec1: 'SEC1', encrypted: 'encrypted PKCS#8' } as const

/** The PEM labels of private keys (RFC 7468 sections 10, 11 and 13; RFC 8017; RFC 5915). */
const labels: Readonly<Record<string, Encoding>> = {
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'encrypted',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
}

/**
 * Reads a private key: PKCS#8, encrypted PKCS#8, PKCS#1 or SEC1, as PEM or DER. PEM may hold certificates beside it.
 *
 * @throws INVALID_KEY where it is none, DENIED_KEY without its passphrase, UNSUPPORTED_KEY for what signs nothing here
 *
 * @example
 * ```ts
 * import { generateKeyPairSync } from 'node:crypto'
 * import { parsePrivateKey } from '@ocisign/provider-local'
 *
 * const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
 * const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
 * const key = await parsePrivateKey(pem, { id: 'build key' })
 * console.log((await key.sign(new TextEncoder().encode('hello'))).signature.length)
 * ```
 */
export async function parsePrivateKey(input: Uint8Array | string, options: PrivateKeyOptions = {}): Promise<LocalKey> {
  const id = options.id ?? 'the key'
  const { encoding, der } = readEncoding(input, id)
  const key = encoding === 'encrypted' ? await decrypt(der, options, id) : importKey(der, encoding, id)
  return createKeyObjectKey(key, options)
}

function importKey(der: Uint8Array, type: Exclude<Encoding, 'encrypted'>, id: string): KeyObject {
  try {
    return createPrivateKey({ key: der as Buffer, format: 'der', type })
  } catch (cause) {
    throw invalidKey(id, `is damaged: it looks like ${encodingNames[type]} but holds no usable key`, cause)
  }
}

async function decrypt(der: Uint8Array, { passphrase }: PrivateKeyOptions, id: string): Promise<KeyObject> {
  const given = typeof passphrase === 'function' ? await passphrase() : passphrase
  if (given === undefined) throw deniedKey(id, 'is encrypted; give its passphrase')
  try {
    return createPrivateKey({ key: der as Buffer, format: 'der', type: 'pkcs8', passphrase: given })
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_OSSL_EVP_UNSUPPORTED')
      throw unsupportedEncoding(
        id,
        'encrypted in an outdated way that OpenSSL does not offer here',
        'convert it with: openssl pkcs8 -topk8 -provider legacy -provider default -in FILE -out NEW',
      )
    // With a wrong passphrase OpenSSL mostly says so, and now and then decrypts to rubbish and complains about that.
    throw deniedKey(id, 'cannot be decrypted: the passphrase is wrong, or the file is damaged', cause)
  }
}

function readEncoding(input: Uint8Array | string, id: string): { encoding: Encoding; der: Uint8Array } {
  const encoding = typeof input === 'string' ? undefined : detectEncoding(input, id)
  if (encoding) return { encoding, der: input as Uint8Array }
  return readPem(input, id)
}

/** Tells by the first elements which structure it is; undefined where it is none of them. */
function detectEncoding(der: Uint8Array, id: string): Encoding | undefined {
  const outer = readHeader(der, 0)
  if (der[0] !== 0x30 || outer?.end !== der.length) return undefined
  const first = readHeader(der, outer.start)
  if (!first || first.end >= der.length) return undefined
  const [tag, next] = [der[outer.start], der[first.end]]
  if (tag === 0x30 && next === 0x04) return 'encrypted'
  if (tag !== 0x02 || first.end !== first.start + 1) return undefined
  if (next === 0x30 && der[first.start] === 3)
    throw unsupportedEncoding(
      id,
      'a PKCS#12 file',
      'take its key out with: openssl pkcs12 -nocerts -in FILE -out key.pem',
    )
  if (next === 0x30) return 'pkcs8'
  if (next === 0x02) return 'pkcs1'
  return next === 0x04 ? 'sec1' : undefined
}

/** Where the content of the element at `offset` starts and ends; undefined where it does not fit. */
function readHeader(der: Uint8Array, offset: number): { start: number; end: number } | undefined {
  const short = der[offset + 1]
  if (short === undefined) return undefined
  if (short < 0x80) return within({ start: offset + 2, end: offset + 2 + short }, der)
  const octets = short & 0x7f
  if (octets < 1 || octets > 3) return undefined
  const start = offset + 2 + octets
  const length = der.subarray(offset + 2, start).reduce((sum, byte) => sum * 256 + byte, 0)
  return within({ start, end: start + length }, der)
}

const within = <T extends { end: number }>(range: T, der: Uint8Array) => (range.end <= der.length ? range : undefined)

/** Finds the one private key in a PEM text. */
function readPem(input: Uint8Array | string, id: string): { encoding: Encoding; der: Uint8Array } {
  const text = typeof input === 'string' ? input : new TextDecoder('latin1').decode(input)
  if (text.includes('\nProc-Type:'))
    throw unsupportedEncoding(
      id,
      'encrypted in the traditional way of OpenSSL, which protects it badly',
      'convert it with: openssl pkcs8 -topk8 -in FILE -out NEW',
    )
  const blocks = pemBlocks(text, id)
  if (blocks.some(({ label }) => label === 'OPENSSH PRIVATE KEY'))
    throw unsupportedEncoding(id, 'a key of OpenSSH', 'convert a copy with: ssh-keygen -p -m PKCS8 -f FILE')
  const keys = blocks.filter(({ label }) => Object.hasOwn(labels, label))
  const [key] = keys
  if (!key) throw invalidKey(id, `holds no private key, only a ${printable(blocks[0]!.label.toLowerCase(), 40)}`)
  if (keys.length > 1) throw invalidKey(id, `holds ${keys.length} private keys; leave one`)
  const encoding = labels[key.label]!
  if (detectEncoding(key.bytes, id) !== encoding)
    throw invalidKey(id, `is damaged: it is labelled as ${encodingNames[encoding]} but is not that`)
  return { encoding, der: key.bytes }
}

function pemBlocks(text: string, id: string): readonly PemBlock[] {
  try {
    return parsePem(text, id)
  } catch (cause) {
    throw invalidKey(id, 'is not a private key: neither PEM that is in order nor the DER of one', cause)
  }
}
