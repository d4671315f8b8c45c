// SPDX-License-Identifier: Apache-2.0
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { orderChain, parseCertificate, parsePkcs7Certificates } from '@ocisign/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzParameters } from '../fuzz.js'
import { codeOf } from './code.js'

const tlv = (tag: number, ...parts: readonly Uint8Array[]) => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
const hex = (text: string) => Buffer.from(text, 'hex')
const signedData = hex('06092a864886f70d010702')
const data = tlv(0x30, hex('06092a864886f70d010701'))

/** As `openssl crl2pkcs7 -nocrl` writes it. */
const bundle = (certificates: readonly Uint8Array[], type: Uint8Array = signedData) =>
  new Uint8Array(
    tlv(0x30, type, tlv(0xa0, tlv(0x30, hex('020101'), tlv(0x31), data, tlv(0xa0, ...certificates), tlv(0x31)))),
  )

const root = await createFakeAuthority()
const authority = await root.issueAuthority()
const { chain } = await authority.issue()

describe('parsePkcs7Certificates', () => {
  test('reads what is there, in its order', () => {
    expect(parsePkcs7Certificates(bundle(chain.toReversed())).map(({ der }) => [...der])).toEqual(
      chain.toReversed().map((der) => [...der]),
    )
    expect(parsePkcs7Certificates(bundle([]))).toEqual([])
  })

  test.each([
    ['another kind of content', bundle(chain, hex('06092a864886f70d010701')), 'INVALID_CERTIFICATE'],
    ['too many certificates', bundle(Array.from({ length: 11 }, () => chain[0]!)), 'INVALID_CERTIFICATE'],
    ['something after the end', new Uint8Array(Buffer.concat([bundle(chain), hex('00')])), 'INVALID_DER'],
    ['half of it', bundle(chain).subarray(0, 100), 'INVALID_DER'],
    ['what is no certificate', bundle([hex('3000')]), 'INVALID_DER'],
    ['nothing', new Uint8Array(), 'INVALID_DER'],
  ])('refuses %s', (_, bytes, code) => {
    expect(codeOf(() => parsePkcs7Certificates(bytes))).toBe(code)
  })

  test('reads or refuses any bytes', () => {
    const mutated = fc
      .tuple(fc.constantFrom(bundle(chain), bundle([])), fc.nat(3000), fc.nat(3), fc.uint8Array({ maxLength: 4 }))
      .map(([bytes, at, removed, added]) => {
        const place = at % (bytes.length + 1)
        return new Uint8Array([...bytes.subarray(0, place), ...added, ...bytes.subarray(place + removed)])
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (input) => {
        const code = codeOf(() => parsePkcs7Certificates(input))
        expect([undefined, 'INVALID_DER', 'INVALID_CERTIFICATE']).toContain(code)
      }),
      fuzzParameters('parsePkcs7Certificates'),
    )
  })
})

describe('orderChain', () => {
  const certificates = chain.map((der) => parseCertificate(der))
  const { publicKey } = certificates[0]!
  const spki = 'unsupported' in publicKey ? new Uint8Array() : publicKey.spki

  test('begins with the one that holds the key, and ends at the root', () => {
    expect(orderChain(certificates.toReversed(), spki)).toEqual(certificates)
  })

  test('ends where an issuer is missing', () => {
    expect(orderChain([certificates[2]!, certificates[0]!], spki)).toEqual([certificates[0]])
  })

  test('is empty where nobody holds the key', () => {
    expect(orderChain(certificates.slice(1), spki)).toEqual([])
  })
})
