// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeText, encodeText } from '../../src/bytes.js'
import type { Target } from '../../src/descriptor.js'
import { encodePayload, parsePayload, requireUserMetadata } from '../../src/notary/payload.js'
import { fuzzParameters } from '../fuzz.js'
import { codeOf } from '../x509/code.js'

const digest = `sha256:${'0a'.repeat(32)}` as const
const target = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 585 }
const members = `"mediaType":"${target.mediaType}","digest":"${digest}","size":585`

const parse = (text: string) => parsePayload(encodeText(text))
const around = (inner: string) => `{"targetArtifact":{${inner}}}`
/** A payload whose size is written like this. */
const sized = (size: string) => around(`"mediaType":"a/b","digest":"${digest}","size":${size}`)

describe('what is read', () => {
  test.each([
    ['what notation writes', around(members)],
    [
      'another order and white space',
      ` {\n"targetArtifact" : {"size":585, "digest":"${digest}","mediaType":"${target.mediaType}"}\r\n}\t`,
    ],
    ['E6: an unknown member beside', `{"x":{"y":[1]},${around(members).slice(1)}`],
    ['E6: unknown members inside', around(`${members},"x":{"y":[1]},"other":null`)],
    [
      'members of other descriptors',
      around(`${members},"urls":["https://x"],"platform":{"os":"linux"},"artifactType":"a/b","data":"AA=="`),
    ],
    ['escapes', around(members).replace('target', '\\u0074arget').replace('sha256:', 'sha256\\u003a')],
  ])('%s', (_, text) => {
    expect(parse(text)).toEqual(target)
  })

  test('annotations are the user metadata', () => {
    const { annotations } = parse(around(`${members},"annotations":{"b":"2","a":"","io.cncf.notary.x":"y"}`))
    expect(annotations).toEqual({ b: '2', a: '', 'io.cncf.notary.x': 'y' })
    expect(parse(around(`${members},"annotations":{}`)).annotations).toEqual({})
    expect(Object.hasOwn(parse(around(members)), 'annotations')).toBe(false)
  })

  test('J1: annotations have only the names that were signed', () => {
    const { annotations } = parse(around(`${members},"annotations":{"__proto__":"x"}`))
    expect(Object.keys(annotations!)).toEqual(['__proto__'])
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) expect(annotations![name]).toBeUndefined()
  })

  test.each(['0', '1', '9007199254740991'])('the size %s', (size) => {
    expect(parse(sized(size)).size).toBe(Number(size))
  })
})

describe('what is refused', () => {
  test.each([
    ['nothing', ''],
    ['an array', `[${around(members)}]`],
    ['null', 'null'],
    ['text', '"targetArtifact"'],
    ['an empty object', '{}'],
    ['a target that is null', '{"targetArtifact":null}'],
    ['a target that is an array', `{"targetArtifact":[{${members}}]}`],
    ['a target that is text', '{"targetArtifact":"x"}'],
    ['J1: a target inside of __proto__', `{"__proto__":${around(members)}}`],
    ['no media type', around(`"digest":"${digest}","size":1`)],
    ['an empty media type', around(`"mediaType":"","digest":"${digest}","size":1`)],
    ['no digest', around('"mediaType":"a/b","size":1')],
    ['no size', around(`"mediaType":"a/b","digest":"${digest}"`)],
    ['a media type that is a number', around(`"mediaType":1,"digest":"${digest}","size":1`)],
    ['E1: the member twice', `{"targetArtifact":{${members}},"targetArtifact":{${members}}}`],
    ['E1: the member in another case', `{"TargetArtifact":{${members}}}`],
    ['E1: the member in another case beside', `{"targetArtifact":{${members}},"targetartifact":{${members}}}`],
    ['E1: the digest twice', around(`${members},"digest":"${digest}"`)],
    ['E1: an inner member in another case', around(`${members},"Digest":"sha256:x"`)],
    ['E1: one that the reference knows, in another case', around(`${members},"Annotations":{"a":"b"}`)],
    ['a second object', `${around(members)}{}`],
    ['text after', `${around(members)} x`],
    ['a byte order mark', `\ufeff${around(members)}`],
    ['annotations that are null', around(`${members},"annotations":null`)],
    ['annotations that are an array', around(`${members},"annotations":["a"]`)],
    ['an annotation that is a number', around(`${members},"annotations":{"a":1}`)],
    ['an annotation that is null', around(`${members},"annotations":{"a":null}`)],
    ['an artifactType that is a number', around(`${members},"artifactType":1`)],
    ['urls that are text', around(`${members},"urls":"https://x"`)],
    ['urls that are numbers', around(`${members},"urls":[1]`)],
    ['a platform that is text', around(`${members},"platform":"linux"`)],
    ['data that is not base64', around(`${members},"data":"?"`)],
    ['data that is a number', around(`${members},"data":1`)],
    ['J4: a lone surrogate', around(`${members},"annotations":{"a":"\\ud800"}`)],
    ['J6: deep nesting', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},${around(members).slice(1)}`],
  ])('%s', (_, text) => {
    expect(codeOf(() => parse(text))).toBe('INVALID_PAYLOAD')
  })

  test.each([
    '-1',
    '-0',
    '1.5',
    '585.0',
    '1e2',
    '1E2',
    '1e400',
    '9007199254740992',
    '9007199254740993',
    '18446744073709551616',
    '"585"',
    'null',
    '[1]',
    '01',
    '0x10',
  ])('J2: the size %s', (size) => {
    expect(codeOf(() => parse(sized(size)))).toBe('INVALID_PAYLOAD')
  })

  test.each([
    'sha256:../../etc/passwd',
    `sha256:${'0'.repeat(63)}`,
    `sha256:${'A'.repeat(64)}`,
    `SHA256:${'0'.repeat(64)}`,
    `md5:${'0'.repeat(32)}`,
    '',
  ])('CVE-2024-3727: the digest "%s"', (text) => {
    expect(codeOf(() => parse(around(`"mediaType":"a/b","digest":"${text}","size":1`)))).toBe('INVALID_PAYLOAD')
  })

  test('J4: invalid UTF-8', () => {
    expect(codeOf(() => parsePayload(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe('INVALID_PAYLOAD')
  })
})

describe('what is written', () => {
  test('members as notation orders them', () => {
    expect(decodeText(encodePayload(target))).toBe(around(members))
  })

  test('annotations sorted by name', () => {
    const text = decodeText(encodePayload({ ...target, annotations: { b: '<&>', 10: 'x', 9: 'y', a: 'ü' } }))
    expect(text).toBe(around(`${members},"annotations":{"10":"x","9":"y","a":"ü","b":"<&>"}`))
    expect(decodeText(encodePayload({ ...target, annotations: {} }))).toBe(around(members))
  })

  test('only what the specification signs', () => {
    const descriptor = { ...target, artifactType: 'a/b', platform: { os: 'linux', architecture: 'amd64' } }
    expect(decodeText(encodePayload(descriptor))).toBe(around(members))
  })

  test.each([
    ['no media type', { digest, size: 1 }],
    ['an empty media type', { ...target, mediaType: '' }],
    ['a digest that is none', { ...target, digest: 'sha256:x' }],
    ['a negative size', { ...target, size: -1 }],
    ['a size with a fraction', { ...target, size: 1.5 }],
    ['a size that is not a number', { ...target, size: Number.NaN }],
    ['a size that is not safe', { ...target, size: 2 ** 53 }],
    ['a lone surrogate', { ...target, mediaType: '\ud800' }],
  ])('refuses %s', (_, wrong) => {
    expect(codeOf(() => encodePayload(wrong as Target))).toBe('INVALID_PAYLOAD')
  })
})

describe('user metadata', () => {
  test.each<[string, Record<string, unknown>]>([
    ['the reserved prefix', { 'io.cncf.notary': 'x' }],
    ['a name below the reserved prefix', { 'io.cncf.notary.x509chain.thumbprint#S256': '[]' }],
    ['a name that begins with the reserved prefix', { 'io.cncf.notaryx': 'x' }],
    ['an empty name', { '': 'x' }],
    ['a number', { a: 1 }],
    ['null', { a: null }],
    ['a lone surrogate', { a: '\udc00' }],
    ['a lone surrogate as a name', { '\ud800': 'a' }],
  ])('refuses %s', (_, metadata) => {
    expect(codeOf(() => requireUserMetadata(metadata as Record<string, string>))).toBe('MISUSE_OPTION')
    const annotations = metadata as Record<string, string>
    expect(codeOf(() => encodePayload({ ...target, annotations }))).toBe('MISUSE_OPTION')
  })

  test('accepts any other', () => {
    const metadata = { 'io.cncf.other': 'x', 'IO.CNCF.NOTARY': '', 'com.example/a b': 'ü\n"' }
    expect(codeOf(() => requireUserMetadata(metadata))).toBeUndefined()
    expect(parsePayload(encodePayload({ ...target, annotations: metadata })).annotations).toEqual(metadata)
  })

  test('J7: a value that changes after it was read is signed as it was checked', () => {
    let reads = 0
    const annotations = {
      get key() {
        return reads++ === 0 ? 'good' : '\ud800'
      },
    }
    expect(parsePayload(encodePayload({ ...target, annotations })).annotations).toEqual({ key: 'good' })
    expect(reads).toBe(1)
  })
})

describe('fuzz', () => {
  test('what is written is read as the same', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    const name = text.filter((each) => !each.startsWith('io.cncf.notary'))
    const annotations = fc.dictionary(name, fc.string({ unit: 'grapheme' }), { minKeys: 1, noNullPrototype: true })
    const targets = fc.record({ mediaType: text, digest: fc.constant(digest), size: fc.maxSafeNat(), annotations })
    fc.assert(
      fc.property(targets, (target) => {
        expect(parsePayload(encodePayload(target))).toEqual(target)
      }),
      fuzzParameters('payload'),
    )
  })

  test('any bytes are read or refused', () => {
    const seed = around(`${members},"annotations":{"a":"b"},"urls":["x"]`)
    const mutated = fc
      .tuple(fc.nat(seed.length), fc.nat(12), fc.string({ unit: 'binary-ascii', maxLength: 6 }))
      .map(([start, count, put]) => encodeText(seed.slice(0, start) + put + seed.slice(start + count)))
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array()), (bytes) => {
        expect([undefined, 'INVALID_PAYLOAD']).toContain(codeOf(() => parsePayload(bytes)))
      }),
      fuzzParameters('payload'),
    )
  })
})
