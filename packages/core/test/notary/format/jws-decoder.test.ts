// SPDX-License-Identifier: Apache-2.0
// What a JWS envelope may be, by the attacks on those that were read too loosely.
import { describe, expect, test } from 'vitest'
import { encodeBase64, encodeBase64Url, encodeText } from '../../../src/bytes.js'
import { jwsDecoder } from '../../../src/notary/format/jws-decoder.js'
import { codeOf } from '../../x509/code.js'
import {
  chain,
  coseOf,
  jwsMembers,
  jwsWithProtected,
  type Members,
  makeJws,
  payload,
  payloadText,
  protectedHeader,
  protectedText,
  seconds,
  signature,
  time,
} from './make.js'

const scheme = 'io.cncf.notary.signingScheme'
const expiry = 'io.cncf.notary.expiry'
const signingTime = 'io.cncf.notary.signingTime'
const authenticTime = 'io.cncf.notary.authenticSigningTime'
const agent = 'io.cncf.notary.signingAgent'
const timestamp = 'io.cncf.notary.timestampSignature'

const text = (members: unknown) => encodeText(JSON.stringify(members))
const parse = (bytes: Uint8Array) => jwsDecoder.parse(bytes)
const refused = (bytes: Uint8Array) => expect(codeOf(() => parse(bytes))).toBe('INVALID_ENVELOPE')
const withProtected = (changes: Members) => makeJws({}, {}, changes)
const good = new TextDecoder().decode(makeJws())

describe('what is read', () => {
  test('every part', () => {
    const envelope = parse(makeJws({}, { [agent]: 'ocisign/1', [timestamp]: 'AQI=' }))
    const members = jwsMembers()
    expect(envelope).toEqual({
      mediaType: 'application/jose+json',
      payload,
      payloadType: 'application/vnd.cncf.notary.payload.v1+json',
      attributes: { signingScheme: 'notary.x509', signingTime: new Date(seconds * 1000), extended: [] },
      algorithm: { scheme: 'ECDSA', hash: 'sha256' },
      toBeSigned: encodeText(`${members.protected}.${members.payload}`),
      signature,
      chain,
      unsigned: { signingAgent: 'ocisign/1', timestamp: Uint8Array.of(1, 2) },
    })
  })

  test.each([
    ['ES256', 'ECDSA', 'sha256'],
    ['ES384', 'ECDSA', 'sha384'],
    ['ES512', 'ECDSA', 'sha512'],
    ['PS256', 'RSASSA-PSS', 'sha256'],
    ['PS384', 'RSASSA-PSS', 'sha384'],
    ['PS512', 'RSASSA-PSS', 'sha512'],
  ])('the algorithm %s', (alg, scheme, hash) => {
    expect(parse(withProtected({ alg })).algorithm).toEqual({ scheme, hash })
  })

  test('the scheme of signing authorities', () => {
    const { attributes } = parse(
      withProtected({
        [scheme]: 'notary.x509.signingAuthority',
        [signingTime]: undefined,
        [authenticTime]: time,
        [expiry]: '2027-01-01T00:00:00+01:00',
        crit: [expiry, scheme, authenticTime],
      }),
    )
    expect(attributes).toEqual({
      signingScheme: 'notary.x509.signingAuthority',
      authenticSigningTime: new Date(seconds * 1000),
      expiry: new Date('2026-12-31T23:00:00Z'),
      extended: [],
    })
  })

  test('E4: extended attributes, in their order', () => {
    const extra = { b: { x: [1, null] }, kid: 'k', a: 'text', jwk: { kty: 'EC' } }
    const { attributes } = parse(withProtected({ ...extra, crit: ['b', scheme] }))
    expect(attributes.extended).toEqual([
      { key: 'b', value: { x: [1, null] }, critical: true },
      { key: 'kid', value: 'k', critical: false },
      { key: 'a', value: 'text', critical: false },
      { key: 'jwk', value: { kty: 'EC' }, critical: false },
    ])
  })

  test('J1: an extended attribute named __proto__ is one', () => {
    const { attributes } = parse(jwsWithProtected(protectedText('"__proto__":{"alg":"none"}')))
    expect(attributes.extended).toEqual([{ key: '__proto__', value: { alg: 'none' }, critical: false }])
  })

  test('white space, escapes and any order of members', () => {
    const members = jwsMembers()
    const expected = parse(makeJws())
    expect(parse(encodeText(`\n ${good}\t`))).toEqual(expected)
    expect(parse(encodeText(JSON.stringify(members, null, 2)))).toEqual(expected)
    expect(parse(encodeText(good.replace('payload', '\\u0070ayload')))).toEqual(expected)
    expect(parse(text(Object.fromEntries(Object.entries(members).reverse())))).toEqual(expected)
    const spaced = parse(jwsWithProtected(` ${JSON.stringify(protectedHeader, null, 1)}\n`))
    expect(spaced.attributes).toEqual(expected.attributes)
  })

  test('unknown unsigned attributes decide nothing', () => {
    expect(parse(makeJws({}, { 'com.example.x': { deep: [1] }, y: null })).chain).toEqual(chain)
  })

  test('a known chain is not decoded again, another is', () => {
    const known = { der: chain, texts: () => chain.map(encodeBase64) }
    const envelope = jwsDecoder.parse(makeJws(), known)
    expect(envelope.chain[0]).toBe(chain[0])
    const other = { der: chain, texts: () => ['AAAA', encodeBase64(chain[1]!)] }
    expect(jwsDecoder.parse(makeJws(), other).chain).toEqual(chain)
    expect(jwsDecoder.parse(makeJws(), other).chain[0]).not.toBe(chain[0])
  })

  test('J7: what is read does not change with the bytes it was read from', () => {
    const bytes = makeJws()
    const envelope = parse(bytes)
    bytes.fill(0)
    expect(envelope).toEqual(parse(makeJws()))
  })
})

describe('the serialisation', () => {
  const { payload: encodedPayload, protected: encodedHeader, header, signature: encodedSignature } = jwsMembers()

  test.each([
    ['compact (CVE-2022-39227)', encodeText(`${encodedHeader}.${encodedPayload}.${encodedSignature}`)],
    ['CVE-2022-39227: a compact one inside', text({ ...jwsMembers(), 'x.y.z': '' })],
    [
      'general',
      text({
        payload: encodedPayload,
        signatures: [{ protected: encodedHeader, header, signature: encodedSignature }],
      }),
    ],
    [
      'CVE-2016-9122: flattened and general at once',
      makeJws({ signatures: [{ protected: encodedHeader, header, signature: encodedSignature }] }),
    ],
    ['an unknown member', makeJws({ x: 1 })],
    ['a member named __proto__ (J1)', encodeText(good.replace('{', '{"__proto__":{},'))],
    ['an array', text([jwsMembers()])],
    ['null', encodeText('null')],
    ['an empty object', encodeText('{}')],
    ['nothing', new Uint8Array()],
    ['one byte less', makeJws().slice(0, -1)],
    ['text after', encodeText(`${good}x`)],
    ['NUL after', encodeText(`${good}\0`)],
    ['a second envelope after', encodeText(good + good)],
    ['a byte order mark', encodeText(`\ufeff${good}`)],
    ['UTF-16', Uint8Array.from(Buffer.from(good, 'utf16le'))],
    ['J4: invalid UTF-8', encodeText(good).map((byte, index) => (index === good.indexOf('payload') ? 0xff : byte))],
    ['J4: a lone surrogate', encodeText(good.replace('"x5c"', `"${agent}":"\\ud800","x5c"`))],
    ['a raw control character', encodeText(good.replace('"x5c"', `"${agent}":"a\nb","x5c"`))],
    ['a raw control character in base64', encodeText(good.replace('"signature":"', '"signature":"\n'))],
    ['a trailing comma', encodeText(good.replace(/\}$/, ',}'))],
    ['a comment', encodeText(`/**/${good}`)],
    ['E9: COSE', coseOf()],
    ['E1: payload twice', encodeText(good.replace('{', `{"payload":"${encodedPayload}",`))],
    ['E1: header twice', encodeText(good.replace('{', '{"header":{},'))],
    ['E1: x5c twice', encodeText(good.replace('"x5c"', '"x5c":[],"x5c"'))],
    ['E1: payload twice, once escaped', encodeText(good.replace('{', `{"\\u0070ayload":"${encodedPayload}",`))],
    ['E1: members in another case', encodeText(good.replace('payload', 'Payload'))],
    ['E1: a member in another case beside', makeJws({ Payload: encodedPayload })],
    ['E1: x5c in another case', encodeText(good.replace('x5c', 'X5C'))],
    ['E1: the timestamp in another case beside', makeJws({}, { [timestamp.toUpperCase()]: 'AA==' })],
    ['J6: deep nesting', encodeText(good.replace('{', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},`))],
    ['J6: a header nested deep', makeJws({}, { x: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) })],
    ['more than a mebibyte', makeJws({}, { [agent]: 'a'.repeat(1024 * 1024) })],
    ['CVE-2025-27144: a megabyte of dots', encodeText('.'.repeat(1024 * 1024))],
  ])('refuses: %s', (_, bytes) => refused(bytes))

  test.each(['payload', 'protected', 'header', 'signature'])('refuses: no %s, or one of another type', (name) => {
    for (const value of [undefined, null, 5, [], ['x'], true, '', {}]) refused(makeJws({ [name]: value }))
  })
})

describe('E7: base64', () => {
  const members = jwsMembers()
  // The signature has a last character with spare bits, so that there is one to set.
  test.each([
    ['padding', `${members.signature}==`],
    ['a line feed (Go skips it)', `${members.signature.slice(0, 9)}\n${members.signature.slice(9)}`],
    ['a space', `${members.signature.slice(0, 9)} ${members.signature.slice(9)}`],
    ['the other alphabet', '+/+/'],
    ['spare bits', `${members.signature.slice(0, -1)}x`],
    ['a character too many', `${members.signature}AAA`],
    ['a character of two bytes', `${members.signature.slice(0, -1)}\u0141`],
    ['a dot', `${members.signature}.${members.signature}`],
  ])('refuses %s', (_, encoded) => {
    refused(makeJws({ signature: encoded }))
    refused(makeJws({ payload: encoded }))
    refused(makeJws({ protected: encoded }))
  })

  test('refuses padded parts that say the right thing', () => {
    const padded = (bytes: Uint8Array) => encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_')
    const spaced = encodeText(payloadText.padEnd(payloadText.length + 3 - ((payloadText.length + 2) % 3)))
    expect(padded(spaced)).toMatch(/=$/)
    refused(makeJws({ payload: padded(spaced) }))
    refused(makeJws({ payload: payloadText }))
  })

  test.each([
    ['without padding', 'MAEC'.slice(0, 3)],
    ['in the URL alphabet', '-_-_'],
    ['with a space', 'MAE C'],
    ['with spare bits', 'MAF='],
    ['as PEM', '-----BEGIN CERTIFICATE-----\nMAE=\n-----END CERTIFICATE-----\n'],
    ['as a number', 5],
    ['as null', null],
    ['as an array', ['MAE=']],
    ['empty', ''],
  ])('refuses a certificate %s', (_, certificate) => {
    refused(makeJws({}, { x5c: [certificate] }))
    refused(makeJws({}, { x5c: [encodeBase64(chain[0]!), certificate] }))
  })

  test.each(['AA', 'A A=', '-_-_', 'AB=='])('refuses the timestamp "%s"', (token) => {
    refused(makeJws({}, { [timestamp]: token }))
  })
})

describe('algorithms', () => {
  test.each([
    'none',
    'nOnE',
    'HS256',
    'HS512',
    'RS256',
    'RS512',
    'ES256K',
    'EdDSA',
    'es256',
    'ES256 ',
    ' ES256',
    'ES224',
    '',
    'constructor',
    '__proto__',
    'toString',
  ])('CVE-2017-11424, CVE-2022-29217, GHSA-9gxv-x7rp-r2hc: refuses "%s"', (alg) => refused(withProtected({ alg })))

  test.each([null, 5, ['ES256'], { ES256: 1 }, true, undefined])('refuses the algorithm %j', (alg) => {
    refused(withProtected({ alg }))
  })

  test('GHSA-jc38-x7x8-2xc8: an algorithm in the unprotected header is none', () => {
    refused(makeJws({}, { alg: 'ES256' }, { alg: undefined }))
    refused(makeJws({}, { alg: 'ES256' }))
    refused(makeJws({}, { alg: 'none' }))
  })

  test('E1: two algorithms', () => {
    refused(jwsWithProtected(protectedText('"alg":"none"')))
    refused(jwsWithProtected(protectedText('"\\u0061lg":"none"')))
    refused(jwsWithProtected(protectedText('"Alg":"none"')))
  })
})

describe('headers', () => {
  test.each<[string, Members]>([
    ['E5: another content type', { cty: 'application/json' }],
    ['E5: the content type in another case', { cty: 'application/vnd.cncf.notary.payload.v1+JSON' }],
    ['E5: the content type with a parameter', { cty: 'application/vnd.cncf.notary.payload.v1+json; x=y' }],
    ['E5: no content type', { cty: undefined }],
    ['E5: a content type that is null', { cty: null }],
    ['E3: no crit', { crit: undefined }],
    ['E3: crit null', { crit: null }],
    ['E3: crit empty', { crit: [] }],
    ['E3: crit as text', { crit: scheme }],
    ['E3: crit as an object', { crit: { 0: scheme } }],
    ['E3: crit with a number', { crit: [scheme, 5] }],
    ['E3: crit with null', { crit: [scheme, null] }],
    ['E3: crit twice', { crit: [scheme, scheme] }],
    ['E3: crit without the scheme', { crit: ['x'], x: 1 }],
    ['E3: crit names what is not there', { crit: [scheme, 'ghost'] }],
    ['E3: crit names a name of Object', { crit: [scheme, 'constructor'] }],
    ['E3: crit names the algorithm', { crit: [scheme, 'alg'] }],
    ['E3: crit names the content type', { crit: [scheme, 'cty'] }],
    ['E3: crit names itself', { crit: [scheme, 'crit'] }],
    ['E3: crit names the signing time', { crit: [scheme, signingTime] }],
    ['E3: crit names a registered header that is there', { crit: [scheme, 'kid'], kid: 'x' }],
    ['E3: crit names an unsigned attribute that is there', { crit: [scheme, agent], [agent]: 'x' }],
    ['E3: crit lacks the expiry', { [expiry]: '2027-01-01T00:00:00Z' }],
    [
      'E3: crit has more than 64 names',
      Object.fromEntries([
        ...Array.from({ length: 64 }, (_, index) => [`x${index}`, 1]),
        ['crit', [scheme, ...Array.from({ length: 64 }, (_, index) => `x${index}`)]],
      ]),
    ],
    ['RFC 7797: b64 true', { b64: true }],
    ['RFC 7797: b64 false', { b64: false, crit: [scheme, 'b64'] }],
    ['no scheme', { [scheme]: undefined }],
    ['an unknown scheme', { [scheme]: 'notary.x510' }],
    ['a scheme that is a number', { [scheme]: 5 }],
    ['no time', { [signingTime]: undefined }],
    ['both times', { [authenticTime]: time, crit: [scheme, authenticTime] }],
    ['a signing authority without its time', { [scheme]: 'notary.x509.signingAuthority' }],
    [
      'a signing authority with both times',
      { [scheme]: 'notary.x509.signingAuthority', [authenticTime]: time, crit: [scheme, authenticTime] },
    ],
    [
      'a signing authority whose time is not critical',
      { [scheme]: 'notary.x509.signingAuthority', [signingTime]: undefined, [authenticTime]: time },
    ],
    [
      'E8: an authentic time with a fraction',
      {
        [scheme]: 'notary.x509.signingAuthority',
        [signingTime]: undefined,
        [authenticTime]: '2026-11-20T10:20:30.5Z',
        crit: [scheme, authenticTime],
      },
    ],
    ['E8: a time without zone', { [signingTime]: '2026-11-20T10:20:30' }],
    ['E8: a time with a lower-case z', { [signingTime]: '2026-11-20T10:20:30z' }],
    ['E8: a leap second', { [signingTime]: '2016-12-31T23:59:60Z' }],
    ['E8: a time that is a number', { [signingTime]: seconds }],
    ['E8: a time that is null', { [signingTime]: null }],
    ['E8: an expiry that is null', { [expiry]: null, crit: [scheme, expiry] }],
    ['E8: an expiry at the signing time', { [expiry]: time, crit: [scheme, expiry] }],
    ['E8: an expiry a fraction after the signing time', { [expiry]: '2026-11-20T10:20:30.9Z', crit: [scheme, expiry] }],
    ['E8: an expiry before the signing time', { [expiry]: '2020-01-01T00:00:00Z', crit: [scheme, expiry] }],
  ])('refuses: %s', (_, changes) => refused(withProtected(changes)))

  test('E8: a signing time and an expiry with a fraction are cut down', () => {
    const { attributes } = parse(
      withProtected({
        [signingTime]: '2026-11-20T10:20:30.9Z',
        [expiry]: '2027-01-01T00:00:00.9Z',
        crit: [scheme, expiry],
      }),
    )
    expect(attributes.signingTime).toEqual(new Date(seconds * 1000))
    expect(attributes.expiry).toEqual(new Date('2027-01-01T00:00:00Z'))
  })

  test.each(['alg', 'crit', 'cty', 'b64', scheme, signingTime, authenticTime, expiry])(
    'GHSA-jc38-x7x8-2xc8: refuses an unprotected %s',
    (name) => {
      refused(makeJws({}, { [name]: null }))
      refused(makeJws({}, { [name]: 'x' }))
    },
  )

  test('refuses a header that is protected and unprotected (RFC 7515 section 7.2.1)', () => {
    refused(makeJws({}, { kid: 'x' }, { kid: 'x' }))
    refused(makeJws({}, {}, { x5c: chain.map(encodeBase64) }))
  })

  test.each([
    ['in another case', '"CTY":"x"'],
    ['twice', `"${scheme}":"notary.x509"`],
    ['twice, once escaped', '"\\u0063ty":"x"'],
    ['in another case, which Go folds', '"io.cncf.notary.\u017figningScheme":"x"'],
    ['with a trailing comma', ''],
  ])('E1: refuses a protected header with a member %s', (_, member) => {
    refused(jwsWithProtected(protectedText(member)))
  })

  test.each([
    ['text after', `${JSON.stringify(protectedHeader)}x`],
    ['a byte order mark', `\ufeff${JSON.stringify(protectedHeader)}`],
    ['an array', '[]'],
    ['null', 'null'],
    ['nothing', ''],
    ['a raw control character', JSON.stringify(protectedHeader).replace('ES256', 'ES256\n')],
  ])('refuses a protected header that is %s', (_, header) => refused(jwsWithProtected(header)))

  test('J4: refuses a protected header that is not UTF-8', () => {
    refused(jwsWithProtected(Uint8Array.of(...encodeText(protectedText('"x":"')), 0xff, 0x22, 0x7d)))
  })
})

describe('payload, chain and unsigned attributes', () => {
  test.each(['', '[]', '"text"', '5', 'hello', '\ufeff{}', ' \n\t'])('E6: refuses the payload "%s"', (content) => {
    refused(makeJws({ payload: encodeBase64Url(encodeText(content)) }))
  })

  test('E6: what else is wrong with a payload is not for the decoder to say', () => {
    for (const content of ['null', '{', ' \r\n\t{}x']) {
      const bytes = encodeText(content)
      expect(parse(makeJws({ payload: encodeBase64Url(bytes) })).payload).toEqual(bytes)
    }
  })

  test.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['an empty chain', []],
    ['text', encodeBase64(chain[0]!)],
    ['11 certificates', Array.from({ length: 11 }, () => encodeBase64(chain[0]!))],
    ['a certificate of more than 64 KiB', [encodeBase64(new Uint8Array(64 * 1024 + 1))]],
  ])('E10: refuses the chain: %s', (_, x5c) => refused(makeJws({}, { x5c })))

  test('E10: order and duplicates are for the check of the chain', () => {
    const x5c = [chain[1], chain[0], chain[0]].map((certificate) => encodeBase64(certificate!))
    expect(parse(makeJws({}, { x5c })).chain).toEqual([chain[1], chain[0], chain[0]])
    expect(parse(makeJws({}, { x5c: Array.from({ length: 10 }, () => x5c[0]) })).chain).toHaveLength(10)
  })

  test('refuses an agent or a timestamp that is not text, as the reference does', () => {
    for (const value of [5, null, {}, ['x']]) {
      refused(makeJws({}, { [agent]: value }))
      refused(makeJws({}, { [timestamp]: value }))
    }
  })

  test('an empty timestamp is none', () => {
    expect(parse(makeJws({}, { [timestamp]: '' })).unsigned.timestamp).toBeUndefined()
  })
})
