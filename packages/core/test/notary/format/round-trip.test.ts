// SPDX-License-Identifier: Apache-2.0
// What is written is read as the same, in both formats and with every algorithm.
import { createHash, generateKeyPairSync, type KeyObject, constants as nodeConstants, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Algorithm, algorithmName, notaryAlgorithms } from '../../../src/algorithm.js'
import { decodeText, encodeHex } from '../../../src/bytes.js'
import {
  type EnvelopeContent,
  type EnvelopeFormat,
  type ExtendedAttribute,
  payloadMediaType,
  type SignedAttributes,
  type UnsignedAttributes,
} from '../../../src/notary/envelope.js'
import { cose } from '../../../src/notary/format/cose.js'
import { jws } from '../../../src/notary/format/jws.js'
import { fuzzParameters } from '../../fuzz.js'
import { codeOf } from '../../x509/code.js'
import { chain, payload, seconds, signature } from './make.js'

const formats = [jws, cose].map((format) => [format.mediaType, format] as const)
const signingTime = new Date(seconds * 1000)
const expiry = new Date((seconds + 3600) * 1000)
const plain: SignedAttributes = { signingScheme: 'notary.x509', signingTime, extended: [] }
const contentWith = (attributes: Partial<SignedAttributes>): EnvelopeContent => ({
  payload,
  payloadType: payloadMediaType,
  attributes: { ...plain, ...attributes },
})
const extendedWith = (...extended: ExtendedAttribute[]) => contentWith({ extended })
const attribute = (key: string | number, value: unknown, critical = false): ExtendedAttribute => ({
  key,
  value,
  critical,
})
const es256 = notaryAlgorithms[0]!

function seal(format: EnvelopeFormat, content: EnvelopeContent, algorithm = es256, unsigned: UnsignedAttributes = {}) {
  const prepared = format.prepare(content, algorithm)
  const bytes = prepared.seal({ signature, material: { kind: 'x509', chain } }, unsigned)
  return { prepared, bytes, envelope: format.parse(bytes) }
}

describe.each(formats)('%s', (mediaType, format) => {
  test.each(notaryAlgorithms.map((algorithm) => [algorithmName(algorithm), algorithm] as const))(
    '%s',
    (_, algorithm) => {
      const { prepared, envelope } = seal(format, contentWith({ expiry }), algorithm)
      expect(envelope).toEqual({
        ...contentWith({ expiry }),
        mediaType,
        algorithm: { scheme: algorithm.scheme, hash: algorithm.hash },
        toBeSigned: prepared.toBeSigned,
        signature,
        chain,
        unsigned: {},
      })
    },
  )

  test.each<[string, Partial<SignedAttributes>]>([
    ['a signing time', {}],
    ['an expiry', { expiry }],
    [
      'a signing authority',
      { signingScheme: 'notary.x509.signingAuthority', signingTime: undefined, authenticSigningTime: signingTime },
    ],
    [
      'a signing authority with an expiry',
      {
        signingScheme: 'notary.x509.signingAuthority',
        signingTime: undefined,
        authenticSigningTime: signingTime,
        expiry,
      },
    ],
    [
      'the first and the last year',
      { signingTime: new Date('0000-01-01T00:00:00Z'), expiry: new Date('9999-12-31T23:59:59Z') },
    ],
    ['a time before 1970', { signingTime: new Date(-1000), expiry: new Date(0) }],
  ])('%s', (_, attributes) => {
    expect(seal(format, contentWith(attributes)).envelope.attributes).toEqual({ ...plain, ...attributes })
  })

  test('unsigned attributes', () => {
    const unsigned = { signingAgent: 'ocisign/0.1.0 "ü"', timestamp: Uint8Array.of(0x30, 0) }
    expect(seal(format, contentWith({}), es256, unsigned).envelope.unsigned).toEqual(unsigned)
    expect(seal(format, contentWith({}), es256, { signingAgent: '' }).envelope.unsigned.signingAgent).toBe('')
  })

  test('extended attributes', () => {
    const extended = [
      attribute('com.example.a', 'text <&> ü', true),
      attribute('com.example.b', { list: [1, -2.5, true, false, null, {}], __proto: '' }),
      attribute('__proto__', { x: 1 }),
      attribute('toString', []),
    ]
    const read = seal(format, extendedWith(...extended)).envelope.attributes.extended
    expect([...read].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(
      extended.sort((a, b) => (a.key < b.key ? -1 : 1)),
    )
  })

  test('the same content has one encoding, whatever the order of its attributes', () => {
    const some = [attribute('b', 1), attribute('a', { y: 1, x: 2 })]
    const [first, second] = [some, [...some].reverse()].map((extended) =>
      format.prepare(extendedWith(...extended), es256),
    )
    expect(first!.toBeSigned).toEqual(second!.toBeSigned)
  })

  test.each<[string, EnvelopeContent]>([
    ['no signing time', contentWith({ signingTime: undefined })],
    ['both times', contentWith({ authenticSigningTime: signingTime })],
    ['a signing time with milliseconds', contentWith({ signingTime: new Date(1) })],
    ['an invalid time (J8)', contentWith({ signingTime: new Date(Number.NaN) })],
    ['an expiry that is not later', contentWith({ expiry: signingTime })],
    ['an unknown scheme', contentWith({ signingScheme: 'x' as 'notary.x509' })],
    ['an empty payload', { ...contentWith({}), payload: new Uint8Array() }],
    ['another content type', { ...contentWith({}), payloadType: 'application/json' }],
    ['the same attribute twice', extendedWith(attribute('a', 1), attribute('a', 1))],
    ['an attribute without a name', extendedWith(attribute('', 1))],
    ['a name of the specification', extendedWith(attribute('io.cncf.notary.expiry', 'x'))],
    ['the name of an unsigned attribute', extendedWith(attribute('io.cncf.notary.signingAgent', 'x'))],
    ['a name that is not Unicode', extendedWith(attribute('\ud800', 1))],
    ['a value that is not Unicode', extendedWith(attribute('a', ['\ud800']))],
    ['a function', extendedWith(attribute('a', () => 1))],
    ['a Date', extendedWith(attribute('a', new Date()))],
    ['deep nesting', extendedWith(attribute('a', JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)))],
    [
      '65 critical attributes',
      extendedWith(...Array.from({ length: 65 }, (_, index) => attribute(`a${index}`, 1, true))),
    ],
  ])('refuses to write %s', (_, content) => {
    expect(codeOf(() => format.prepare(content, es256))).toBe('MISUSE_OPTION')
  })

  test.each<Algorithm>([
    { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256', keyBits: 2048 },
    { scheme: 'Ed25519', hash: 'sha512', keyBits: 256 },
    { scheme: 'ECDSA', hash: 'sha384', keyBits: 256 },
    { scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 3072 },
    { scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 1024 },
  ])('refuses to write for $scheme-$keyBits-$hash', (algorithm) => {
    expect(codeOf(() => format.prepare(contentWith({}), algorithm))).toBe('UNSUPPORTED_KEY')
  })

  test('J7: what is sealed is what was signed, whatever happens to the payload in between', () => {
    const mine = payload.slice()
    const prepared = format.prepare({ ...contentWith({}), payload: mine }, es256)
    const signed = prepared.toBeSigned.slice()
    mine.fill(0)
    const envelope = format.parse(prepared.seal({ signature, material: { kind: 'x509', chain } }, {}))
    expect(envelope.payload).toEqual(payload)
    expect(envelope.toBeSigned).toEqual(signed)
  })
})

describe('what only one format says', () => {
  test('JWS has no numbers as names, and no values that are not JSON', () => {
    const refused = [
      attribute(5, 1),
      ...[1n, undefined, Number.NaN, Uint8Array.of(1), new Map()].map((value) => attribute('a', value)),
    ]
    for (const each of refused) expect(codeOf(() => jws.prepare(extendedWith(each), es256))).toBe('MISUSE_OPTION')
    for (const name of ['alg', 'Alg', 'crit', 'cty', 'b64', 'x5c'])
      expect(codeOf(() => jws.prepare(extendedWith(attribute(name, 1)), es256))).toBe('MISUSE_OPTION')
    expect(codeOf(() => jws.prepare(extendedWith(attribute('kid', 'x', true)), es256))).toBe('MISUSE_OPTION')
    expect(codeOf(() => jws.prepare(extendedWith(attribute('kid', 'x')), es256))).toBeUndefined()
  })

  test('COSE has both', () => {
    const extended = [
      attribute(100, 1n << 60n),
      attribute(-70_000, Uint8Array.of(1, 2), true),
      attribute('a', undefined),
      attribute('aa', new Map<number, unknown>([[1, { cborTag: 1, value: 5 }]])),
    ]
    expect(seal(cose, extendedWith(...extended)).envelope.attributes.extended).toEqual(extended)
    for (const label of [0, 1, 2, 3, 4, 16, 33, 1.5])
      expect(codeOf(() => cose.prepare(extendedWith(attribute(label, Uint8Array.of(1))), es256))).toBe('MISUSE_OPTION')
  })

  test('JWS is written as notation writes it', () => {
    const { bytes } = seal(jws, contentWith({ expiry }), es256, { signingAgent: 'x', timestamp: Uint8Array.of(1) })
    const text = decodeText(bytes)
    expect(Object.keys(JSON.parse(text))).toEqual(['payload', 'protected', 'header', 'signature'])
    expect(Buffer.from(JSON.parse(text).protected, 'base64url').toString()).toBe(
      '{"alg":"ES256","crit":["io.cncf.notary.signingScheme","io.cncf.notary.expiry"],' +
        '"cty":"application/vnd.cncf.notary.payload.v1+json","io.cncf.notary.expiry":"2026-11-20T11:20:30Z",' +
        '"io.cncf.notary.signingScheme":"notary.x509","io.cncf.notary.signingTime":"2026-11-20T10:20:30Z"}',
    )
  })

  test('COSE is written as notation writes it: tagged, deterministic, labels sorted', () => {
    const { bytes } = seal(cose, contentWith({}), es256, { signingAgent: 'x' })
    const hex = encodeHex(bytes)
    expect(hex).toMatch(/^d28458..a501260281781c/)
    expect(hex.indexOf(encodeHex(chain[0]!))).toBeLessThan(hex.indexOf(Buffer.from('signingAgent').toString('hex')))
  })
})

describe('signatures', () => {
  const keys = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>()
  beforeAll(() => {
    for (const { scheme, keyBits } of notaryAlgorithms.slice(0, 4))
      keys.set(
        `${scheme}${keyBits}`,
        scheme === 'ECDSA'
          ? generateKeyPairSync('ec', { namedCurve: `P-${keyBits}` })
          : generateKeyPairSync('rsa', { modulusLength: keyBits }),
      )
  })

  test.each(formats)('%s: a signature over what is to be signed is one over what was read', (_, format) => {
    for (const algorithm of notaryAlgorithms.slice(0, 4)) {
      const { scheme, keyBits, hash } = algorithm
      const { privateKey, publicKey } = keys.get(`${scheme}${keyBits}`)!
      const options =
        scheme === 'ECDSA'
          ? { dsaEncoding: 'ieee-p1363' as const }
          : { padding: nodeConstants.RSA_PKCS1_PSS_PADDING, saltLength: nodeConstants.RSA_PSS_SALTLEN_DIGEST }
      const prepared = format.prepare(contentWith({}), algorithm)
      const signature = new Uint8Array(sign(hash, prepared.toBeSigned, { key: privateKey, ...options }))
      const envelope = format.parse(prepared.seal({ signature, material: { kind: 'x509', chain } }, {}))
      expect(verify(hash, envelope.toBeSigned, { key: publicKey, ...options }, envelope.signature)).toBe(true)
    }
  })

  test('the Sig_structure is the one of RFC 9052 section 4.4', () => {
    const { toBeSigned } = cose.prepare(contentWith({}), es256)
    expect(encodeHex(toBeSigned)).toMatch(/^846a5369676e617475726531/)
    expect(createHash('sha256').update(toBeSigned).digest()).toEqual(
      createHash('sha256')
        .update(seal(cose, contentWith({})).envelope.toBeSigned)
        .digest(),
    )
  })
})

describe('fuzz', () => {
  const second = fc.integer({ min: -62_000_000_000, max: 253_000_000_000 })
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => !/^(alg|b64|crit|cty|x5c)$/i.test(each))
  const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' })
  const contents = fc
    .record({
      isAuthority: fc.boolean(),
      start: second,
      lasts: fc.option(fc.integer({ min: 1, max: 400_000_000 })),
      extended: fc.uniqueArray(fc.record({ key: name, value: json, critical: fc.boolean() }), {
        selector: ({ key }) => key,
        maxLength: 6,
      }),
      payload: fc.uint8Array({ maxLength: 300 }),
    })
    .map(({ isAuthority, start, lasts, extended, payload }) => {
      const time = new Date(start * 1000)
      const attributes: SignedAttributes = {
        signingScheme: isAuthority ? 'notary.x509.signingAuthority' : 'notary.x509',
        signingTime: isAuthority ? undefined : time,
        authenticSigningTime: isAuthority ? time : undefined,
        expiry: lasts === null ? undefined : new Date((start + lasts) * 1000),
        extended,
      }
      return { payload: Uint8Array.of(0x7b, ...payload), payloadType: payloadMediaType, attributes }
    })

  test.each(formats)('%s: what is written is read as the same', (_, format) => {
    const sorted = (content: EnvelopeContent) =>
      [...content.attributes.extended].sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1))
    fc.assert(
      fc.property(contents, (content) => {
        const { envelope } = seal(format, content)
        expect(sorted(envelope)).toEqual(sorted(content))
        expect({ ...envelope.attributes, extended: [] }).toEqual({ ...content.attributes, extended: [] })
        expect(envelope.payload).toEqual(content.payload)
      }),
      fuzzParameters('round-trip'),
    )
  })
})
