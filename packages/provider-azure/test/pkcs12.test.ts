// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { isOcisignError, orderChain, parseCertificatesPem } from '@ocisign/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodePkcs12, sealPkcs12 } from '../../conformance/src/key-vault/pkcs12.js'
import { fuzzParameters } from '../../core/test/fuzz.js'
import { contentOf, enter, readValue, tags } from '../src/pkcs12/der.js'
import { parsePkcs12Certificates } from '../src/pkcs12/index.js'
import { decryptRc2 } from '../src/pkcs12/rc2.js'

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`testdata/${name}`, import.meta.url)))
const chain = parseCertificatesPem(fixture('chain.pem'))
const [leaf] = chain
const spki = leaf && 'spki' in leaf.publicKey ? leaf.publicKey.spki : new Uint8Array()
const { chain: made } = await (await (await createFakeAuthority()).issueAuthority()).issue()
const read = (bytes: Uint8Array) => parsePkcs12Certificates(bytes).map(({ der }) => Buffer.from(der).toString('hex'))
const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    if (isOcisignError(error)) return error.code
    throw error
  }
  return 'none'
}

test.each(['aes-256', 'aes-128-sha512', 'rc2-40', 'triple-des', 'plain', 'certificates-only'])(
  'reads what OpenSSL writes: %s',
  (name) => expect(orderChain(parsePkcs12Certificates(fixture(`${name}.pfx`)), spki)).toEqual(chain),
)

test.each([
  ['password', /has a password/],
  ['no-mac', /has no MAC/],
  ['iterations', /more than 100000 iterations/],
  ['rc4', /algorithm that is not read/],
])('refuses what OpenSSL writes: %s', (name, expected) => {
  expect(() => parsePkcs12Certificates(fixture(`${name}.pfx`))).toThrowError(expected)
  expect(codeOf(() => parsePkcs12Certificates(fixture(`${name}.pfx`)))).toBe('INVALID_CERTIFICATE')
})

test('knows RC2 as OpenSSL does', () => {
  // openssl enc -rc2-40-cbc -provider legacy -K 0102030405 -iv 0001020304050607
  const bytes = Buffer.from('5ecbe38b6a079f1d2d5d529e9b2ca6312d5cbbe97896ab6e43522942bd711b7b', 'hex')
  const plain = decryptRc2(Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), bytes)
  expect(Buffer.from(plain).toString('latin1')).toBe('The quick brown fox jumps over\x02\x02')
})

/** What the MAC is over. */
const safesOf = (bytes: Uint8Array) => {
  const [, content] = enter(readValue(bytes))
  return contentOf(readValue(contentOf(enter(content)[1], tags.explicit)), tags.octetString)
}

describe('what is in it', () => {
  const plain = encodePkcs12(made)

  test('may have an empty password in either form', () => {
    expect(read(plain)).toHaveLength(3)
    expect(read(sealPkcs12(safesOf(plain), new Uint8Array()))).toEqual(read(plain))
    expect(codeOf(() => read(sealPkcs12(safesOf(plain), Uint8Array.of(0, 97, 0, 0))))).toBe('INVALID_CERTIFICATE')
  })

  test('has bounds', () => {
    const many = (count: number) => encodePkcs12(Array.from({ length: count }, () => made[0]!))
    expect(read(many(100))).toHaveLength(100)
    expect(codeOf(() => read(many(101)))).toBe('INVALID_CERTIFICATE')
    expect(codeOf(() => read(new Uint8Array(256 * 1024 + 1)))).toBe('INVALID_CERTIFICATE')
    expect(read(encodePkcs12([]))).toEqual([])
  })

  test('is not something else when a byte of it is', () => {
    const expected = read(plain)
    for (let index = 0; index < plain.length; index++) {
      const changed = Uint8Array.from(plain, (byte, at) => (at === index ? byte ^ 1 : byte))
      const code = codeOf(() => expect(read(changed)).toEqual(expected))
      expect(['none', 'INVALID_CERTIFICATE']).toContain(code)
    }
  })
})

describe('any bytes are read or refused', () => {
  const changed = (bytes: Uint8Array) =>
    fc.tuple(fc.nat(bytes.length), fc.nat(3), fc.uint8Array({ maxLength: 4 })).map(([place, removed, added]) => {
      return new Uint8Array([...bytes.subarray(0, place), ...added, ...bytes.subarray(place + removed)])
    })
  const readsOrRefuses = (input: Uint8Array) => {
    const code = codeOf(() => parsePkcs12Certificates(input))
    expect(code).toMatch(/^(none|INVALID_[A-Z_]+)$/)
  }
  /** One iteration in place of 2,048: what comes of it is wrong, but comes sooner. */
  const quick = (name: string) => {
    const hex = Buffer.from(safesOf(fixture(`${name}.pfx`))).toString('hex')
    return new Uint8Array(Buffer.from(hex.replaceAll('02020800', '02020001'), 'hex'))
  }

  test('as they are', () => {
    const input = fc.oneof(fc.uint8Array({ maxLength: 300 }), changed(encodePkcs12(made)), changed(encodePkcs12([])))
    fc.assert(fc.property(input, readsOrRefuses), fuzzParameters('PKCS#12'))
  })

  test('with a MAC that is right', () => {
    const safes = [safesOf(encodePkcs12(made)), ...['rc2-40', 'triple-des', 'aes-256'].map(quick)]
    const input = fc.oneof(...safes.map(changed)).map((bytes) => sealPkcs12(bytes))
    fc.assert(fc.property(input, readsOrRefuses), fuzzParameters('PKCS#12 with a MAC'))
  })
})
