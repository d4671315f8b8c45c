// SPDX-License-Identifier: Apache-2.0
// What was done to certificates before, and what must come of it. X1 to X11 are the questions every reader of
// certificates is asked; X10, on trusted identities, is asked where trust policies are read.
import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeText } from '../../src/bytes.js'
import { isOcisignError } from '../../src/errors.js'
import { createMemoryTrustStore } from '../../src/notary/trust-store.js'
import { isValidAt, parseCertificate } from '../../src/x509/certificate.js'
import { formatName } from '../../src/x509/name.js'
import { oids } from '../../src/x509/oid.js'
import { verifyChainSignatures } from '../../src/x509/path.js'
import { parsePem } from '../../src/x509/pem.js'
import { validateCodeSigningChain } from '../../src/x509/profile.js'
import { codeOf, codeOfAsync } from './code.js'
import {
  attribute,
  basicConstraints,
  bitString,
  boolean,
  bytes,
  type ChainParts,
  commonName,
  explicit,
  extendedKeyUsage,
  extension,
  implicit,
  integer,
  keyUsage,
  leafExtensions,
  makeCertificate,
  makeChain,
  name,
  newEcKey,
  newEdKey,
  newRsaKey,
  nothing,
  octetString,
  oid,
  type Parts,
  printableString,
  sequence,
  set,
  signatureAlgorithm,
  time,
  tlv,
  utf8,
} from './make.js'

const key = newEcKey()
const rsa = newRsaKey(2048)
const authority = [basicConstraints(true), keyUsage([5])]

/** The code of reading a chain, holding it to the profile and verifying it; undefined where all is well. */
const verdict = (chain: readonly Uint8Array[]) =>
  codeOfAsync(() => {
    const certificates = chain.map((der) => parseCertificate(der))
    validateCodeSigningChain(certificates)
    return verifyChainSignatures(certificates)
  })
const verdictOf = (parts: ChainParts) => verdict(makeChain(parts))
const leafWith = (...extensions: Uint8Array[]) => verdictOf({ leaf: { extensions } })
const read = (parts: Parts) => codeOf(() => parseCertificate(makeCertificate(key, key, parts)))
const refusedReading = expect.stringMatching(/^INVALID_(DER|CERTIFICATE)$/)
const refusedChain = 'INVALID_CERTIFICATE_CHAIN'

describe('X1: key usages of the leaf', () => {
  test.each<[string, Uint8Array[]]>([
    ['no digitalSignature', [keyUsage([1])]],
    ['keyUsage not critical', [keyUsage([0], false)]],
    ['keyCertSign', [keyUsage([0, 5])]],
    ['timeStamping and codeSigning', [keyUsage([0]), extendedKeyUsage([oids.timeStamping, oids.codeSigning])]],
    ['any purpose (CVE-2025-22874)', [keyUsage([0]), extendedKeyUsage([oids.anyExtendedKeyUsage])]],
    ['any purpose and codeSigning', [keyUsage([0]), extendedKeyUsage([oids.codeSigning, oids.anyExtendedKeyUsage])]],
  ])('X1: %s is refused', async (_, extensions) => expect(await leafWith(...extensions)).toBe(refusedChain))

  test('X1: no extendedKeyUsage, or codeSigning, is fine', async () => {
    expect(await leafWith(keyUsage([0]))).toBeUndefined()
    expect(await leafWith(keyUsage([0]), extendedKeyUsage([oids.codeSigning]))).toBeUndefined()
  })
})

describe('X2: authorities', () => {
  test('X2: an intermediate that is none', async () => {
    expect(await verdictOf({ intermediate: { extensions: [basicConstraints(false), keyUsage([5])] } })).toBe(
      refusedChain,
    )
    expect(await verdictOf({ intermediate: { extensions: [keyUsage([5])] } })).toBe(refusedChain)
    expect(await verdictOf({ intermediate: { extensions: leafExtensions } })).toBe(refusedChain)
  })
  test('X2: a path length that is exceeded', async () => {
    expect(await verdictOf({ root: { extensions: [basicConstraints(true, 0), keyUsage([5])] } })).toBe(refusedChain)
  })
  test('X2: basicConstraints that are not critical', async () => {
    const extensions = [basicConstraints(true, undefined, false), keyUsage([5])]
    for (const position of ['intermediate', 'root'])
      expect(await verdictOf({ [position]: { extensions } })).toBe(refusedChain)
  })
})

describe('X3: keys', () => {
  const rsaKey = (modulus: bigint, exponent: bigint) =>
    sequence(sequence(oid(oids.rsaEncryption), nothing), bitString(sequence(integer(modulus), integer(exponent))))
  const odd = 2n ** 2047n + 1n

  test('X3: RSA-1024, P-224 and Ed25519, anywhere in the chain', async () => {
    for (const weak of [newRsaKey(1024), newEcKey('P-224'), newEdKey()])
      for (const position of ['leafKey', 'intermediateKey', 'rootKey'])
        expect(await verdictOf({ [position]: weak })).toBe(refusedChain)
  })
  test('X3: RSA-2047, which rounds to 2048', async () => {
    expect(
      await verdictOf({ leaf: { publicKey: rsaKey(2n ** 2046n + 1n, 65_537n), extensions: leafExtensions } }),
    ).toBe(refusedChain)
  })
  test.each<[string, Uint8Array]>([
    ['e = 1', rsaKey(odd, 1n)],
    ['e = 0', rsaKey(odd, 0n)],
    ['even e', rsaKey(odd, 2n)],
    ['e of 2^32 + 1, which truncates to 1', rsaKey(odd, 2n ** 32n + 1n)],
    ['an even modulus', rsaKey(odd + 1n, 65_537n)],
    ['a negative modulus', rsaKey(-odd, 65_537n)],
    [
      'secp256k1',
      sequence(
        sequence(oid(oids.ecPublicKey), oid('1.3.132.0.10')),
        bitString(concatBytes(bytes(4), new Uint8Array(64).fill(1))),
      ),
    ],
    [
      'explicit curve parameters (CVE-2020-0601)',
      sequence(
        sequence(oid(oids.ecPublicKey), sequence(integer(1))),
        bitString(concatBytes(bytes(4), new Uint8Array(64))),
      ),
    ],
    [
      'a point that is not on the curve',
      sequence(
        sequence(oid(oids.ecPublicKey), oid(oids.p256)),
        bitString(concatBytes(bytes(4), new Uint8Array(64).fill(1))),
      ),
    ],
    [
      'a compressed point',
      sequence(
        sequence(oid(oids.ecPublicKey), oid(oids.p256)),
        bitString(concatBytes(bytes(2), new Uint8Array(32).fill(1))),
      ),
    ],
  ])('X3: %s is refused on reading', (_, publicKey) => expect(read({ publicKey })).toEqual(refusedReading))
})

describe('X4: signature algorithms', () => {
  test('X4: SHA-1 and MD5, anywhere in the chain', async () => {
    for (const hash of ['sha1', 'md5'] as const)
      for (const position of ['leaf', 'intermediate', 'root'])
        expect(
          await verdictOf({
            [position]: { hash, extensions: position === 'leaf' ? leafExtensions : authority },
            intermediateKey: rsa,
            rootKey: rsa,
          }),
        ).toBe(refusedChain)
  })
  test('X4: SHA-1, self-signed leaf alone', async () => {
    expect(await verdict([makeCertificate(rsa, rsa, { extensions: leafExtensions, hash: 'sha1' })])).toBe(refusedChain)
  })
  test('X4: inner and outer algorithm that differ', async () => {
    expect(read({ outerAlgorithm: signatureAlgorithm(key, 'sha384') })).toBe('INVALID_CERTIFICATE')
    expect(read({ outerAlgorithm: signatureAlgorithm(rsa) })).toBe('INVALID_CERTIFICATE')
    expect(read({ algorithm: signatureAlgorithm(rsa), outerAlgorithm: sequence(oid('1.2.840.113549.1.1.11')) })).toBe(
      'INVALID_CERTIFICATE',
    )
  })
})

describe('X5: paths', () => {
  const [leaf, intermediate, root] = makeChain()

  test('X5: an issuer of the same name with another key', async () => {
    const impostor = makeChain({ intermediateKey: newEcKey(), rootKey: newEcKey() })
    expect(await verdict([leaf, impostor[1], impostor[2]])).toBe(refusedChain)
    expect(await verdict([leaf, intermediate, impostor[2]])).toBe(refusedChain)
  })
  test('X5: a key identifier that does not match decides nothing; the signature does', async () => {
    const identifier = extension(oids.authorityKeyIdentifier, false, sequence(implicit(0, bytes(1, 2, 3))))
    expect(await leafWith(...leafExtensions, identifier)).toBeUndefined()
  })
  test('X5: a cross-signed twin of the root goes on to the other root', async () => {
    const [other, same] = [newEcKey(), newEcKey()]
    const twin = makeCertificate(same, other, {
      issuer: commonName('Other'),
      subject: commonName('Root'),
      extensions: authority,
    })
    const otherRoot = makeCertificate(other, other, {
      issuer: commonName('Other'),
      subject: commonName('Other'),
      extensions: authority,
    })
    const [a, b, c] = makeChain({ rootKey: same })
    expect(await verdict([a, b, c])).toBeUndefined()
    expect(await verdict([a, b, twin, otherRoot])).toBeUndefined()
    expect(await verdict([a, b, twin])).toBe(refusedChain)
    expect(await verdict([a, b, twin, root])).toBe(refusedChain)
  })
  test('X5: authorities that issued each other end nowhere', async () => {
    const [a, b] = [newEcKey(), newEcKey()]
    const issue = (subject: string, issuer: string) =>
      makeCertificate(subject === 'A' ? a : b, issuer === 'A' ? a : b, {
        subject: commonName(subject),
        issuer: commonName(issuer),
        extensions: authority,
      })
    const signer = makeCertificate(key, a, { issuer: commonName('A'), extensions: leafExtensions })
    const cycle = [signer, issue('A', 'B'), issue('B', 'A')]
    expect(await verdict(cycle)).toBe(refusedChain)
    expect(await verdict([...cycle, issue('A', 'B')])).toBe(refusedChain)
  })
  test('X5: a hundred authorities of one name are refused before any signature is verified', async () => {
    const authorities = Array.from({ length: 100 }, () => intermediate)
    const started = performance.now()
    expect(await verdict([leaf, ...authorities, root])).toBe(refusedChain)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

test('X6: an unknown critical extension is left alone, as the specification demands', async () => {
  // Signature-specification, certificate requirements: other extensions MUST NOT be evaluated or honored.
  const unknown = extension('1.3.6.1.4.1.55738.666.1', true, bytes(5, 0))
  expect(await leafWith(...leafExtensions, unknown)).toBeUndefined()
  expect(await verdictOf({ root: { extensions: [...authority, unknown] } })).toBeUndefined()
})

describe('X7: times', () => {
  const valid = (notBefore: string, notAfter: string, at: string) =>
    isValidAt(
      parseCertificate(makeCertificate(key, key, { notBefore: time(notBefore), notAfter: time(notAfter) })),
      new Date(at),
    )

  test('X7: not yet valid, and no longer valid', async () => {
    expect(valid('240101000000Z', '250101000000Z', '2023-12-31T23:59:59Z')).toBe(false)
    expect(valid('240101000000Z', '250101000000Z', '2025-01-01T00:00:01Z')).toBe(false)
    expect(valid('240101000000Z', '250101000000Z', '2024-06-01T00:00:00Z')).toBe(true)
    expect(valid('250101000000Z', '240101000000Z', '2024-06-01T00:00:00Z')).toBe(false)
  })
  test('X7: the end of time', async () => {
    expect(valid('240101000000Z', '99991231235959Z', '9999-12-31T23:59:59Z')).toBe(true)
  })
  test('X7: two digits mean 1950 to 2049', async () => {
    expect(valid('500101000000Z', '491231235959Z', '1950-01-01T00:00:00Z')).toBe(true)
    expect(valid('500101000000Z', '491231235959Z', '2049-12-31T23:59:59Z')).toBe(true)
    expect(valid('500101000000Z', '491231235959Z', '2050-01-01T00:00:00Z')).toBe(false)
  })
  test.each(['2401010000Z', '240101000000+0000', '240230000000Z', '20240101000000.5Z', '240101000060Z'])(
    'X7: %s is no time',
    (text) => expect(read({ notBefore: time(text) })).toBe('INVALID_DER'),
  )
})

test('X8: negative, zero and overlong serial numbers', async () => {
  expect(read({ serialNumber: integer(-1) })).toBe('INVALID_DER')
  expect(read({ serialNumber: integer(0) })).toBe('INVALID_CERTIFICATE')
  expect(read({ serialNumber: integer(2n ** 160n) })).toBe('INVALID_CERTIFICATE')
  expect(read({ serialNumber: integer(2n ** 159n) })).toBe('INVALID_CERTIFICATE')
  expect(read({ serialNumber: tlv(2, bytes(0, 1)) })).toBe('INVALID_DER')
  expect(read({ serialNumber: integer(2n ** 159n - 1n) })).toBeUndefined()
})

describe('X9: names', () => {
  const subjectOf = (subject: Uint8Array) =>
    formatName(parseCertificate(makeCertificate(key, key, { subject })).subject)
  const cn = (value: Uint8Array) => subjectOf(name(attribute('2.5.4.3', value)))

  test('X9: what looks like several parts is one, escaped', async () => {
    expect(cn(utf8('a+O=b'))).toBe('CN=a\\+O=b')
    expect(cn(utf8('a,O=b'))).toBe('CN=a\\,O=b')
    expect(cn(utf8('a\\,O=b'))).toBe('CN=a\\\\\\,O=b')
    expect(cn(utf8('a\\2CO=b'))).toBe('CN=a\\\\2CO=b')
    expect(cn(utf8(' a '))).toBe('CN=\\ a\\ ')
  })
  test('X9: a NUL stays', () => expect(cn(utf8('a\0.evil'))).toBe('CN=a\0.evil'))
  test('X9: the kind of string does not show, the bytes decide on issuers', async () => {
    expect(cn(utf8('a'))).toBe(cn(printableString('a')))
    const issuer = name(attribute('2.5.4.3', printableString('Intermediate')))
    expect(await verdictOf({ leaf: { issuer, extensions: leafExtensions } })).toBe(refusedChain)
  })
  test('X9: parts of several values, in any order but that of DER', async () => {
    const [a, b] = [attribute('2.5.4.3', utf8('a')), attribute('2.5.4.10', utf8('b'))]
    expect(subjectOf(sequence(set(a, b)))).toBe('CN=a,O=b')
    expect(read({ subject: sequence(set(b, a)) })).toBe('INVALID_DER')
    expect(read({ subject: sequence(set(a, a)) })).toBe('INVALID_DER')
    expect(read({ subject: sequence(set()) })).toEqual(refusedReading)
  })
  test('X9: strings with what they cannot have', async () => {
    for (const value of [
      tlv(0x0c, bytes(0xc0, 0x80)),
      tlv(0x13, encodeText('a@b')),
      tlv(0x1e, bytes(0xd8, 0x00)),
      tlv(0x16, bytes(0xe9)),
      integer(1),
    ])
      expect(read({ subject: name(attribute('2.5.4.3', value)) })).toBe('INVALID_CERTIFICATE')
  })
})

describe('X11: trust anchors', () => {
  const [leaf, intermediate, root] = makeChain()
  const load = (certificate: Uint8Array) => codeOfAsync(() => createMemoryTrustStore({ ca: { store: [certificate] } }))

  test('X11: a leaf that did not sign itself is none', async () => {
    expect(await load(leaf)).toBe('INVALID_TRUST_STORE')
    expect(await load(intermediate)).toBeUndefined()
    expect(await load(root)).toBeUndefined()
  })
  test('X11: a self-signed leaf is one, and one that only says so is none', async () => {
    expect(await load(makeCertificate(key, key, { extensions: leafExtensions }))).toBeUndefined()
    expect(await load(makeCertificate(key, newEcKey(), { extensions: leafExtensions }))).toBe('INVALID_TRUST_STORE')
  })
  test('X11: an expired one is kept, and is not valid', async () => {
    const expired = makeCertificate(key, key, {
      extensions: authority,
      notBefore: time('200101000000Z'),
      notAfter: time('210101000000Z'),
    })
    expect(await load(expired)).toBeUndefined()
    expect(isValidAt(parseCertificate(expired), new Date('2024-01-01T00:00:00Z'))).toBe(false)
  })
})

describe('what libraries got wrong', () => {
  const der = makeCertificate(key, key)
  const replace = (length: readonly number[]) => concatBytes(bytes(0x30, ...length), der.subarray(4))
  const size = der.length - 4

  test('BER: indefinite and padded lengths, anything after the end', async () => {
    expect([der[0], der[1]]).toEqual([0x30, 0x82])
    expect(codeOf(() => parseCertificate(concatBytes(replace([0x80]), bytes(0, 0))))).toBe('INVALID_DER')
    expect(codeOf(() => parseCertificate(replace([0x83, 0, size >> 8, size & 255])))).toBe('INVALID_DER')
    expect(codeOf(() => parseCertificate(replace([0x84, 0, 0, size >> 8, size & 255])))).toBe('INVALID_DER')
    expect(codeOf(() => parseCertificate(concatBytes(der, bytes(0))))).toBe('INVALID_DER')
    expect(codeOf(() => parseCertificate(replace([0x82, size >> 8, size & 255])))).toBeUndefined()
  })
  test('CVE-2025-58185, CVE-2026-33818: a few bytes that claim gigabytes', async () => {
    for (const claim of [
      bytes(0x30, 0x84, 0x7f, 0xff, 0xff, 0xff),
      bytes(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
      bytes(0x30, 0x88, 1, 0, 0, 0, 0, 0, 0, 0),
    ])
      expect(codeOf(() => parseCertificate(claim))).toBe('INVALID_DER')
  })
  test('CVE-2025-66031: nesting a hundred thousand deep', async () => {
    const deep = new Uint8Array(60_000).fill(0x30)
    for (let index = 1; index < deep.length; index += 2) deep[index] = 0x80
    expect(codeOf(() => parseCertificate(deep))).toBe('INVALID_DER')
    const levels = Array.from({ length: 5000 }).reduce<Uint8Array>((inner) => sequence(inner), bytes())
    expect(read({ extensions: [extension('1.2.3', false, levels)] })).toBeUndefined()
    expect(read({ extensions: [extension(oids.subjectAlternativeName, false, levels)] })).toEqual(refusedReading)
  })
  test('CVE-2025-66030: an arc that truncates to another', async () => {
    const [first, ...rest] = oids.keyUsage.split('.').reverse()
    const truncating = [...rest.reverse(), String(2n ** 32n + BigInt(first!))].join('.')
    expect(read({ extensions: [extension(truncating, true, bitString(bytes(0x80), 7))] })).toBe('INVALID_DER')
  })
  test('CVE-2025-12816: one BOOLEAN, two readings', async () => {
    expect(await leafWith(sequence(oid(oids.keyUsage), boolean(1), octetString(bitString(bytes(0x80), 7))))).toBe(
      'INVALID_DER',
    )
    expect(read({ extensions: [extension(oids.basicConstraints, true, sequence(boolean(1)))] })).toBe('INVALID_DER')
  })
  test('an extension twice, once as people look and once as it counts', async () => {
    expect(await leafWith(...leafExtensions, basicConstraints(false), basicConstraints(true))).toBe(
      'INVALID_CERTIFICATE',
    )
  })
  test('CVE-2024-24783, CVE-2025-58188: keys of unknown kinds, and DSA', async () => {
    const dsa = sequence(sequence(oid(oids.dsa), sequence(integer(23), integer(11), integer(2))), bitString(integer(4)))
    for (const publicKey of [dsa, sequence(sequence(oid('1.2.3.4.5')), bitString(bytes(1)))])
      for (const position of ['leaf', 'intermediate', 'root'])
        expect(
          await verdictOf({ [position]: { publicKey, extensions: position === 'leaf' ? leafExtensions : authority } }),
        ).toBe(refusedChain)
  })
  test('CVE-2025-61729: the cost and the size of a message', async () => {
    const subject = name(...Array.from({ length: 2000 }, () => attribute('2.5.4.11', utf8('x'))))
    const der = makeCertificate(key, key, { subject })
    const started = performance.now()
    try {
      validateCodeSigningChain([parseCertificate(der)])
      expect.unreachable()
    } catch (error) {
      expect(isOcisignError(error, refusedChain)).toBe(true)
      expect((error as Error).message.length).toBeLessThan(600)
    }
    expect(performance.now() - started).toBeLessThan(10_000)
  })
  test('CVE-2023-25656: a name that spells BER in hexadecimal', async () => {
    expect(formatName(name(attribute('2.5.4.10', utf8('#0484FFFFFFFF41'))))).toBe('O=\\#0484FFFFFFFF41')
    expect(read({ subject: name(attribute('2.5.4.10', bytes(0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0x41))) })).toBe(
      'INVALID_DER',
    )
  })
  test('CVE-2018-16875: the longest chain costs ten signatures', async () => {
    const rest = Array.from({ length: 8 }, (_, index) =>
      makeCertificate(key, key, {
        subject: commonName(`${index}`),
        issuer: commonName(`${index + 1}`),
        extensions: authority,
      }),
    )
    const root = makeCertificate(key, key, { subject: commonName('8'), issuer: commonName('8'), extensions: authority })
    const leaf = makeCertificate(key, key, { issuer: commonName('0'), extensions: leafExtensions })
    expect(await verdict([leaf, ...rest, root])).toBeUndefined()
    expect(await verdict([leaf, ...rest, rest[7]!, root])).toBe(refusedChain)
  })
  test('CVE-2022-24675, CVE-2025-61723: PEM without an end', async () => {
    const started = performance.now()
    for (const line of ['-----BEGIN A-----\n', '-----BEGIN \n', '-----END A-----\n', 'A:\n'])
      expect(codeOf(() => parsePem(line.repeat(50_000)))).toBe('INVALID_PEM')
    expect(performance.now() - started).toBeLessThan(10_000)
  })
  test('CVE-2024-45341, CVE-2026-27137, CVE-2026-33810: name constraints are not honoured, and malformed ones refused', async () => {
    const constraint = (text: string) =>
      extension(oids.nameConstraints, true, sequence(explicit(0, sequence(implicit(6, encodeText(text))))))
    expect(await verdictOf({ root: { extensions: [...authority, constraint('b.example')] } })).toBeUndefined()
    expect(await verdictOf({ root: { extensions: [...authority, constraint('[fe80::1%25]')] } })).toBe(
      'INVALID_CERTIFICATE',
    )
  })

  test('CVE-2019-14859, CVE-2019-14853: ECDSA signatures that are not DER', async () => {
    const { tbs } = parseCertificate(der)
    const algorithm = signatureAlgorithm(key)
    const good = new Uint8Array(sign('sha256', tbs, key))
    const one = (signature: Uint8Array) => {
      const certificates = [parseCertificate(sequence(tbs, algorithm, bitString(signature)))]
      return codeOfAsync(() => verifyChainSignatures(certificates))
    }
    expect(await one(good)).toBeUndefined()
    expect(await one(concatBytes(good, bytes(0)))).toBe(refusedChain)
    expect(await one(concatBytes(bytes(0x30, 0x81), good.subarray(1)))).toBe(refusedChain)
    expect(await one(sequence(tlv(2, bytes(0), good.subarray(4, 4 + good[3]!)), good.subarray(4 + good[3]!)))).toBe(
      refusedChain,
    )
    expect(await one(concatBytes(bytes(0x30, 0x80), good.subarray(2), bytes(0, 0)))).toBe(refusedChain)
    expect(await one(new Uint8Array(sign('sha256', tbs, { key, dsaEncoding: 'ieee-p1363' })))).toBe(refusedChain)
    expect(await one(sequence(integer(0), integer(0)))).toBe(refusedChain)
    expect(await one(bytes())).toBe(refusedChain)
  })
  test('CVE-2016-1494, CVE-2022-24771, CVE-2026-85393: a PKCS #1 v1.5 signature forged for e = 3', async () => {
    const [leaf, intermediate, root] = makeChain({ rootKey: rsa })
    // A modulus that nobody can factor, and a "signature" whose cube starts as the padded hash should and goes on with rubbish.
    const modulus = 2n ** 3071n + 12345n * 2n ** 1000n + 1n
    const publicKey = sequence(
      sequence(oid(oids.rsaEncryption), nothing),
      bitString(sequence(integer(modulus), integer(3))),
    )
    const weakRoot = makeCertificate(rsa, rsa, {
      issuer: commonName('Root'),
      subject: commonName('Root'),
      publicKey,
      extensions: authority,
    })
    const { tbs, signatureAlgorithm: algorithm } = parseCertificate(intermediate)
    expect(algorithm).toEqual({ scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256' })
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(tbs)))
    const digestInfo = sequence(sequence(oid(oids.sha256), nothing), octetString(digest))
    const start = concatBytes(bytes(0, 1, ...new Array(8).fill(255), 0), digestInfo)
    const target = BigInt(`0x${Buffer.from(start).toString('hex')}`) << BigInt(8 * (384 - start.length))
    const forged = cubeRoot(target) + 1n
    expect((forged ** 3n) >> BigInt(8 * (384 - start.length))).toBe(target >> BigInt(8 * (384 - start.length)))
    const signature = Uint8Array.from(forged.toString(16).padStart(768, '0').match(/../g)!, (pair) =>
      Number.parseInt(pair, 16),
    )
    const forgery = sequence(tbs, signatureAlgorithm(rsa), bitString(signature))
    expect(await verdict([leaf, intermediate, root])).toBeUndefined()
    expect(await verdict([leaf, forgery, weakRoot])).toBe(refusedChain)
  })
})

function cubeRoot(value: bigint): bigint {
  let low = 0n
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / 3) + 1)
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    if (middle ** 3n <= value) low = middle
    else high = middle - 1n
  }
  return low
}
