// SPDX-License-Identifier: Apache-2.0
// What a COSE envelope may be, by the attacks on those that were read too loosely.
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeHex } from '../../../src/bytes.js'
import { encodeByteString, encodeItem } from '../../../src/notary/format/cbor-writer.js'
import { coseDecoder } from '../../../src/notary/format/cose-decoder.js'
import { codeOf } from '../../x509/code.js'
import {
  absent,
  type CoseParts,
  cbor,
  chain,
  coseOf,
  type Labels,
  makeCose,
  makeJws,
  payload,
  seconds,
  signature,
} from './make.js'

const scheme = 'io.cncf.notary.signingScheme'
const expiry = 'io.cncf.notary.expiry'
const signingTime = 'io.cncf.notary.signingTime'
const authenticTime = 'io.cncf.notary.authenticSigningTime'
const agent = 'io.cncf.notary.signingAgent'
const timestamp = 'io.cncf.notary.timestampSignature'
const mediaType = 'application/vnd.cncf.notary.payload.v1+json'

const parse = (bytes: Uint8Array) => coseDecoder.parse(bytes)
const refused = (bytes: Uint8Array) => expect(codeOf(() => parse(bytes))).toBe('INVALID_ENVELOPE')
const at = (value: number) => ({ cborTag: 1, value })

/** The protected map written by hand, in a byte string. */
const map = (...parts: string[]) => encodeByteString(cbor(parts.join(' ')))
const alg = '01 26'
const crit = `02 81 78 1c "${scheme}"`
const type = `03 78 2b "${mediaType}"`
const schemeEntry = `78 1c "${scheme}" 6b "notary.x509"`
const timeEntry = `78 1a "${signingTime}" c1 1a ${encodeHex(encodeItem(seconds).slice(1))}`

describe('what is read', () => {
  test('every part', () => {
    const envelope = parse(
      makeCose(
        [],
        [
          [agent, 'ocisign/1'],
          [timestamp, Uint8Array.of(1, 2)],
        ],
      ),
    )
    expect(envelope).toEqual({
      mediaType: 'application/cose',
      payload,
      payloadType: mediaType,
      attributes: { signingScheme: 'notary.x509', signingTime: new Date(seconds * 1000), extended: [] },
      algorithm: { scheme: 'ECDSA', hash: 'sha256' },
      toBeSigned: concatBytes(
        cbor('84 6a "Signature1"'),
        map('a5', alg, crit, type, timeEntry, schemeEntry),
        cbor('40'),
        encodeByteString(payload),
      ),
      signature,
      chain,
      unsigned: { signingAgent: 'ocisign/1', timestamp: Uint8Array.of(1, 2) },
    })
  })

  test.each([
    [-7, 'ECDSA', 'sha256'],
    [-35, 'ECDSA', 'sha384'],
    [-36, 'ECDSA', 'sha512'],
    [-37, 'RSASSA-PSS', 'sha256'],
    [-38, 'RSASSA-PSS', 'sha384'],
    [-39, 'RSASSA-PSS', 'sha512'],
  ])('the algorithm %i', (label, scheme, hash) => {
    expect(parse(makeCose([[1, label]])).algorithm).toEqual({ scheme, hash })
  })

  test('the scheme of signing authorities', () => {
    const { attributes } = parse(
      makeCose([
        [2, [expiry, scheme, authenticTime]],
        [scheme, 'notary.x509.signingAuthority'],
        [signingTime, absent],
        [authenticTime, at(seconds)],
        [expiry, at(seconds + 60)],
      ]),
    )
    expect(attributes).toEqual({
      signingScheme: 'notary.x509.signingAuthority',
      authenticSigningTime: new Date(seconds * 1000),
      expiry: new Date((seconds + 60) * 1000),
      extended: [],
    })
  })

  test('E4: extended attributes, in their order', () => {
    const extra = map(
      'a8',
      '18 64 f5',
      alg,
      '61 "z" f7',
      `02 82 78 1c "${scheme}" 20`,
      type,
      schemeEntry,
      timeEntry,
      '20 41 05',
    )
    expect(parse(coseOf({ protected: extra })).attributes.extended).toEqual([
      { key: 100, value: true, critical: false },
      { key: 'z', value: undefined, critical: false },
      { key: -1, value: Uint8Array.of(5), critical: true },
    ])
  })

  test('any order, and longer heads than needed; the signature is over them as they are', () => {
    const odd = cbor(`ba 00 00 00 05 ${timeEntry} ${schemeEntry} 18 01 38 06 ${type} 19 00 02 81 78 1c "${scheme}"`)
    const bytes = coseOf({
      protected: concatBytes(Uint8Array.of(0x5a, 0, 0, 0, odd.length), odd),
      payload: concatBytes(Uint8Array.of(0x5b, 0, 0, 0, 0, 0, 0, 0, payload.length), payload),
    })
    const envelope = parse(bytes)
    expect(envelope.attributes).toEqual(parse(coseOf()).attributes)
    expect(envelope.toBeSigned).toEqual(
      concatBytes(cbor('84 6a "Signature1"'), encodeByteString(odd), cbor('40'), encodeByteString(payload)),
    )
  })

  test.each([0, 1, 23, 24, 255, 256, 65_535, 65_536])('a payload of %i bytes and its Sig_structure', (length) => {
    if (length === 0) return refused(coseOf({ payload: encodeByteString(new Uint8Array()) }))
    const content = new Uint8Array(length).fill(0x20)
    const { toBeSigned } = parse(coseOf({ payload: encodeByteString(content) }))
    const tail = concatBytes(Uint8Array.of(0x40), encodeByteString(content))
    expect(toBeSigned.subarray(-tail.length)).toEqual(tail)
  })

  test('unknown unsigned parameters decide nothing', () => {
    const extra: Labels = [
      [-70_001, 'x'],
      ['com.example', new Map([[1, 2]])],
      [4, Uint8Array.of(1)],
      [34, [-16, Uint8Array.of(1)]],
    ]
    expect(parse(makeCose([], extra)).chain).toEqual(chain)
  })

  test('an agent or a timestamp of another type is none, as in the reference', () => {
    for (const value of [5, null, ['x'], true])
      expect(
        parse(
          makeCose(
            [],
            [
              [agent, value],
              [timestamp, value],
            ],
          ),
        ).unsigned,
      ).toEqual({})
    expect(parse(makeCose([], [[timestamp, new Uint8Array()]])).unsigned.timestamp).toBeUndefined()
  })

  test('the chain may be protected, too, if it is the same', () => {
    expect(parse(makeCose([[33, chain]])).chain).toEqual(chain)
    refused(makeCose([[33, [chain[0]]]]))
    refused(makeCose([[33, [chain[1], chain[0]]]]))
    refused(makeCose([[33, chain[0]]]))
    refused(makeCose([[33, ['x', 'y']]]))
  })
})

describe('the structure', () => {
  test.each<[string, CoseParts]>([
    ['E2: no tag', { head: [0x84] }],
    ['E2: tag 98', { head: [0xd8, 98, 0x84] }],
    ['E2: tag 17', { head: [0xd1, 0x84] }],
    ['E2: tag 18 twice', { head: [0xd2, 0xd2, 0x84] }],
    ['E2: tag 18 in a longer form', { head: [0xd8, 18, 0x84] }],
    ['E2: self-described CBOR', { head: [0xd9, 0xd9, 0xf7, 0xd2, 0x84] }],
    ['E2: an array of indefinite length', { head: [0xd2, 0x9f], tail: [0xff] }],
    ['E2: an array in a longer form', { head: [0xd2, 0x98, 4] }],
    ['three items', { head: [0xd2, 0x83] }],
    ['five items', { head: [0xd2, 0x85], tail: [0] }],
    ['E2: a byte after', { tail: [0] }],
    ['the protected header as a map', { protected: cbor(`a5 ${alg} ${crit} ${type} ${schemeEntry} ${timeEntry}`) }],
    ['the protected header as an array', { protected: encodeByteString(cbor('80')) }],
    ['the protected header nil', { protected: cbor('f6') }],
    ['E2: an empty protected header', { protected: cbor('40') }],
    ['E2: a protected header that is an empty map', { protected: map('a0') }],
    ['a byte after the protected map', { protected: map('a5', alg, crit, type, schemeEntry, timeEntry, '00') }],
    ['the unprotected header in a byte string', { unprotected: map('a0') }],
    ['the unprotected header nil', { unprotected: cbor('f6') }],
    ['the unprotected header empty', { unprotected: cbor('a0') }],
    ['the unprotected header tagged', { unprotected: cbor('c1 a0') }],
    ['CVE-2026-23831: payload nil', { payload: cbor('f6') }],
    ['CVE-2026-23831: payload empty', { payload: cbor('40') }],
    ['payload undefined', { payload: cbor('f7') }],
    ['payload as text', { payload: cbor('62 "{}"') }],
    ['payload as an array', { payload: cbor('80') }],
    ['E2: payload of indefinite length', { payload: cbor('5f 42 "{}" ff') }],
    ['signature nil', { signature: cbor('f6') }],
    ['signature empty', { signature: cbor('40') }],
    ['signature as text', { signature: cbor('61 "x"') }],
    ['a payload that claims 2^32 bytes', { payload: cbor('5a ff ff ff ff') }],
    ['a payload that claims 2^64 bytes', { payload: cbor('5b ff ff ff ff ff ff ff ff') }],
    ['a chain that claims 2^32 certificates', { unprotected: cbor('a1 18 21 9a ff ff ff ff') }],
    ['headers that claim 2^32 entries', { unprotected: cbor('ba ff ff ff ff') }],
    [
      'J6: a value nested 10,000 deep',
      { unprotected: concatBytes(cbor('a1 61 "x"'), new Uint8Array(10_000).fill(0x81), cbor('00')) },
    ],
    ['E2: an indefinite unprotected map', { unprotected: cbor('bf 61 "x" 00 ff') }],
    ['E2: an indefinite protected map', { protected: map('bf', alg, crit, type, schemeEntry, timeEntry, 'ff') }],
    ['E1: the algorithm twice', { protected: map('a6', alg, alg, crit, type, schemeEntry, timeEntry) }],
    [
      'E1: the algorithm twice, once in a longer form',
      { protected: map('a6', alg, '18 01 26', crit, type, schemeEntry, timeEntry) },
    ],
    ['E1: the scheme twice', { protected: map('a6', alg, crit, type, schemeEntry, schemeEntry, timeEntry) }],
    ['E1: the chain twice', { unprotected: cbor('a2 18 21 81 41 30 18 21 81 41 30') }],
    ['J4: invalid UTF-8', { protected: map('a6', alg, crit, type, schemeEntry, timeEntry, '61 "x" 61 ff') }],
    ['E2: a label that is a float', { protected: map('a6', alg, crit, type, schemeEntry, timeEntry, 'f9 3c 00 00') }],
    [
      'E2: a label that is a byte string',
      { protected: map('a6', alg, crit, type, schemeEntry, timeEntry, '41 01 00') },
    ],
    ['E2: the algorithm as a float', { protected: map('a5', '01 f9 c7 00', crit, type, schemeEntry, timeEntry) }],
    [
      'E2: crit of indefinite length',
      { protected: map('a5', alg, `02 9f 78 1c "${scheme}" ff`, type, schemeEntry, timeEntry) },
    ],
  ])('refuses: %s', (_, parts) => refused(coseOf(parts)))

  test.each([
    ['nothing', new Uint8Array()],
    ['a single byte', Uint8Array.of(0xd2)],
    ['only the head', Uint8Array.of(0xd2, 0x84)],
    ['the envelope twice', concatBytes(coseOf(), coseOf())],
    ['the envelope in a byte string', encodeByteString(coseOf())],
    ['E9: JWS', makeJws()],
    ['more than a mebibyte', makeCose([], [['x', new Uint8Array(1024 * 1024)]])],
  ])('refuses: %s', (_, bytes) => refused(bytes))

  test('refuses every envelope that was cut off', () => {
    const bytes = coseOf()
    for (let length = 0; length < bytes.length; length++) refused(bytes.subarray(0, length))
  })
})

describe('headers', () => {
  test.each<[string, Labels]>([
    ['no algorithm', [[1, absent]]],
    ['RS256', [[1, -257]]],
    ['EdDSA', [[1, -8]]],
    ['ES256K', [[1, -47]]],
    ['HMAC 256/256', [[1, 5]]],
    ['the algorithm as text', [[1, 'ES256']]],
    ['the algorithm null', [[1, null]]],
    ['the algorithm in an array', [[1, [-7]]]],
    ['a large algorithm', [[1, -(2n ** 60n)]]],
    [
      'labels as text',
      [
        [1, absent],
        ['1', -7],
      ],
    ],
    ['E5: another content type', [[3, 'application/json']]],
    ['E5: the content type in another case', [[3, mediaType.toUpperCase()]]],
    ['E5: the content type as a number', [[3, 50]]],
    ['E5: the content type as bytes', [[3, Uint8Array.of(1)]]],
    ['E5: no content type', [[3, absent]]],
    ['E3: no crit', [[2, absent]]],
    ['E3: crit null', [[2, null]]],
    ['E3: crit empty', [[2, []]]],
    ['E3: crit as text', [[2, scheme]]],
    ['E3: crit with bytes', [[2, [scheme, Uint8Array.of(1)]]]],
    ['E3: crit with null', [[2, [scheme, null]]]],
    ['E3: crit twice', [[2, [scheme, scheme]]]],
    [
      'E3: crit without the scheme',
      [
        [2, ['x']],
        ['x', 1],
      ],
    ],
    ['E3: crit names what is not there', [[2, [scheme, 'ghost']]]],
    ['E3: crit names a number that is not there', [[2, [scheme, 100]]]],
    [
      'E3: crit names a number as text',
      [
        [2, [scheme, '100']],
        [100, 1],
      ],
    ],
    ['E3: crit names the algorithm', [[2, [scheme, 1]]]],
    ['E3: crit names the content type', [[2, [scheme, 3]]]],
    [
      'E3: crit names the key id',
      [
        [2, [scheme, 4]],
        [4, Uint8Array.of(1)],
      ],
    ],
    ['E3: crit names the signing time', [[2, [scheme, signingTime]]]],
    ['E3: crit lacks the expiry', [[expiry, at(seconds + 1)]]],
    ['no scheme', [[scheme, absent]]],
    ['the scheme as bytes', [[scheme, Uint8Array.of(1)]]],
    ['an unknown scheme', [[scheme, 'notary.x510']]],
    ['no time', [[signingTime, absent]]],
    [
      'both times',
      [
        [2, [scheme, authenticTime]],
        [authenticTime, at(seconds)],
      ],
    ],
    ['a signing authority without its time', [[scheme, 'notary.x509.signingAuthority']]],
    [
      'a signing authority whose time is not critical',
      [
        [scheme, 'notary.x509.signingAuthority'],
        [signingTime, absent],
        [authenticTime, at(seconds)],
      ],
    ],
    [
      'E8: an authentic time with a fraction',
      [
        [2, [scheme, authenticTime]],
        [scheme, 'notary.x509.signingAuthority'],
        [signingTime, absent],
        [authenticTime, at(seconds + 0.5)],
      ],
    ],
    ['E8: a time without a tag', [[signingTime, seconds]]],
    ['E8: a time as text', [[signingTime, '2026-11-20T10:20:30Z']]],
    ['E8: a time under another tag', [[signingTime, { cborTag: 1001, value: seconds }]]],
    ['E8: a time null', [[signingTime, null]]],
    ['E8: a time undefined', [[signingTime, undefined]]],
    ['E8: a time that is infinite', [[signingTime, at(Number.POSITIVE_INFINITY)]]],
    ['E8: a time that is not a number', [[signingTime, at(Number.NaN)]]],
    ['E8: a time beyond 53 bits', [[signingTime, { cborTag: 1, value: 2n ** 60n }]]],
    ['E8: a time after the year 9999', [[signingTime, at(253_402_300_800)]]],
    ['E8: the time that Go reads as none', [[signingTime, at(-62_135_596_800)]]],
    [
      'E8: an expiry at the signing time',
      [
        [2, [scheme, expiry]],
        [expiry, at(seconds)],
      ],
    ],
    [
      'E8: an expiry before the signing time',
      [
        [2, [scheme, expiry]],
        [expiry, at(0)],
      ],
    ],
    [
      'E8: an expiry undefined',
      [
        [2, [scheme, expiry]],
        [expiry, undefined],
      ],
    ],
    ['a key id that is text', [[4, 'x']]],
    ['an IV that is text', [[5, 'x']]],
    [
      'an IV and a partial IV',
      [
        [5, Uint8Array.of(1)],
        [6, Uint8Array.of(1)],
      ],
    ],
    ['a counter signature', [[7, [Uint8Array.of(), {}, Uint8Array.of(1)]]]],
    ['a type with a space', [[16, ' application/cose']]],
    ['a type with a space after', [[16, 'application/cose ']]],
    ['a type without a slash', [[16, 'cose']]],
    ['a type with two slashes', [[16, 'a/b/c']]],
    ['a type that is negative', [[16, -1]]],
    ['an empty type', [[16, '']]],
  ])('refuses: %s', (_, changes) => refused(makeCose(changes)))

  test('E8: fractions of a signing time and an expiry are cut down', () => {
    const { attributes } = parse(
      makeCose([
        [2, [scheme, expiry]],
        [signingTime, at(seconds + 0.5)],
        [expiry, at(seconds + 9.5)],
      ]),
    )
    expect(attributes.signingTime).toEqual(new Date(seconds * 1000))
    expect(attributes.expiry).toEqual(new Date((seconds + 9) * 1000))
  })

  test.each([-1, 0, -62_135_596_799, 253_402_300_799])('E8: reads the time %i', (value) => {
    expect(parse(makeCose([[signingTime, at(value)]])).attributes.signingTime).toEqual(new Date(value * 1000))
  })

  test.each([1, 2, 3, scheme, signingTime, authenticTime, expiry])('refuses an unprotected %s', (label) => {
    for (const value of [-7, 'x', null]) refused(makeCose([], [[label, value]]))
    if (label === 1) refused(makeCose([[1, absent]], [[1, -7]]))
  })

  test('refuses a parameter that is in both headers (RFC 9052 section 3)', () => {
    refused(makeCose([['x', 1]], [['x', 1]]))
    refused(makeCose([[4, Uint8Array.of(1)]], [[4, Uint8Array.of(1)]]))
  })

  test.each<[string, Labels]>([
    ['a counter signature', [[7, [Uint8Array.of(), {}, Uint8Array.of(1)]]]],
    ['an abbreviated counter signature', [[9, Uint8Array.of(1)]]],
    ['a counter signature of version 2', [[11, [Uint8Array.of(), {}, Uint8Array.of(1)]]]],
    ['an abbreviated counter signature of version 2', [[12, Uint8Array.of(1)]]],
    ['a key id that is text', [[4, 'x']]],
    ['a partial IV that is a number', [[6, 1]]],
  ])('refuses unprotected: %s', (_, changes) => refused(makeCose([], changes)))

  test('refuses an IV beside a partial IV, wherever they are', () => {
    refused(makeCose([[5, Uint8Array.of(1)]], [[6, Uint8Array.of(1)]]))
    refused(makeCose([[6, Uint8Array.of(1)]], [[5, Uint8Array.of(1)]]))
  })

  test.each<[string, unknown]>([
    ['none', absent],
    ['null', null],
    ['an empty chain', []],
    ['a single certificate outside of an array', chain[0]],
    ['a certificate as text', ['x']],
    ['a chain in a chain', [chain]],
    ['null at the end', [...chain, null]],
    ['an empty certificate', [new Uint8Array()]],
    ['11 certificates', Array.from({ length: 11 }, () => chain[0])],
    ['a certificate of more than 64 KiB', [new Uint8Array(64 * 1024 + 1)]],
  ])('E10: refuses the chain: %s', (_, value) => refused(makeCose([], [[33, value]])))

  test('E10: refuses a chain that is only protected, as the reference does, or under a text label', () => {
    refused(makeCose([[33, chain]], [[33, absent]]))
    refused(
      makeCose(
        [],
        [
          [33, absent],
          ['x5chain', chain],
        ],
      ),
    )
  })
})
