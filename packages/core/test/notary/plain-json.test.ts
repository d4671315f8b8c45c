// SPDX-License-Identifier: Apache-2.0
// What is taken apart in its plainest form is read as the general reader would read it: white space at the end, which
// means nothing, is what makes a reader of plain JSON give up.
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeText } from '../../src/bytes.js'
import { jwsDecoder } from '../../src/notary/format/jws-decoder.js'
import { parsePayload } from '../../src/notary/payload.js'
import { codeOf } from '../x509/code.js'
import { jwsWithProtected, makeJws, payloadText, protectedHeader } from './format/make.js'

const space = Uint8Array.of(0x20)
const inserted = [...'"\\{}[],: 0-.ex', '\u0000', '\n', '\u007f', 'é', '""', ',"x":1', '\\u0022'].map(encodeText)
const others = [...inserted, Uint8Array.of(0x80), Uint8Array.of(0xff), Uint8Array.of()]

/** Each byte changed, left out, or with others before it; and each part there twice or gone. */
function* mutate(bytes: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset <= bytes.length; offset++) {
    for (const other of others) {
      yield concatBytes(bytes.subarray(0, offset), other, bytes.subarray(offset))
      yield concatBytes(bytes.subarray(0, offset), other, bytes.subarray(offset + 1))
    }
    yield concatBytes(bytes.subarray(0, offset), Uint8Array.of((bytes[offset] ?? 0) ^ 1), bytes.subarray(offset + 1))
    yield concatBytes(bytes.subarray(0, offset), bytes.subarray(Math.floor(offset / 2)))
  }
}

/** What a reader answers, or the code of its refusal. */
const answerOf = (read: () => unknown) => {
  let answer: unknown
  const code = codeOf(() => {
    answer = read()
  })
  return code ?? answer
}

function expectSame(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): void {
  let accepted = 0
  for (const mutated of mutate(bytes)) {
    const answer = answerOf(() => read(mutated))
    if (typeof answer !== 'string') accepted++
    const general = answerOf(() => read(concatBytes(mutated, space)))
    if (!isSame(answer, general)) expect({ answer, mutated }).toEqual({ answer: general, mutated })
  }
  expect(answerOf(() => read(bytes))).toBeTypeOf('object')
  expect(accepted).toBeGreaterThan(0)
}

// Comparing as tests do takes a hundred times as long.
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

describe('plain JSON is read as any other', () => {
  test('a payload', () => {
    expectSame(encodeText(payloadText), parsePayload)
  })

  test('an envelope', () => {
    expectSame(makeJws({}, { 'io.cncf.notary.signingAgent': 'x/1' }), (bytes) => jwsDecoder.parse(bytes))
  })

  test('a protected header', () => {
    const expiry = 'io.cncf.notary.expiry'
    const crit = [...(protectedHeader.crit as string[]), expiry]
    const text = JSON.stringify({ ...protectedHeader, crit, [expiry]: '2027-11-20T10:20:30Z' })
    expectSame(encodeText(text), (bytes) => {
      const { toBeSigned: _, ...said } = jwsDecoder.parse(jwsWithProtected(bytes))
      return said
    })
  })
})

test('E2: a size of more digits than a number holds is refused', () => {
  for (const size of ['9007199254740991', '9007199254740992', '01', '-0', '1e2', '1.0', '']) {
    const text = payloadText.replace('"size":5', `"size":${size}`)
    const expected = size === '9007199254740991' ? { size: Number(size) } : undefined
    if (expected) expect(parsePayload(encodeText(text))).toMatchObject(expected)
    else expect(codeOf(() => parsePayload(encodeText(text)))).toBe('INVALID_PAYLOAD')
  }
})
