// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { createDerReader, finish } from '../../src/x509/der.js'
import { readExtensions } from '../../src/x509/extensions.js'
import { oids } from '../../src/x509/oid.js'
import { codeOf } from './code.js'
import {
  basicConstraints,
  bitString,
  boolean,
  bytes,
  commonName,
  explicit,
  extendedKeyUsage,
  extension,
  implicit,
  integer,
  keyUsage,
  nothing,
  octetString,
  oid,
  sequence,
  tlv,
  utf8,
} from './make.js'

const read = (...extensions: Uint8Array[]) => {
  const reader = createDerReader(sequence(...extensions))
  const result = readExtensions(reader)
  finish(reader)
  return result
}
const text = (tag: number, value: string) => tlv(0x80 | tag, new TextEncoder().encode(value))
const refused = expect.stringMatching(/^INVALID_(DER|CERTIFICATE)$/)

describe('those that are honoured', () => {
  test('basicConstraints', () => {
    expect(read(basicConstraints(true)).basicConstraints).toEqual({ ca: true })
    expect(read(basicConstraints(true, 0)).basicConstraints).toEqual({ ca: true, pathLength: 0 })
    expect(read(basicConstraints(false)).basicConstraints).toEqual({ ca: false })
    expect(read(basicConstraints(false, 3)).basicConstraints).toEqual({ ca: false, pathLength: 3 })
    // Not DER, but very common, and of one meaning only.
    expect(read(extension(oids.basicConstraints, true, sequence(boolean(0)))).basicConstraints).toEqual({ ca: false })
  })

  test('keyUsage', () => {
    expect(read(keyUsage([0])).keyUsage).toEqual(['digitalSignature'])
    expect(read(keyUsage([5, 6])).keyUsage).toEqual(['keyCertSign', 'cRLSign'])
    expect(read(keyUsage([0, 1, 2, 3, 4, 5, 6, 7, 8])).keyUsage).toHaveLength(9)
    expect(read(keyUsage([8])).keyUsage).toEqual(['decipherOnly'])
  })

  test('extendedKeyUsage', () => {
    expect(read(extendedKeyUsage([oids.codeSigning, '1.2.3'])).extendedKeyUsage).toEqual([oids.codeSigning, '1.2.3'])
  })

  test.each<[string, Uint8Array]>([
    ['basicConstraints that are no SEQUENCE', extension(oids.basicConstraints, true, boolean(0xff))],
    ['basicConstraints of nothing', extension(oids.basicConstraints, true, bytes())],
    ['basicConstraints with CA=01', extension(oids.basicConstraints, true, sequence(boolean(1)))],
    ['basicConstraints in another order', extension(oids.basicConstraints, true, sequence(integer(1), boolean(255)))],
    ['basicConstraints with more', extension(oids.basicConstraints, true, sequence(boolean(255), integer(1), nothing))],
    ['a path length of -1', extension(oids.basicConstraints, true, sequence(boolean(255), integer(-1)))],
    ['a path length of 2^31', extension(oids.basicConstraints, true, sequence(boolean(255), integer(2 ** 31)))],
    ['a path length of 2^32 + 1', extension(oids.basicConstraints, true, sequence(boolean(255), integer(2 ** 32 + 1)))],
    ['bytes after basicConstraints', extension(oids.basicConstraints, true, bytes(0x30, 0x00, 0x00))],
    ['keyUsage of no usage', extension(oids.keyUsage, true, bitString(bytes()))],
    ['keyUsage of a usage that does not exist', keyUsage([0, 9])],
    ['keyUsage with trailing zeros', extension(oids.keyUsage, true, bitString(bytes(0x80)))],
    ['keyUsage with unused bits set', extension(oids.keyUsage, true, bitString(bytes(0xff), 7))],
    ['extendedKeyUsage of no usage', extendedKeyUsage([])],
    ['extendedKeyUsage of something else', extension(oids.extendedKeyUsage, false, sequence(utf8('x')))],
  ])('%s is refused', (_, der) => expect(codeOf(() => read(der))).toEqual(refused))
})

describe('those that are not', () => {
  const names = sequence(
    explicit(0, oid('1.2.3'), explicit(0, utf8('x'))),
    text(1, 'a@b.example'),
    text(2, 'b.example'),
    explicit(4, commonName('x')),
    text(6, 'https://user@b.example:443/a%20b?c=d#e'),
    text(6, 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'),
    text(6, 'spiffe://b.example/ns/a'),
    text(6, 'file:///x'),
    implicit(7, bytes(127, 0, 0, 1)),
    implicit(7, new Uint8Array(16)),
    implicit(8, bytes(0x2a, 0x03)),
  )
  const constraints = sequence(
    explicit(0, sequence(text(2, '.b.example')), sequence(text(1, 'a@b.example')), sequence(text(1, 'b.example'))),
    explicit(
      1,
      sequence(text(6, '.b.example')),
      sequence(implicit(7, bytes(10, 0, 0, 0, 255, 128, 0, 0)), implicit(0, bytes(0))),
    ),
  )
  const wellFormed: readonly [string, Uint8Array][] = [
    [oids.subjectKeyIdentifier, octetString(bytes(1, 2))],
    [
      oids.authorityKeyIdentifier,
      sequence(implicit(0, bytes(1)), explicit(1, explicit(4, commonName('x'))), implicit(2, bytes(1))),
    ],
    [oids.subjectAlternativeName, names],
    [oids.nameConstraints, constraints],
    [
      oids.crlDistributionPoints,
      sequence(sequence(explicit(0, explicit(0, text(6, 'http://b.example/crl'))), implicit(1, bytes(1, 2)))),
    ],
    [
      oids.certificatePolicies,
      sequence(sequence(oid('2.5.29.32.0')), sequence(oid('2.25.329800735698586629295641978511506172918'), sequence())),
    ],
    [oids.policyMappings, sequence(sequence(oid('1.2.3'), oid('1.2.4')))],
    [oids.policyConstraints, sequence(implicit(0, bytes(0)), implicit(1, bytes(1)))],
    [oids.inhibitAnyPolicy, integer(0)],
    [oids.authorityInformationAccess, sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), text(6, 'http://b.example')))],
    ['1.3.6.1.4.1.11129.2.4.2', bytes(0xff)],
  ]

  test.each(wellFormed)('%s is read and kept', (type, value) => {
    expect(read(extension(type, false, value)).extensions).toEqual([{ oid: type, critical: false, value }])
  })

  test.each(wellFormed.slice(0, -1))('%s that is something else, or has more, is refused', (type, value) => {
    for (const wrong of [bytes(), nothing, tlv(0x31), Uint8Array.from([...value, 0])])
      expect(codeOf(() => read(extension(type, false, wrong)))).toEqual(refused)
  })

  test.each([oids.subjectKeyIdentifier, oids.authorityKeyIdentifier, oids.authorityInformationAccess])(
    '%s must not be critical',
    (type) => {
      const [, value] = wellFormed.find(([each]) => each === type)!
      expect(codeOf(() => read(extension(type, true, value)))).toBe('INVALID_CERTIFICATE')
    },
  )

  const san = (name: Uint8Array) => extension(oids.subjectAlternativeName, false, sequence(name))
  const constraint = (name: Uint8Array) => extension(oids.nameConstraints, false, sequence(explicit(0, sequence(name))))
  test.each<[string, Uint8Array]>([
    ['no alternative name', extension(oids.subjectAlternativeName, false, sequence())],
    ['a name of an unknown kind', san(implicit(9, bytes(1)))],
    ['an e-mail address beyond ASCII', san(text(1, 'ö@b.example'))],
    ['an IP address of 5 bytes', san(implicit(7, bytes(1, 2, 3, 4, 5)))],
    ['a URI without a scheme', san(text(6, 'b.example/x'))],
    ['a URI with a space', san(text(6, 'http://b.example/a b'))],
    ['a URI with a control character', san(text(6, 'http://b.example/\n'))],
    ['a URI with a lone %', san(text(6, 'http://b.example/%zz'))],
    ['a URI with a host that ends with a dot', san(text(6, 'http://b.example./'))],
    ['a URI with an empty label', san(text(6, 'http://b..example/'))],
    ['a URI with a port that is none', san(text(6, 'http://b.example:x/'))],
    ['no constraint', extension(oids.nameConstraints, false, sequence())],
    ['an empty constraint', extension(oids.nameConstraints, false, sequence(explicit(0)))],
    ['a domain with an empty label', constraint(text(2, 'a..b'))],
    ['a domain that ends with a dot', constraint(text(2, 'a.'))],
    ['two addresses in one', constraint(text(1, 'a@b@c'))],
    ['an address at a domain with a leading dot', constraint(text(1, 'a@.b'))],
    ['a URI constraint that is an address', constraint(text(6, '10.0.0.1'))],
    ['an address without a mask', constraint(implicit(7, bytes(10, 0, 0, 0)))],
    ['a mask with holes', constraint(implicit(7, bytes(10, 0, 0, 0, 255, 0, 255, 0)))],
    [
      'a policy twice',
      extension(oids.certificatePolicies, false, sequence(sequence(oid('1.2.3')), sequence(oid('1.2.3')))),
    ],
    [
      'a policy that is cut off',
      extension(oids.certificatePolicies, false, sequence(sequence(tlv(6, bytes(0x2a, 0x86))))),
    ],
    [
      'a policy that is padded',
      extension(oids.certificatePolicies, false, sequence(sequence(tlv(6, bytes(0x2a, 0x80, 1))))),
    ],
    ['no distribution point', extension(oids.crlDistributionPoints, false, sequence())],
    [
      'a distribution point relative to the issuer',
      extension(oids.crlDistributionPoints, false, sequence(sequence(explicit(0, explicit(1, commonName('x')))))),
    ],
  ])('%s is refused', (_, der) => expect(codeOf(() => read(der))).toEqual(refused))

  test('a URI of 60,000 bytes costs little', () => {
    const started = performance.now()
    for (const tail of ['', ' ', '%', '@', '//'])
      for (const part of ['a', 'a.', '%20', '@', ':', '/'])
        codeOf(() => read(san(text(6, `http://${part.repeat(60_000 / part.length)}${tail}`))))
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
