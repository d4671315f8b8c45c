// SPDX-License-Identifier: Apache-2.0

/** A PKCS#7 bundle of certificates, DER (RFC 5652 section 5). */
export function encodePkcs7(certificates: readonly Uint8Array[]): Uint8Array {
  const data = tlv(0x30, hex('06092a864886f70d010701'))
  const content = tlv(0x30, hex('020101'), tlv(0x31), data, tlv(0xa0, ...certificates), tlv(0x31))
  return new Uint8Array(tlv(0x30, hex('06092a864886f70d010702'), tlv(0xa0, content)))
}

const hex = (text: string) => Buffer.from(text, 'hex')

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
