// SPDX-License-Identifier: Apache-2.0

/** CRC-32C, which Cloud KMS checks requests with, and we its answers. */
export function crc32c(bytes: Uint8Array): number {
  const table = tableOf()
  let value = 0xffffffff
  for (const byte of bytes) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}

/** Castagnoli's polynomial, reversed. */
const polynomial = 0x82f63b78

function tableOf(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
    return value >>> 0
  })
}
