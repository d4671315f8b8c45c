// SPDX-License-Identifier: Apache-2.0
// What our reader accepts, node:crypto (OpenSSL) and @peculiar/x509 accept, too, and read the same in it.
import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import { loadLimbo } from '@ocisign/conformance/vectors'
import * as peculiar from '@peculiar/x509'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeHex, encodeText } from '../../src/bytes.js'
import { isOcisignError } from '../../src/errors.js'
import { type Certificate, parseCertificate, parseCertificates } from '../../src/x509/certificate.js'
import { parseEcdsaSignature } from '../../src/x509/ecdsa-signature.js'
import { formatName, parseName } from '../../src/x509/name.js'
import { oids } from '../../src/x509/oid.js'
import { parseCertificateFile, parsePem } from '../../src/x509/pem.js'
import { parsePublicKey } from '../../src/x509/public-key.js'
import { fuzzParameters } from '../fuzz.js'
import {
  attribute,
  basicConstraints,
  bytes,
  commonName,
  explicit,
  extendedKeyUsage,
  extension,
  implicit,
  integer,
  keyUsage,
  makeCertificate,
  newEcKey,
  newEdKey,
  newRsaKey,
  octetString,
  oid,
  sequence,
  time,
  tlv,
} from './make.js'

const keys = [newEcKey('P-256'), newEcKey('P-384'), newEcKey('P-521'), newRsaKey(2048), newEdKey()]
const limbo = (await loadLimbo())
  .filter(({ id }) => !id.startsWith('pathological'))
  .flatMap((each) => [each.peer_certificate, ...each.untrusted_intermediates, ...each.trusted_certs])
  .map((pem) => parsePem(pem)[0]!.bytes)

/** Certificates that are well-formed, with whatever a name, a number, a time and an extension may have. */
const wellFormed: fc.Arbitrary<Uint8Array> = fc
  .record({
    key: fc.constantFrom(...keys),
    signer: fc.constantFrom(...keys),
    serialNumber: fc.bigInt({ min: 1n, max: 2n ** 159n - 1n }).map(integer),
    subject: fc.array(names(), { maxLength: 4 }).map((parts) => sequence(...parts)),
    issuer: fc.array(names(), { minLength: 1, maxLength: 4 }).map((parts) => sequence(...parts)),
    notBefore: times(),
    notAfter: times(),
    extensions: fc.subarray(extensions(), { minLength: 0 }),
  })
  .map(({ key, signer, ...parts }) => makeCertificate(key, signer, parts))

function names(): fc.Arbitrary<Uint8Array> {
  const type = fc.constantFrom(
    '2.5.4.3',
    '2.5.4.6',
    '2.5.4.10',
    '2.5.4.11',
    '2.5.4.5',
    '2.999.7',
    '1.2.840.113549.1.9.1',
  )
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 12 }).map((text) => tlv(0x16, encodeText(text)))
  const unicode = fc.string({ unit: 'binary', maxLength: 8 }).map((text) => tlv(0x0c, encodeText(text)))
  const latin = fc.uint8Array({ maxLength: 8 }).map((content) => tlv(0x14, content))
  const plain = fc.stringMatching(/^[A-Za-z0-9 '()+,./:=?-]{0,12}$/).map((text) => tlv(0x13, encodeText(text)))
  return fc
    .tuple(type, fc.oneof(ascii, unicode, latin, plain))
    .map(([type, value]) => tlv(0x31, attribute(type, value)))
}

function times(): fc.Arbitrary<Uint8Array> {
  return fc.date({ min: new Date('1950-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => {
    const text = date.toISOString().replace(/[-:T]|\.\d+/g, '')
    return time(date.getUTCFullYear() < 2050 ? text.slice(2) : text)
  })
}

function extensions(): Uint8Array[] {
  const text = (tag: number, value: string) => implicit(tag, encodeText(value))
  return [
    basicConstraints(true, 3),
    keyUsage([0, 5, 8]),
    extendedKeyUsage([oids.codeSigning, '1.2.3.4']),
    extension(oids.subjectKeyIdentifier, false, octetString(bytes(1, 2, 3))),
    extension(oids.authorityKeyIdentifier, false, sequence(implicit(0, bytes(1, 2, 3)))),
    extension(
      oids.subjectAlternativeName,
      false,
      sequence(
        text(1, 'a@b.c'),
        text(2, 'b.c'),
        text(6, 'https://b.c/d'),
        implicit(7, bytes(127, 0, 0, 1)),
        explicit(4, commonName('x')),
      ),
    ),
    extension(oids.crlDistributionPoints, false, sequence(sequence(explicit(0, explicit(0, text(6, 'http://b.c')))))),
    extension(
      oids.authorityInformationAccess,
      false,
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), text(6, 'http://b.c'))),
    ),
    extension(oids.certificatePolicies, false, sequence(sequence(oid('2.5.29.32.0')))),
    extension('1.2.3.4.5', true, bytes(0xff)),
  ]
}

/** A few bytes changed, most of the time to something that DER has a meaning for. */
const mutated = (certificate: fc.Arbitrary<Uint8Array>) =>
  fc
    .tuple(
      certificate,
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.oneof(
            fc.nat(255).map((value) => () => value),
            fc.nat(7).map((bit) => (old: number) => old ^ (1 << bit)),
            fc.constantFrom(-1, 1).map((step) => (old: number) => old + step),
            fc
              .constantFrom(
                0,
                1,
                2,
                3,
                4,
                5,
                6,
                0x0c,
                0x13,
                0x14,
                0x16,
                0x17,
                0x18,
                0x1e,
                0x30,
                0x31,
                0x80,
                0x81,
                0xa0,
                0xff,
              )
              .map((value) => () => value),
          ),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([der, changes]) => {
      const changed = der.slice()
      for (const [at, change] of changes) changed[at % changed.length] = change(changed[at % changed.length]!)
      return changed
    })

const inputs = fc.oneof(wellFormed, mutated(wellFormed), mutated(fc.constantFrom(...limbo)))

test('what is accepted is accepted, and read alike, by node:crypto and @peculiar/x509', () => {
  let accepted = 0
  fc.assert(
    fc.property(inputs, (der) => {
      const certificate = readOrRefuse(() => parseCertificate(der))
      if (!certificate) return
      accepted++
      compareWithNode(certificate, new X509Certificate(der))
      compareWithPeculiar(certificate, new peculiar.X509Certificate(new Uint8Array(der)))
    }),
    // Shrinking a certificate takes minutes, and leads nowhere.
    { ...fuzzParameters('X.509 differential'), endOnFailure: true },
  )
  console.log(`X.509 differential: ${accepted} accepted`)
  expect(accepted).toBeGreaterThan(0)
}, 900_000)

test('whatever is well-formed is accepted', () => {
  fc.assert(
    fc.property(wellFormed, (der) => {
      parseCertificate(der)
    }),
    { numRuns: 200 },
  )
})

/** The value, or undefined for what is refused as it should be. */
function readOrRefuse<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (isOcisignError(error) && /^INVALID_(DER|CERTIFICATE|PEM)$/.test(error.code)) return undefined
    throw error
  }
}

function compareWithNode(certificate: Certificate, oracle: X509Certificate): void {
  expect(values(certificate.subject)).toEqual(nodeValues(oracle.subject))
  expect(values(certificate.issuer)).toEqual(nodeValues(oracle.issuer))
  expect(BigInt(`0x${encodeHex(certificate.serialNumber)}`)).toBe(BigInt(`0x${oracle.serialNumber}`))
  if (certificate.notBefore > 0) expect(certificate.notBefore).toBe(Date.parse(oracle.validFrom))
  if (certificate.notAfter > 0) expect(certificate.notAfter).toBe(Date.parse(oracle.validTo))
  expect(oracle.keyUsage ?? []).toEqual(certificate.extendedKeyUsage ?? [])
  if (!('unsupported' in certificate.publicKey)) {
    const spki = oracle.publicKey.export({ type: 'spki', format: 'der' })
    expect(encodeHex(certificate.publicKey.spki)).toBe(encodeHex(spki))
  }
}

const values = (der: Uint8Array) => parseName(der).map((part) => part.map(({ value }) => value))

/** The values in what OpenSSL writes: a line for each part, RFC 2253 escapes, control characters in hexadecimal. */
function nodeValues(text: string | undefined): string[][] {
  const lines = text === undefined || text === '' ? [] : text.split('\n')
  const character = (_: string, what: string) =>
    what.length === 2 ? String.fromCharCode(Number.parseInt(what, 16)) : what
  return lines.map((line) =>
    line.split(' + ').map((part) => part.slice(part.indexOf('=') + 1).replace(/\\([0-9A-F]{2}|.)/gu, character)),
  )
}

const yearOneHundred = Date.UTC(100, 0, 1)

function compareWithPeculiar(certificate: Certificate, oracle: peculiar.X509Certificate): void {
  expect(encodeHex(certificate.subject)).toBe(encodeHex(new Uint8Array(oracle.subjectName.toArrayBuffer())))
  expect(encodeHex(certificate.issuer)).toBe(encodeHex(new Uint8Array(oracle.issuerName.toArrayBuffer())))
  expect(BigInt(`0x${encodeHex(certificate.serialNumber)}`)).toBe(BigInt(`0x${oracle.serialNumber}`))
  // It takes the first hundred years for 1900 to 1999.
  for (const end of ['notBefore', 'notAfter'] as const)
    if (certificate[end] >= yearOneHundred) expect(certificate[end]).toBe(oracle[end].getTime())
  if (!('unsupported' in certificate.publicKey))
    expect(encodeHex(certificate.publicKey.spki)).toBe(encodeHex(new Uint8Array(oracle.publicKey.rawData)))
  expect(certificate.extensions.map(({ oid, critical, value }) => [oid, critical, encodeHex(value)])).toEqual(
    oracle.extensions.map(({ type, critical, value }) => [type, critical, encodeHex(new Uint8Array(value))]),
  )
  const constraints = oracle.getExtension(peculiar.BasicConstraintsExtension)
  expect(certificate.basicConstraints?.ca).toBe(constraints?.ca)
  expect(certificate.basicConstraints?.pathLength).toBe(constraints?.pathLength)
}

describe('garbage is refused with an error of ours', () => {
  const parsers: readonly [string, (input: Uint8Array) => unknown][] = [
    ['parseCertificate', parseCertificate],
    ['parseCertificates', parseCertificates],
    ['parseCertificateFile', parseCertificateFile],
    ['parseName', parseName],
    ['formatName', formatName],
    ['parsePublicKey', parsePublicKey],
    ['parsePem', (input) => parsePem(input)],
    ['parseEcdsaSignature', (input) => parseEcdsaSignature(input, 256)],
  ]
  const seeds: fc.Arbitrary<Uint8Array> = fc
    .constantFrom(...limbo)
    .map((der) => {
      const certificate = readOrRefuse(() => parseCertificate(der))
      return certificate ? fc.constantFrom(der, certificate.subject, certificate.signature) : fc.constant(der)
    })
    .chain((arbitrary) => arbitrary)
  const anything = fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated(seeds))

  test.each(parsers)('%s', (name, parse) => {
    fc.assert(
      fc.property(anything, (input) => {
        const before = input.slice()
        readOrRefuse(() => parse(input))
        expect(input).toEqual(before)
      }),
      { ...fuzzParameters(name), endOnFailure: true },
    )
  })
})
