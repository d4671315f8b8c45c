// SPDX-License-Identifier: Apache-2.0

/** A value of DER. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

/** Bytes that are written in hexadecimal digits. */
export const hex = (text: string) => Buffer.from(text, 'hex')
