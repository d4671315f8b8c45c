// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeHex } from '../../src/bytes.js'
import {
  describeSubject,
  isSelfIssued,
  isValidAt,
  parseCertificate,
  parseCertificates,
} from '../../src/x509/certificate.js'
import { formatName } from '../../src/x509/name.js'
import { oids } from '../../src/x509/oid.js'
import { codeOf } from './code.js'
import {
  bitString,
  bytes,
  commonName,
  explicit,
  extension,
  implicit,
  integer,
  keyUsage,
  makeCertificate,
  makeChain,
  newEcKey,
  nothing,
  octetString,
  oid,
  type Parts,
  sequence,
  spkiOf,
  time,
  tlv,
} from './make.js'

const key = newEcKey()
const make = (parts: Parts = {}) => makeCertificate(key, key, parts)
const codeOfParts = (parts: Parts) => codeOf(() => parseCertificate(make(parts)))

describe('a certificate', () => {
  const [leaf, , root] = makeChain()

  test('says what node:crypto reads in it', () => {
    const certificate = parseCertificate(leaf)
    const oracle = new X509Certificate(leaf)
    expect(certificate.version).toBe(3)
    expect(encodeHex(certificate.serialNumber)).toBe(oracle.serialNumber.toLowerCase().padStart(2, '0'))
    expect(formatName(certificate.subject)).toBe('CN=Leaf')
    expect(formatName(certificate.issuer)).toBe('CN=Intermediate')
    expect(certificate.notBefore).toBe(Date.parse(oracle.validFrom))
    expect(certificate.notAfter).toBe(Date.parse(oracle.validTo))
    expect(certificate.signatureAlgorithm).toEqual({ scheme: 'ECDSA', hash: 'sha256' })
    expect(certificate.publicKey).toMatchObject({ kind: 'ec', curve: 'P-256', bits: 256 })
    expect('spki' in certificate.publicKey && certificate.publicKey.spki).toEqual(
      new Uint8Array(oracle.publicKey.export({ type: 'spki', format: 'der' })),
    )
    expect(certificate.keyUsage).toEqual(['digitalSignature'])
    expect(certificate.extendedKeyUsage).toEqual([oids.codeSigning])
    expect(certificate.basicConstraints).toBeUndefined()
    expect(certificate.extensions.map(({ oid, critical }) => [oid, critical])).toEqual([
      [oids.keyUsage, true],
      [oids.extendedKeyUsage, false],
    ])
  })

  test('is views of what it was read from', () => {
    const certificate = parseCertificate(leaf)
    for (const view of [certificate.der, certificate.tbs, certificate.issuer, certificate.signature])
      expect(view.buffer).toBe(leaf.buffer)
    expect(certificate.der).toEqual(leaf)
  })

  test('is self-issued or not', () => {
    expect(isSelfIssued(parseCertificate(root))).toBe(true)
    expect(isSelfIssued(parseCertificate(leaf))).toBe(false)
  })

  test('is valid from its first to its last second', () => {
    const certificate = parseCertificate(make({ notBefore: time('240301000000Z'), notAfter: time('240401000000Z') }))
    const at = (text: string) => isValidAt(certificate, new Date(text))
    expect(at('2024-02-29T23:59:59.999Z')).toBe(false)
    expect(at('2024-03-01T00:00:00Z')).toBe(true)
    expect(at('2024-04-01T00:00:00Z')).toBe(true)
    expect(at('2024-04-01T00:00:00.001Z')).toBe(false)
    expect(at('no date')).toBe(false)
  })

  test('has a subject that can be printed', () => {
    expect(describeSubject(parseCertificate(make({ subject: commonName('a\u001b[31m\u202e') })))).toBe(
      'CN=a\\u001b[31m\\u202e',
    )
  })

  test('of version 1 has no extensions, of version 2 perhaps unique identifiers', () => {
    expect(parseCertificate(make({ version: bytes() })).version).toBe(1)
    const rest = concatBytes(implicit(1, bytes(0, 1)), implicit(2, bytes(0, 1)))
    expect(parseCertificate(make({ version: explicit(0, integer(1)), rest })).version).toBe(2)
    const all = concatBytes(rest, explicit(3, sequence(keyUsage([0]))))
    expect(parseCertificate(make({ rest: all })).keyUsage).toEqual(['digitalSignature'])
  })

  test.each([[[]], [[1]], [[8, 0]], [[48, 34, 48]], [[3, 0xff]]])(
    'unique identifiers are BIT STRINGs: not %j',
    (content) => {
      for (const number of [1, 2])
        expect(codeOfParts({ rest: implicit(number, bytes(...content)) })).toBe('INVALID_CERTIFICATE')
      expect(codeOfParts({ rest: implicit(1, bytes(3, 0xf8)) })).toBeUndefined()
    },
  )

  test('an issuer and a subject may be equal, a subject empty', () => {
    expect(codeOfParts({ subject: sequence() })).toBeUndefined()
    expect(codeOfParts({ issuer: sequence() })).toBe('INVALID_CERTIFICATE')
  })

  test('a serial number of 20 bytes is the longest', () => {
    const serialNumber = tlv(0x02, bytes(0x7f, ...new Array(19).fill(0xff)))
    expect(parseCertificate(make({ serialNumber })).serialNumber.length).toBe(20)
    expect(codeOfParts({ serialNumber: tlv(0x02, bytes(0, 0x80, ...new Array(19).fill(0))) })).toBe(
      'INVALID_CERTIFICATE',
    )
    expect(codeOfParts({ serialNumber: tlv(0x02, bytes(0x01, ...new Array(20).fill(0))) })).toBe('INVALID_CERTIFICATE')
    expect(codeOfParts({ serialNumber: integer(0) })).toBe('INVALID_CERTIFICATE')
    expect(codeOfParts({ serialNumber: integer(-1) })).toBe('INVALID_DER')
  })
})

describe('what is refused', () => {
  test.each<[string, Parts]>([
    ['version 4', { version: explicit(0, integer(3)) }],
    ['version 1, written out', { version: explicit(0, integer(0)) }],
    ['a negative version', { version: explicit(0, integer(-1)) }],
    ['extensions in version 1', { version: bytes(), extensions: [keyUsage([0])] }],
    ['extensions in version 2', { version: explicit(0, integer(1)), extensions: [keyUsage([0])] }],
    ['an empty list of extensions', { rest: explicit(3, sequence()) }],
    ['empty extensions', { rest: explicit(3) }],
    ['something after the extensions', { rest: concatBytes(explicit(3, sequence(keyUsage([0]))), nothing) }],
    [
      'extensions twice',
      { rest: concatBytes(explicit(3, sequence(keyUsage([0]))), explicit(3, sequence(keyUsage([0])))) },
    ],
    [
      'a version after the serial number',
      { version: bytes(), serialNumber: concatBytes(integer(1), explicit(0, integer(2))) },
    ],
    ['one time only', { notAfter: bytes() }],
    ['three times', { notAfter: concatBytes(time('490101000000Z'), time('490101000000Z')) }],
    ['a time without seconds', { notAfter: time('4901010000Z') }],
    ['a signature with unused bits', { signature: bytes() }],
    ['a signature algorithm that is not signed', { outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) }],
    ['a signature algorithm with other parameters', { outerAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), nothing) }],
    ['an extension without a value', { extensions: [sequence(oid('1.2.3'))] }],
    [
      'an extension with two values',
      { extensions: [sequence(oid('1.2.3'), octetString(bytes()), octetString(bytes()))] },
    ],
    [
      'an extension that is critical twice',
      { extensions: [sequence(oid('1.2.3'), tlv(1, bytes(255)), tlv(1, bytes(255)), octetString(bytes()))] },
    ],
    [
      'an extension that is 01 critical',
      { extensions: [sequence(oid('1.2.3'), tlv(1, bytes(1)), octetString(bytes()))] },
    ],
    ['an extension twice', { extensions: [extension('1.2.3', false, bytes()), extension('1.2.3', true, bytes(1))] }],
    [
      '65 extensions',
      { extensions: Array.from({ length: 65 }, (_, index) => extension(`1.2.${index}`, false, bytes())) },
    ],
  ])('%s', (what, parts) => {
    const der = what === 'a signature with unused bits' ? unusedBits() : make(parts)
    expect(codeOf(() => parseCertificate(der))).toMatch(/^INVALID_(DER|CERTIFICATE)$/)
  })

  function unusedBits(): Uint8Array {
    const { tbs } = parseCertificate(make())
    return sequence(tbs, sequence(oid('1.2.840.10045.4.3.2')), bitString(bytes(0x30, 0x00), 4))
  }

  test('64 extensions are read, and FALSE written out is FALSE', () => {
    const extensions = Array.from({ length: 63 }, (_, index) => extension(`1.2.${index}`, false, bytes()))
    const written = sequence(oid('1.3.1'), tlv(1, bytes(0)), octetString(bytes()))
    const certificate = parseCertificate(make({ extensions: [...extensions, written] }))
    expect(certificate.extensions.length).toBe(64)
    expect(certificate.extensions.at(-1)!.critical).toBe(false)
  })

  test('anything after the certificate, or cut off', () => {
    const der = make()
    expect(codeOf(() => parseCertificate(concatBytes(der, bytes(0))))).toBe('INVALID_DER')
    expect(codeOf(() => parseCertificate(concatBytes(der, der)))).toBe('INVALID_DER')
    for (let length = 0; length < der.length; length++)
      expect(codeOf(() => parseCertificate(der.subarray(0, length)))).toBe('INVALID_DER')
  })

  test('more than 64 KiB', () => {
    const der = make({ extensions: [extension('1.2.3', false, new Uint8Array(70_000))] })
    expect(codeOf(() => parseCertificate(der))).toBe('INVALID_DER')
  })

  test('a key of another size is a certificate still', () => {
    const other = newEcKey('P-384')
    const certificate = parseCertificate(make({ publicKey: spkiOf(other) }))
    expect(certificate.publicKey).toMatchObject({ curve: 'P-384', bits: 384 })
  })
})

describe('several certificates', () => {
  test('one after the other', () => {
    const chain = makeChain()
    const certificates = parseCertificates(concatBytes(...chain))
    expect(certificates.map(({ der }) => der)).toEqual(chain)
  })

  test('at least one, and nothing else', () => {
    expect(codeOf(() => parseCertificates(bytes()))).toBe('INVALID_DER')
    expect(codeOf(() => parseCertificates(concatBytes(make(), bytes(0x0a))))).toBe('INVALID_DER')
    expect(codeOf(() => parseCertificates(concatBytes(make(), nothing, make())))).toBe('INVALID_DER')
  })
})
