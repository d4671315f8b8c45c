// SPDX-License-Identifier: Apache-2.0
// Key services sign hashes, which node:crypto does not: this plays their part.
import { constants, createHash, type KeyObject, privateEncrypt, randomBytes } from 'node:crypto'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import type { Algorithm } from '@ocisign/core'

const curves = { 256: p256, 384: p384, 521: p521 } as const

/** How a fake service signs. */
export interface SignHashOptions {
  /** ECDSA as DER, or as r‖s; DER by default. */
  readonly ecdsa?: 'der' | 'raw'
  /** Bytes of the salt of RSASSA-PSS; as long as the hash by default, and anything else is a service that is wrong. */
  readonly saltLength?: number
}

/**
 * Signs a hash as it is, like a key service: ECDSA, RSASSA-PSS (RFC 8017, 9.1.1) or RSASSA-PKCS1-v1_5.
 *
 * @example
 * ```ts
 * import { createHash, generateKeyPairSync } from 'node:crypto'
 * import { signHash } from '@ocisign/conformance/fake'
 * import { notaryAlgorithms } from '@ocisign/core'
 *
 * const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
 * const hash = new Uint8Array(createHash('sha256').update('hello').digest())
 * console.log(signHash(privateKey, notaryAlgorithms[0]!, hash)[0]) // 48: ECDSA in DER
 * ```
 */
export function signHash(
  privateKey: KeyObject,
  algorithm: Algorithm,
  hash: Uint8Array,
  options: SignHashOptions = {},
): Uint8Array {
  if (algorithm.scheme === 'ECDSA') {
    const curve = curves[algorithm.keyBits as keyof typeof curves]
    const { d = '' } = privateKey.export({ format: 'jwk' })
    const format = options.ecdsa === 'raw' ? 'compact' : 'der'
    return curve.sign(hash, Buffer.from(d, 'base64url'), { prehash: false, lowS: false, format })
  }
  const { modulusLength: bits = 0 } = privateKey.asymmetricKeyDetails ?? {}
  const encoded =
    algorithm.scheme === 'RSASSA-PSS'
      ? encodePss(hash, algorithm.hash, bits - 1, options.saltLength ?? hash.length)
      : encodePkcs1(hash, algorithm.hash, bits / 8)
  const width = bits / 8
  const block = Buffer.alloc(width)
  block.set(encoded, width - encoded.length)
  return new Uint8Array(privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block))
}

function encodePss(hash: Uint8Array, name: string, bits: number, saltLength: number): Uint8Array {
  const length = Math.ceil(bits / 8)
  const salt = randomBytes(saltLength)
  const digest = createHash(name).update(new Uint8Array(8)).update(hash).update(salt).digest()
  const block = Buffer.alloc(length - digest.length - 1)
  block[block.length - salt.length - 1] = 1
  block.set(salt, block.length - salt.length)
  const mask = maskOf(digest, name, block.length)
  const masked = block.map((byte, index) => byte ^ mask[index]!)
  masked[0]! &= 0xff >> (8 * length - bits)
  return Buffer.concat([masked, digest, Buffer.from([0xbc])])
}

/** MGF1 (RFC 8017, B.2.1). */
function maskOf(seed: Uint8Array, name: string, length: number): Uint8Array {
  const parts: Buffer[] = []
  for (let counter = 0, size = 0; size < length; counter++) {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(counter)
    parts.push(createHash(name).update(seed).update(number).digest())
    size += parts.at(-1)!.length
  }
  return Buffer.concat(parts).subarray(0, length)
}

const digestInfos: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
}

function encodePkcs1(hash: Uint8Array, name: string, length: number): Uint8Array {
  const info = Buffer.concat([Buffer.from(digestInfos[name]!, 'hex'), hash])
  return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(length - info.length - 3, 0xff), Buffer.from([0]), info])
}
