// SPDX-License-Identifier: Apache-2.0
// The decoders alone against the corpus: what the reference refuses for its form they refuse, what it takes they take.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NotaryCorpus, type NotaryCorpusCase, openNotaryCorpus } from '../../../../conformance/src/corpus/index.js'
import { concatBytes, decodeText, encodeBase64Url, encodeText } from '../../../src/bytes.js'
import { isOcisignError } from '../../../src/errors.js'
import type { UnverifiedEnvelope } from '../../../src/notary/envelope.js'
import { encodeByteString } from '../../../src/notary/format/cbor-writer.js'
import { parsePayload } from '../../../src/notary/payload.js'
import { fuzzParameters } from '../../fuzz.js'
import { codeOf } from '../../x509/code.js'
import { type CorpusEnvelope, decoderFor, openEnvelopes } from './envelopes.js'

/** Cases that the reference verifies and that are not read here: by group, without the ending of the format. */
const stricter: Readonly<Record<string, readonly string[]>> = {
  'the list of critical headers names each once, and only those that may be critical': [
    'crit-content-type-cose',
    'crit-signing-time-cose',
    'crit-twice-cose',
  ],
  'names are exact': [
    'payload-name-case-jws',
    'payload-name-case-cose',
    'payload-inner-case-jws',
    'payload-inner-case-cose',
    'jws-name-case',
  ],
  'a member or header is there once': [
    'payload-duplicate-digest-jws',
    'payload-duplicate-digest-cose',
    'alg-twice-good-last',
    'jws-duplicate-payload-last',
    'jws-duplicate-signature-last',
    'jws-duplicate-protected-last',
    'jws-duplicate-header',
    'header-scheme-twice',
  ],
  'nothing signed is in the unsigned header': ['alg-both-headers-jws', 'alg-both-headers-cose'],
  'each scheme has its own time': ['header-both-times-cose', 'header-both-times-authority-cose'],
  'the flattened serialisation has four members': ['jws-unknown-member'],
  'text is Unicode': ['jws-invalid-utf8', 'jws-lone-surrogate'],
  'base64 is canonical': ['b64-signature-newline', 'b64-signature-spare-bits'],
  'times are those of RFC 3339': ['time-jws-single-digit-hour'],
  'numbers of the payload are integers': ['payload-big-number-jws', 'payload-big-number-cose'],
  'nesting is bounded': ['payload-deep-jws', 'payload-deep-cose', 'jws-deep', 'jws-deep-objects'],
  'size is bounded': ['jws-huge'],
}

/** Groups whose envelopes are wrong in form, if they are wrong. */
const groupsOfForm = [
  'attributes',
  'cose-encoding',
  'cose-headers',
  'cose-structure',
  'expiry',
  'headers',
  'jws-encoding',
  'jws-syntax',
  'payload',
  'scheme',
  'times',
]

interface Read {
  readonly one: NotaryCorpusCase
  readonly envelope: CorpusEnvelope
  /** Undefined where it was read. */
  readonly code: string | undefined
}

let corpus: NotaryCorpus
/** Cases with one envelope of a format that is read here. */
const read: Read[] = []

function readAll({ mediaType, bytes }: CorpusEnvelope): UnverifiedEnvelope {
  const envelope = decoderFor(mediaType)!.parse(bytes)
  parsePayload(envelope.payload)
  return envelope
}

beforeAll(async () => {
  corpus = await openNotaryCorpus()
  const envelopesOf = await openEnvelopes(corpus)
  for (const one of corpus.cases) {
    const [envelope, ...more] = await envelopesOf(one)
    if (!envelope || more.length > 0 || !decoderFor(envelope.mediaType)) continue
    read.push({ one, envelope, code: codeOf(() => readAll(envelope)) })
  }
})
afterAll(() => corpus.close())

describe('the corpus', () => {
  test('most of it is one envelope', () => {
    expect(read.length).toBeGreaterThan(800)
  })

  test('what the reference verifies is read, but for what is listed', () => {
    const refused = read.filter(({ one, code }) => one.expected.verified && code !== undefined)
    expect(refused.map(({ one }) => one.name).sort()).toEqual(Object.values(stricter).flat().sort())
  })

  test('what the reference refuses for its form is refused', () => {
    const wrong = read.filter(
      ({ one: { group, expected } }) => groupsOfForm.includes(group) && expected.failedChecks.includes('integrity'),
    )
    expect(wrong.length).toBeGreaterThan(100)
    for (const { one, code } of wrong) expect([one.name, code]).toEqual([one.name, 'INVALID_ENVELOPE'])
  })

  test('what the reference reads before it refuses is read', () => {
    const late = read.filter(
      ({ one: { expected } }) => !expected.verified && !expected.failedChecks.includes('integrity'),
    )
    expect(late.length).toBeGreaterThan(100)
    for (const { one, code } of late) expect([one.name, code]).not.toEqual([one.name, 'INVALID_ENVELOPE'])
  })

  test('JWS: the quick reader and the general one say the same', () => {
    for (const { envelope, code } of read) {
      if (envelope.mediaType !== 'application/jose+json') continue
      const spaced = { ...envelope, bytes: concatBytes(encodeText(' '), envelope.bytes) }
      expect(codeOf(() => readAll(spaced))).toBe(code)
      if (code === undefined) expect(readAll(spaced)).toEqual(readAll(envelope))
    }
  })
})

describe('fuzz', () => {
  const put = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc
      .constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', '\0', '=', '"a":1,', 'null', '\u00ff')
      .map(encodeText),
    fc
      .constantFrom([0xf6], [0x9f], [0xff], [0x5b, 255, 255, 255, 255], [0x1b], [0xc1], [0xa0])
      .map((each) => Uint8Array.from(each)),
  )
  /** Bytes with some of them replaced, here and there. */
  const changed = (bytes: Uint8Array) =>
    fc
      .array(fc.tuple(fc.nat(bytes.length), fc.nat(4), put), { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce(
          (all, [at, count, some]) => concatBytes(all.subarray(0, at), some, all.subarray(at + count)),
          bytes,
        ),
      )
  const seeds = (mediaType: string) =>
    read.filter(({ envelope }) => envelope.mediaType === mediaType && envelope.bytes.length < 20_000)

  /** An envelope is read whole, or refused with the one code for that. */
  function holds(mediaType: string, bytes: Uint8Array): void {
    try {
      readAll({ mediaType, bytes })
    } catch (error) {
      if (!isOcisignError(error, 'INVALID_ENVELOPE') && !isOcisignError(error, 'INVALID_PAYLOAD')) throw error
    }
  }

  test.each(['application/jose+json', 'application/cose'])('%s: mutated envelopes and any bytes', (mediaType) => {
    const mutated = fc.constantFrom(...seeds(mediaType)).chain(({ envelope }) => changed(envelope.bytes))
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => holds(mediaType, bytes)),
      fuzzParameters(mediaType),
    )
  })

  test('JWS: mutated headers and payloads inside of their base64', () => {
    const good = seeds('application/jose+json').filter(({ code }) => code === undefined)
    const mutated = fc.constantFrom(...good).chain(({ envelope }) => {
      const members: Record<string, string> = JSON.parse(decodeText(envelope.bytes))
      const inner = (name: string) =>
        changed(new Uint8Array(Buffer.from(members[name]!, 'base64url'))).map((bytes) =>
          encodeText(JSON.stringify({ ...members, [name]: encodeBase64Url(bytes) })),
        )
      return fc.oneof(inner('protected'), inner('payload'))
    })
    fc.assert(
      fc.property(mutated, (bytes) => holds('application/jose+json', bytes)),
      fuzzParameters('JWS headers'),
    )
  })

  test('COSE: mutated headers', () => {
    const good = seeds('application/cose').filter(
      ({ code, envelope }) => code === undefined && envelope.bytes[2] === 0x58,
    )
    const mutated = fc.constantFrom(...good).chain(({ envelope: { bytes } }) => {
      const end = 4 + bytes[3]!
      return changed(bytes.subarray(4, end)).map((header) =>
        concatBytes(bytes.subarray(0, 2), encodeByteString(header), bytes.subarray(end)),
      )
    })
    fc.assert(
      fc.property(mutated, (bytes) => holds('application/cose', bytes)),
      fuzzParameters('COSE headers'),
    )
  })

  test('JWS: the quick reader and the general one say the same', () => {
    const mutated = fc.constantFrom(...seeds('application/jose+json')).chain(({ envelope }) => changed(envelope.bytes))
    const outcome = (bytes: Uint8Array) => {
      let envelope: UnverifiedEnvelope | undefined
      const code = codeOf(() => {
        envelope = decoderFor('application/jose+json')!.parse(bytes)
      })
      return code ?? envelope
    }
    fc.assert(
      fc.property(mutated, (bytes) => {
        // White space in front is all it takes to be read by the general one.
        expect(outcome(bytes)).toEqual(outcome(concatBytes(encodeText(' '), bytes)))
      }),
      fuzzParameters('JWS readers'),
    )
  })
})
