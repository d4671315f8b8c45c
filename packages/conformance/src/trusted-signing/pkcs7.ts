// SPDX-License-Identifier: Apache-2.0
import { hex, tlv } from '../fake/tlv.js'

/** A PKCS#7 bundle of certificates, DER (RFC 5652 section 5). */
export function encodePkcs7(certificates: readonly Uint8Array[]): Uint8Array {
  const data = tlv(0x30, hex('06092a864886f70d010701'))
  const content = tlv(0x30, hex('020101'), tlv(0x31), data, tlv(0xa0, ...certificates), tlv(0x31))
  return new Uint8Array(tlv(0x30, hex('06092a864886f70d010702'), tlv(0xa0, content)))
}
