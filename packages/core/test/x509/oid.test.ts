// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { createDerReader, readOid } from '../../src/x509/der.js'
import { encodeOidContent, findOid, oids } from '../../src/x509/oid.js'

test('each identifier is found by its bytes, wherever they stand, and read as the same text', () => {
  for (const dotted of Object.values(oids)) {
    const content = encodeOidContent(dotted)
    expect(findOid(Uint8Array.from([9, ...content, 9]), 1, 1 + content.length)).toBe(dotted)
    expect(readOid(createDerReader(Uint8Array.from([6, content.length, ...content])))).toBe(dotted)
  }
})

test('no other bytes are taken for one', () => {
  const known = Object.values(oids)
  for (const dotted of known) {
    const content = encodeOidContent(dotted)
    for (let index = 0; index < content.length; index++)
      for (let bit = 1; bit < 0x80; bit <<= 1) {
        const other = Uint8Array.from(content)
        other[index]! ^= bit
        const found = findOid(other, 0, other.length)
        if (found !== undefined) expect(Uint8Array.from(encodeOidContent(found))).toEqual(other)
      }
  }
  // The sum that the search goes by is the same: one less in a byte, 31 more in the next.
  const [first, second, third] = encodeOidContent(oids.keyUsage) as [number, number, number]
  expect(findOid(Uint8Array.of(first - 1, second + 31, third), 0, 3)).toBeUndefined()
  expect(findOid(Uint8Array.of(0, first, second, third), 0, 4)).toBeUndefined()
  expect(findOid(Uint8Array.of(), 0, 0)).toBeUndefined()
})
