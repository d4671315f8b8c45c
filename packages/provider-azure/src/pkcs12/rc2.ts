// SPDX-License-Identifier: Apache-2.0
// RC2 (RFC 2268), which Windows encrypts certificates in PKCS#12 with, and OpenSSL 3 does not know any more. With 40 bits it
// hides nothing from anybody, and here there is nothing to hide.
import { decodeBase64 } from '@ocisign/core'

/** Digits of pi, each byte once. */
const permutation =
  '2Xj5xBndte0o6f15SqDYncZ+N4MrdlOOYkxkiESL+6IXmln1h7NPE2FFbY0JgX0yvY9A64a3ewvwlSEiXGtOglTWZZPOYLIcc1bAFKeM8dwS' +
  'dcofO77k0UI91DCjPLYmb78O2kZpB1cn8h2bvJRDA/gRx/aQ7z7nBsPVL8hmHtcI6OregFLu94Sqcqw1TWoqlhrScVoVSXRLn9BeBBik7MLg' +
  'QW4PUcvMJJGvUKH0cDmZfDqFI7i0evwCNlslVZcxLV36mOOKkq4F3ykQZ2y6ydMA5s/hnqgsYxYBP1jiiakNODQbqzP/sLtIDF+5sc0uxfPb' +
  'R+WlnHcKpiBo/n/BrQ=='

/** Decrypts whole blocks, chained (CBC), with a key of so many bytes, all of which count. */
export function decryptRc2(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const words = expandKey(key)
  const plain = new Uint8Array(bytes.length)
  let previous = iv
  for (let start = 0; start + 8 <= bytes.length; start += 8) {
    const block = bytes.subarray(start, start + 8)
    plain.set(
      decryptBlock(words, block).map((byte, index) => byte ^ previous[index]!),
      start,
    )
    previous = block
  }
  return plain
}

/** 64 words of 16 bits. */
function expandKey(key: Uint8Array): Uint16Array {
  const pi = decodeBase64(permutation)
  const bytes = new Uint8Array(128)
  bytes.set(key)
  for (let index = key.length; index < 128; index++)
    bytes[index] = pi[(bytes[index - 1]! + bytes[index - key.length]!) & 0xff]!
  const first = 128 - key.length
  bytes[first] = pi[bytes[first]!]!
  for (let index = first - 1; index >= 0; index--) bytes[index] = pi[bytes[index + 1]! ^ bytes[index + key.length]!]!
  return Uint16Array.from({ length: 64 }, (_, index) => bytes[2 * index]! | (bytes[2 * index + 1]! << 8))
}

const rotations = [1, 2, 3, 5]

function decryptBlock(words: Uint16Array, block: Uint8Array): Uint8Array {
  const r = Uint16Array.from({ length: 4 }, (_, index) => block[2 * index]! | (block[2 * index + 1]! << 8))
  for (let round = 15; round >= 0; round--) {
    for (let index = 3; index >= 0; index--) {
      const [one, two, three] = [r[(index + 3) & 3]!, r[(index + 2) & 3]!, r[(index + 1) & 3]!]
      const rotated = (r[index]! >> rotations[index]!) | (r[index]! << (16 - rotations[index]!))
      r[index] = rotated - words[4 * round + index]! - (one & two) - (~one & three)
    }
    // After the fifth round from either end, words are mashed.
    if (round === 11 || round === 5)
      for (let index = 3; index >= 0; index--) r[index] = r[index]! - words[r[(index + 3) & 3]! & 63]!
  }
  return Uint8Array.from({ length: 8 }, (_, index) => r[index >> 1]! >> (8 * (index & 1)))
}
