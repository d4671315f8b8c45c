// SPDX-License-Identifier: Apache-2.0
import { createECDH, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/bytes.js'
import { createDerReader, finish } from '../../src/x509/der.js'
import { oids } from '../../src/x509/oid.js'
import { parsePublicKey } from '../../src/x509/public-key.js'
import { readSignatureAlgorithm } from '../../src/x509/signature-algorithm.js'
import { codeOf } from './code.js'
import {
  bitString,
  bytes,
  explicit,
  integer,
  newEcKey,
  newEdKey,
  newRsaKey,
  nothing,
  oid,
  sequence,
  spkiOf,
  tlv,
} from './make.js'

const ec = (curve: Uint8Array, point: Uint8Array) => sequence(sequence(oid(oids.ecPublicKey), curve), bitString(point))
const rsa = (modulus: bigint, exponent: bigint, parameters = nothing) =>
  sequence(sequence(oid(oids.rsaEncryption), parameters), bitString(sequence(integer(modulus), integer(exponent))))
const refused = expect.stringMatching(/^INVALID_(DER|CERTIFICATE)$/)

describe('EC keys', () => {
  test.each([
    ['P-256', 256],
    ['P-384', 384],
    ['P-521', 521],
  ])('%s', (curve, bits) => {
    for (let count = 0; count < 20; count++) {
      const spki = spkiOf(newEcKey(curve))
      const key = parsePublicKey(spki)
      expect(key).toMatchObject({ kind: 'ec', curve, bits, spki })
      expect('point' in key && key.point.length).toBe(1 + 2 * Math.ceil(bits / 8))
    }
  })

  test('a point that is not on its curve is refused, whatever the byte', () => {
    for (const curve of ['P-256', 'P-384', 'P-521']) {
      const spki = spkiOf(newEcKey(curve))
      const key = parsePublicKey(spki)
      const start = spki.length - ('point' in key ? key.point.length : 0)
      for (let index = start; index < spki.length; index++) {
        const changed = spki.slice()
        changed[index]! ^= 1
        expect(codeOf(() => parsePublicKey(changed))).toBe('INVALID_CERTIFICATE')
      }
    }
  })

  test('a coordinate of the prime or more is refused', () => {
    // x = 5 is on P-256; x = 5 + p is as well, modulo p.
    const prime = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
    const y = 0x459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbccn
    const point = (x: bigint) =>
      Uint8Array.from(`04${[x, y].map((each) => each.toString(16).padStart(64, '0')).join('')}`.match(/../g)!, (pair) =>
        Number.parseInt(pair, 16),
      )
    expect(codeOf(() => parsePublicKey(ec(oid(oids.p256), point(5n))))).toBeUndefined()
    expect(codeOf(() => parsePublicKey(ec(oid(oids.p256), point(5n + prime))))).toBe('INVALID_CERTIFICATE')
  })

  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const uncompressed = concatBytes(bytes(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url'))
  const compressed = concatBytes(bytes(2 + (uncompressed.at(-1)! & 1)), uncompressed.subarray(1, 33))
  test.each<[string, Uint8Array]>([
    ['a compressed point', ec(oid(oids.p256), compressed)],
    [
      'a hybrid point',
      ec(oid(oids.p256), concatBytes(bytes(6 + (uncompressed.at(-1)! & 1)), uncompressed.subarray(1))),
    ],
    ['the point at infinity', ec(oid(oids.p256), bytes(0))],
    ['no point', ec(oid(oids.p256), bytes())],
    ['a point and more', ec(oid(oids.p256), concatBytes(uncompressed, bytes(0)))],
    ['a point of another curve', ec(oid(oids.p384), uncompressed)],
    ['no curve', ec(bytes(), uncompressed)],
    ['the curve of the issuer', ec(nothing, uncompressed)],
    [
      'secp256k1',
      new Uint8Array(
        generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'der' }),
      ),
    ],
    [
      'explicit parameters',
      new Uint8Array(
        generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey.export({
          type: 'spki',
          format: 'der',
        }),
      ),
    ],
    ['a curve and more', ec(concatBytes(oid(oids.p256), nothing), uncompressed)],
  ])('%s is refused', (_, spki) => expect(codeOf(() => parsePublicKey(spki))).toEqual(refused))

  test('P-224 is named and not supported', () => {
    const keys = createECDH('secp224r1')
    keys.generateKeys()
    const point = new Uint8Array(keys.getPublicKey())
    expect(parsePublicKey(ec(oid(oids.p224), point))).toEqual({ unsupported: 'P-224' })
    point[5]! ^= 1
    expect(codeOf(() => parsePublicKey(ec(oid(oids.p224), point)))).toBe('INVALID_CERTIFICATE')
  })
})

describe('RSA keys', () => {
  test.each([1024, 2048, 2052])('%i bits', (bits) => {
    const spki = spkiOf(newRsaKey(bits))
    const key = parsePublicKey(spki)
    expect(key).toMatchObject({ kind: 'rsa', bits, exponent: bytes(1, 0, 1), spki })
    expect('modulus' in key && key.modulus[0]).not.toBe(0)
  })

  const odd = 2n ** 2047n + 1n
  test('sizes to the bit', () => {
    expect(parsePublicKey(rsa(odd, 3n))).toMatchObject({ bits: 2048 })
    expect(parsePublicKey(rsa(2n ** 2046n + 1n, 3n))).toMatchObject({ bits: 2047 })
    expect(parsePublicKey(rsa(2n ** 16_383n + 1n, 3n))).toMatchObject({ kind: 'rsa', bits: 16_384 })
    expect(parsePublicKey(rsa(2n ** 16_384n + 1n, 3n))).toEqual({ unsupported: 'RSA-16385' })
    expect(parsePublicKey(rsa(odd, 2n ** 31n - 1n))).toMatchObject({ bits: 2048 })
  })

  test.each<[string, Uint8Array]>([
    ['an exponent of 1', rsa(odd, 1n)],
    ['an exponent of 0', rsa(odd, 0n)],
    ['an even exponent', rsa(odd, 65_536n)],
    ['a negative exponent', rsa(odd, -3n)],
    ['an exponent of 2^31 + 1', rsa(odd, 2n ** 31n + 1n)],
    ['an exponent of 2^32 + 3, truncated elsewhere', rsa(odd, 2n ** 32n + 3n)],
    ['an exponent of 2^64 + 3', rsa(odd, 2n ** 64n + 3n)],
    ['an even modulus', rsa(odd + 1n, 3n)],
    ['a modulus of 0', rsa(0n, 3n)],
    ['a negative modulus', rsa(-odd, 3n)],
    ['no parameters', rsa(odd, 3n, bytes())],
    ['parameters that are not NULL', rsa(odd, 3n, integer(0))],
    ['NULL with content', rsa(odd, 3n, tlv(5, bytes(0)))],
    [
      'three numbers',
      sequence(sequence(oid(oids.rsaEncryption), nothing), bitString(sequence(integer(odd), integer(3), integer(1)))),
    ],
    [
      'bytes after the numbers',
      sequence(
        sequence(oid(oids.rsaEncryption), nothing),
        bitString(concatBytes(sequence(integer(odd), integer(3)), bytes(0))),
      ),
    ],
    [
      'unused bits',
      sequence(sequence(oid(oids.rsaEncryption), nothing), bitString(sequence(integer(odd), integer(3)), 1)),
    ],
    [
      'something after the key',
      sequence(sequence(oid(oids.rsaEncryption), nothing), bitString(sequence(integer(odd), integer(3))), nothing),
    ],
  ])('%s is refused', (_, spki) => expect(codeOf(() => parsePublicKey(spki))).toEqual(refused))
})

describe('keys of other kinds', () => {
  test('are named', () => {
    expect(parsePublicKey(spkiOf(newEdKey()))).toEqual({ unsupported: 'Ed25519' })
    const x25519 = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' })
    expect(parsePublicKey(new Uint8Array(x25519))).toEqual({ unsupported: 'X25519' })
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).publicKey.export({
      type: 'spki',
      format: 'der',
    })
    expect(parsePublicKey(new Uint8Array(pss))).toEqual({ unsupported: 'RSASSA-PSS' })
    const dsa = sequence(sequence(oid(oids.dsa), sequence(integer(23), integer(11), integer(2))), bitString(integer(4)))
    expect(parsePublicKey(dsa)).toEqual({ unsupported: 'DSA' })
    expect(parsePublicKey(sequence(sequence(oid('1.2.3.4')), bitString(bytes())))).toEqual({ unsupported: '1.2.3.4' })
  })

  test.each<[string, Uint8Array]>([
    ['Ed25519 with parameters', sequence(sequence(oid(oids.ed25519), nothing), bitString(new Uint8Array(32)))],
    ['Ed25519 of 31 bytes', sequence(sequence(oid(oids.ed25519)), bitString(new Uint8Array(31)))],
    ['X25519 of 33 bytes', sequence(sequence(oid(oids.x25519)), bitString(new Uint8Array(33)))],
    ['DSA without parameters', sequence(sequence(oid(oids.dsa)), bitString(integer(4)))],
    [
      'DSA with a zero',
      sequence(sequence(oid(oids.dsa), sequence(integer(23), integer(0), integer(2))), bitString(integer(4))),
    ],
    [
      'DSA with a key of zero',
      sequence(sequence(oid(oids.dsa), sequence(integer(23), integer(11), integer(2))), bitString(integer(0))),
    ],
    ['an unknown kind with a number', sequence(sequence(oid('1.2.3.4'), integer(1)), bitString(bytes()))],
    ['an unknown kind with two parameters', sequence(sequence(oid('1.2.3.4'), nothing, nothing), bitString(bytes()))],
    ['a key that is no BIT STRING', sequence(sequence(oid('1.2.3.4')), nothing)],
  ])('%s is refused', (_, spki) => expect(codeOf(() => parsePublicKey(spki))).toEqual(refused))

  test('node:crypto agrees on what these are', () => {
    for (const [key, kind] of [
      [newEcKey(), 'ec'],
      [newEdKey(), 'ed25519'],
    ] as const)
      expect(createPublicKey({ key: Buffer.from(spkiOf(key)), type: 'spki', format: 'der' }).asymmetricKeyType).toBe(
        kind,
      )
  })
})

describe('signature algorithms', () => {
  const read = (der: Uint8Array) => {
    const reader = createDerReader(der)
    const algorithm = readSignatureAlgorithm(reader)
    finish(reader)
    return algorithm
  }
  const hash = (type: string, ...parameters: Uint8Array[]) => sequence(oid(type), ...parameters)
  const pss = (type: string, salt: number, mask = type, ...parameters: Uint8Array[]) =>
    sequence(
      oid(oids.rsassaPss),
      sequence(
        explicit(0, hash(type, ...parameters)),
        explicit(1, sequence(oid(oids.mgf1), hash(mask, ...parameters))),
        explicit(2, integer(salt)),
      ),
    )

  test('those that are supported', () => {
    const sizes = ['sha256', 'sha384', 'sha512'] as const
    for (const [index, hash] of sizes.entries()) {
      const ecdsa = sequence(oid(`1.2.840.10045.4.3.${index + 2}`))
      const pkcs1 = oid(`1.2.840.113549.1.1.${index + 11}`)
      expect(read(ecdsa)).toEqual({ scheme: 'ECDSA', hash })
      expect(read(sequence(pkcs1, nothing))).toEqual({ scheme: 'RSASSA-PKCS1-v1_5', hash })
      expect(read(sequence(pkcs1))).toEqual({ scheme: 'RSASSA-PKCS1-v1_5', hash })
      const salt = Number(hash.slice(3)) / 8
      expect(read(pss(oids[hash], salt))).toEqual({ scheme: 'RSASSA-PSS', hash })
      expect(read(pss(oids[hash], salt, oids[hash], nothing))).toEqual({ scheme: 'RSASSA-PSS', hash })
    }
  })

  test.each<[string, string, Uint8Array]>([
    ['SHA-1 with RSA', 'SHA-1 with RSA', sequence(oid('1.2.840.113549.1.1.5'), nothing)],
    ['MD5 with RSA', 'MD5 with RSA', sequence(oid('1.2.840.113549.1.1.4'), nothing)],
    ['ECDSA with SHA-1', 'ECDSA with SHA-1', sequence(oid('1.2.840.10045.4.1'))],
    ['Ed25519', 'Ed25519', sequence(oid(oids.ed25519))],
    ['an unknown one', '1.2.3.4', sequence(oid('1.2.3.4'), sequence(integer(1)))],
    ['ECDSA with NULL', 'ECDSA with parameters', sequence(oid('1.2.840.10045.4.3.2'), nothing)],
    ['RSA with parameters', 'RSASSA-PKCS1-v1_5 with parameters', sequence(oid('1.2.840.113549.1.1.11'), sequence())],
    ['PSS without parameters', 'RSASSA-PSS with unusual parameters', sequence(oid(oids.rsassaPss))],
    ['PSS with all defaults', 'RSASSA-PSS with unusual parameters', sequence(oid(oids.rsassaPss), sequence())],
    ['PSS with a short salt', 'RSASSA-PSS with unusual parameters', pss(oids.sha256, 20)],
    ['PSS with a long salt', 'RSASSA-PSS with unusual parameters', pss(oids.sha256, 64)],
    ['PSS with another mask', 'RSASSA-PSS with unusual parameters', pss(oids.sha256, 32, oids.sha384)],
    ['PSS with SHA-1', 'RSASSA-PSS with unusual parameters', pss('1.3.14.3.2.26', 20)],
    [
      'PSS with odd parameters of the hash',
      'RSASSA-PSS with unusual parameters',
      pss(oids.sha256, 32, oids.sha256, sequence()),
    ],
    [
      'PSS with another trailer',
      'RSASSA-PSS with unusual parameters',
      sequence(
        oid(oids.rsassaPss),
        sequence(
          explicit(0, hash(oids.sha256)),
          explicit(1, sequence(oid(oids.mgf1), hash(oids.sha256))),
          explicit(2, integer(32)),
          explicit(3, integer(2)),
        ),
      ),
    ],
    [
      'PSS with a mask that is not MGF1',
      'RSASSA-PSS with unusual parameters',
      sequence(
        oid(oids.rsassaPss),
        sequence(
          explicit(0, hash(oids.sha256)),
          explicit(1, sequence(oid('1.2.3'), hash(oids.sha256))),
          explicit(2, integer(32)),
        ),
      ),
    ],
  ])('%s is named and not supported', (_, unsupported, der) => expect(read(der)).toEqual({ unsupported }))

  test.each<[string, Uint8Array]>([
    ['nothing', sequence()],
    ['two parameters', sequence(oid('1.2.3.4'), nothing, nothing)],
    ['a number for parameters', sequence(oid('1.2.840.113549.1.1.11'), integer(1))],
    ['NULL with content', sequence(oid('1.2.840.113549.1.1.11'), tlv(5, bytes(0)))],
    ['a salt below zero', pss(oids.sha256, -1)],
  ])('%s is refused', (_, der) => expect(codeOf(() => read(der))).toBe('INVALID_DER'))
})
