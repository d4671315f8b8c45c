// SPDX-License-Identifier: Apache-2.0
import { encodePublicKey } from '@ocisign/core'
import { expect, test } from 'vitest'
import { newEcKey, newRsaKey, spkiOf } from './make.js'

const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? '', 'base64url'))
const withoutZeros = (number: Uint8Array) => number.subarray(number.findIndex((byte) => byte !== 0))

test.each(['P-256', 'P-384', 'P-521'])('writes keys on %s as OpenSSL does, however wide the numbers came', (crv) => {
  for (let count = 0; count < 50; count++) {
    const key = newEcKey(crv)
    const { x, y } = key.export({ format: 'jwk' })
    const spki = spkiOf(key)
    expect(encodePublicKey({ crv, x: bytes(x), y: bytes(y) })).toEqual(spki)
    expect(encodePublicKey({ crv, x: withoutZeros(bytes(x)), y: withoutZeros(bytes(y)) })).toEqual(spki)
  }
})

test.each([2048, 3072, 4096])('writes RSA keys of %i bits as OpenSSL does', (bits) => {
  const key = newRsaKey(bits)
  const { n, e } = key.export({ format: 'jwk' })
  expect(encodePublicKey({ n: bytes(n), e: bytes(e) })).toEqual(spkiOf(key))
  expect(encodePublicKey({ n: Uint8Array.of(0, 0, ...bytes(n)), e: bytes(e) })).toEqual(spkiOf(key))
})

test('knows no other curves, and no numbers that are wider than theirs', () => {
  const [x, y] = [new Uint8Array(32), new Uint8Array(32)]
  for (const crv of ['P-224', 'secp256k1', 'P-256K', '', 'constructor'])
    expect(encodePublicKey({ crv, x, y })).toBeUndefined()
  expect(encodePublicKey({ crv: 'P-256', x, y: new Uint8Array(33) })).toBeUndefined()
})
