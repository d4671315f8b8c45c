// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { hex, tlv } from '../fake/tlv.js'

const oid = (content: string) => tlv(0x06, hex(content))
const data = (content: Uint8Array) => tlv(0x30, oid('2a864886f70d010701'), tlv(0xa0, tlv(0x04, content)))
const sha1 = (...parts: readonly Uint8Array[]) => createHash('sha1').update(Buffer.concat(parts)).digest()
const repeat = (bytes: Uint8Array) => Buffer.alloc(64, bytes)

/** PKCS#12 of certificates (RFC 7292), not encrypted, with the MAC of an empty password. */
export function encodePkcs12(certificates: readonly Uint8Array[]): Uint8Array {
  const bags = certificates.map((der) => {
    const certificate = tlv(0x30, oid('2a864886f70d01091601'), tlv(0xa0, tlv(0x04, der)))
    return tlv(0x30, oid('2a864886f70d010c0a0103'), tlv(0xa0, certificate))
  })
  return sealPkcs12(tlv(0x30, data(tlv(0x30, ...bags))))
}

/** PKCS#12 of safes, with the MAC of an empty password: two zeros, or nothing at all. */
export function sealPkcs12(safes: Uint8Array, password: Uint8Array = hex('0000')): Uint8Array {
  const salt = randomBytes(8)
  const key = sha1(repeat(hex('03')), repeat(salt), password.length > 0 ? repeat(password) : password)
  const digest = createHmac('sha1', key).update(safes).digest()
  const algorithm = tlv(0x30, oid('2b0e03021a'), tlv(0x05))
  // One iteration, which is what is meant where no number stands.
  const mac = tlv(0x30, tlv(0x30, algorithm, tlv(0x04, digest)), tlv(0x04, salt))
  return new Uint8Array(tlv(0x30, hex('020103'), data(safes), mac))
}
