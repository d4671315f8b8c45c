// SPDX-License-Identifier: Apache-2.0
// What is made of a password, which is empty here (RFC 7292 appendix B).
import { createHash } from 'node:crypto'
import { concatBytes } from '@ocisign/core'

/** The hashes, with the lengths of their blocks and of what they make. */
export const hashes = {
  sha1: { block: 64, length: 20 },
  sha256: { block: 64, length: 32 },
  sha384: { block: 128, length: 48 },
  sha512: { block: 128, length: 64 },
} as const

export type Hash = keyof typeof hashes

/** What the bytes are for. */
export const purposes = { key: 1, iv: 2, mac: 3 } as const

export interface Derivation {
  readonly hash: Hash
  /** As it goes in: an empty one is two zeros, and none at all is nothing. */
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly iterations: number
}

/** Makes so many bytes for a purpose. */
export function deriveBytes(
  { hash, password, salt, iterations }: Derivation,
  purpose: number,
  length: number,
): Uint8Array {
  const { block } = hashes[hash]
  const input = concatBytes(fill(salt, block), fill(password, block))
  const made: Uint8Array[] = []
  for (let size = 0; size < length; ) {
    let digest = createHash(hash).update(new Uint8Array(block).fill(purpose)).update(input).digest()
    for (let count = 1; count < iterations; count++) digest = createHash(hash).update(digest).digest()
    made.push(digest)
    size += digest.length
    for (let start = 0; start < input.length; start += block) addTo(input.subarray(start, start + block), digest)
  }
  return concatBytes(...made).subarray(0, length)
}

/** Repeats bytes up to a whole number of blocks. */
const fill = (bytes: Uint8Array, block: number) =>
  Uint8Array.from({ length: Math.ceil(bytes.length / block) * block }, (_, index) => bytes[index % bytes.length]!)

/** Adds a number, repeated, and one to a big-endian number, which stays as wide as it is. */
function addTo(number: Uint8Array, repeated: Uint8Array): void {
  let carry = 1
  for (let index = number.length - 1; index >= 0; index--) {
    carry += number[index]! + repeated[index % repeated.length]!
    number[index] = carry
    carry >>= 8
  }
}
