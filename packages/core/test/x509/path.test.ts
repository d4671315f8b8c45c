// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isOcisignError } from '../../src/errors.js'
import { type Certificate, parseCertificate } from '../../src/x509/certificate.js'
import { oids } from '../../src/x509/oid.js'
import { importCertificateKey, verifyChainSignatures, verifyIssuedBy } from '../../src/x509/path.js'
import { codeOf, codeOfAsync } from './code.js'
import {
  bytes,
  commonName,
  integer,
  makeCertificate,
  makeChain,
  newEcKey,
  newEdKey,
  newRsaKey,
  nothing,
  oid,
  type Parts,
  sequence,
  signatureAlgorithm,
  spkiOf,
} from './make.js'

const parseChain = (...parts: Parameters<typeof makeChain>): Certificate[] => makeChain(...parts).map(parseCertificate)
const rsa = newRsaKey(2048)
const [root, leaf] = [commonName('Root'), commonName('Leaf')]

/** A leaf and a root, whose keys and signature are what the test says. */
function pair(rootKey: KeyObject, parts: Parts = {}, leafKey: KeyObject = rootKey): [Certificate, Certificate] {
  return [
    parseCertificate(makeCertificate(leafKey, rootKey, { issuer: root, subject: leaf, ...parts })),
    parseCertificate(makeCertificate(rootKey, rootKey, { issuer: root, subject: root })),
  ]
}

describe('a chain', () => {
  test.each([
    ['P-256', newEcKey('P-256')],
    ['P-384', newEcKey('P-384')],
    ['P-521', newEcKey('P-521')],
    ['RSA', rsa],
  ])('of %s keys and each hash is verified', async (_, key) => {
    for (const hash of ['sha256', 'sha384', 'sha512'] as const)
      expect(await verifyChainSignatures(pair(key, { hash }))).toHaveLength(2)
  })

  test('of three, with the key of each', async () => {
    const chain = parseChain()
    const proven = await verifyChainSignatures(chain)
    expect(proven.map(({ certificate }) => certificate)).toEqual(chain)
    expect(proven.map(({ key }) => key.publicKey)).toEqual(chain.map(({ publicKey }) => publicKey))
  })

  test('of RSASSA-PSS signatures', async () => {
    const hash = sequence(oid(oids.sha256), nothing)
    const explicit = (tag: number, content: Uint8Array) => Uint8Array.from([0xa0 | tag, content.length, ...content])
    const parameters = sequence(
      explicit(0, hash),
      explicit(1, sequence(oid(oids.mgf1), hash)),
      explicit(2, integer(32)),
    )
    const algorithm = sequence(oid(oids.rsassaPss), parameters)
    const { tbs } = pair(rsa, { algorithm })[0]
    const signature = new Uint8Array(sign('sha256', tbs, { key: rsa, padding: 6, saltLength: 32 }))
    expect(await verifyChainSignatures(pair(rsa, { algorithm, signature }))).toHaveLength(2)
    const longSalt = new Uint8Array(sign('sha256', tbs, { key: rsa, padding: 6, saltLength: 64 }))
    expect(await codeOfAsync(() => verifyChainSignatures(pair(rsa, { algorithm, signature: longSalt })))).toBe(
      'INVALID_CERTIFICATE_CHAIN',
    )
  })

  test('of one certificate is one that signed itself', async () => {
    expect(await verifyChainSignatures([parseChain()[2]!])).toHaveLength(1)
    expect(await positionOf(() => verifyChainSignatures([parseChain()[0]!]))).toBe(0)
  })

  test('with one bit of a signature changed says where', async () => {
    for (const position of [0, 1, 2]) {
      const chain = makeChain()
      const changed = chain[position]!.slice()
      changed[changed.length - 1]! ^= 1
      const certificates = chain.map((der, index) => parseCertificate(index === position ? changed : der))
      expect(await positionOf(() => verifyChainSignatures(certificates))).toBe(position)
    }
  })

  test('with another certificate of the same name in the middle', async () => {
    const [first, , last] = parseChain()
    const [, other] = parseChain({ intermediateKey: newEcKey() })
    expect(await positionOf(() => verifyChainSignatures([first!, other!, last!]))).toBe(0)
  })

  test('whose last certificates were proven before', async () => {
    const chain = parseChain()
    const [first, second, last] = chain
    const proven = await verifyChainSignatures(chain)
    const broken = { ...last!, signature: bytes(1) }
    expect(await positionOf(() => verifyChainSignatures([first!, second!, broken]))).toBe(2)
    expect(await verifyChainSignatures([first!, second!, broken], proven.slice(2))).toHaveLength(3)
    expect(await verifyChainSignatures(chain, proven.slice(1))).toEqual(proven)
    expect(await verifyChainSignatures(chain, proven)).toEqual(proven)
  })

  test('is not proven by somebody else’s issuers', async () => {
    const chain = parseChain()
    const others = await verifyChainSignatures(parseChain({ rootKey: newEcKey(), intermediateKey: newEcKey() }))
    expect(await positionOf(() => verifyChainSignatures(chain, others.slice(2)))).toBe(1)
    expect(await positionOf(() => verifyChainSignatures(chain, others.slice(1)))).toBe(0)
  })
})

describe('issued by', () => {
  const refusal = (child: Certificate, issuer: Certificate) =>
    codeOfAsync(async () => verifyIssuedBy(child, issuer, await importCertificateKey(issuer)))

  test('the names are the same, byte for byte', async () => {
    const [child, issuer] = pair(rsa)
    expect(await refusal(child, issuer)).toBeUndefined()
    expect(await refusal({ ...child, issuer: commonName('root') }, issuer)).toBe('INVALID_CERTIFICATE_CHAIN')
  })

  test.each<[string, () => [Certificate, Certificate]]>([
    ['SHA-1', () => pair(rsa, { hash: 'sha1' })],
    ['SHA-1 and ECDSA', () => pair(newEcKey(), { hash: 'sha1' })],
    ['MD5', () => pair(rsa, { hash: 'md5' })],
    ['Ed25519', () => [pair(newEdKey())[0], pair(rsa)[1]]],
    ['an algorithm of another kind of key', () => pair(newEcKey(), { algorithm: signatureAlgorithm(rsa) })],
    ['an RSA signature for an EC algorithm', () => pair(rsa, { algorithm: signatureAlgorithm(newEcKey()) })],
    ['an empty signature', () => pair(newEcKey(), { signature: bytes() })],
    ['an empty RSA signature', () => pair(rsa, { signature: bytes() })],
    ['an RSA signature one byte short', () => pair(rsa, { signature: new Uint8Array(255).fill(1) })],
    ['r‖s in place of DER', () => pair(newEcKey(), { signature: new Uint8Array(64).fill(1) })],
    ['r = s = 0', () => pair(newEcKey(), { signature: sequence(integer(0), integer(0)) })],
    [
      'r of the order of the curve',
      () =>
        pair(newEcKey(), {
          signature: sequence(integer(0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n), integer(1)),
        }),
    ],
  ])('%s is refused', async (_, make) => expect(await refusal(...make())).toBe('INVALID_CERTIFICATE_CHAIN'))

  test('an unsupported key cannot be imported', async () => {
    const [child] = parseChain({ leafKey: newEdKey() })
    expect(codeOf(() => importCertificateKey(child!))).toBe('INVALID_CERTIFICATE_CHAIN')
  })

  test('a key that the platform refuses is refused', async () => {
    const [child] = pair(newEcKey('P-384'))
    const spki = spkiOf(newEcKey('P-384')).fill(0, 30)
    const key = { ...child.publicKey, spki, point: spki.subarray(-97) } as Certificate['publicKey']
    expect(await codeOfAsync(() => importCertificateKey({ ...child, publicKey: key }))).toBe(
      'INVALID_CERTIFICATE_CHAIN',
    )
  })
})

/** The place that the error names. */
async function positionOf(run: () => unknown): Promise<number | undefined> {
  try {
    await run()
  } catch (error) {
    if (isOcisignError(error, 'INVALID_CERTIFICATE_CHAIN')) return error.details.position
    throw error
  }
  return undefined
}
