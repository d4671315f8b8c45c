// SPDX-License-Identifier: Apache-2.0
// The part of CBOR (RFC 8949) that COSE envelopes use.

/** A key of a map: text, or a whole number that a double holds exactly. */
export type CborLabel = string | number

/** A tagged item, such as a time: tag 1, seconds since 1970. */
export interface CborTag {
  readonly cborTag: number
  readonly value: CborValue
}

/**
 * What CBOR can say here. Whole numbers beyond 2^53 are bigints of 64 bits. A map whose keys are all text is an object
 * without prototype, any other a Map.
 */
export type CborValue =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<CborLabel, CborValue>
  | { readonly [name: string]: CborValue }
  | CborTag

/** Tells whether a value is a tagged item. */
export function isCborTag(value: unknown): value is CborTag {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'cborTag')
}
