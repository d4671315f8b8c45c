// SPDX-License-Identifier: Apache-2.0
// R4: what was signed has to be what is verified.
import type { Target } from '@ocisign/core'
import { expect, test } from 'vitest'
import { checkTarget } from '../../../src/notary/check/target.js'
import { code, unprintable } from '../../families.js'

const annotations = Object.assign(Object.create(null), { build: '7', __proto__: null }) as Record<string, string>
const signed: Target = { mediaType: 'a/b', digest: `sha256:${'a'.repeat(64)}`, size: 7, annotations }
const { annotations: _, ...bare } = signed

test('the same, or less than was signed', () => {
  checkTarget(signed, signed)
  checkTarget(signed, bare)
  checkTarget(signed, { digest: signed.digest, size: 7 })
  checkTarget(bare, { ...bare, annotations: {} })
})

test.each<[string, Partial<Target>]>([
  ['digest', { digest: `sha256:${'b'.repeat(64)}` }],
  ['R2: algorithm of the digest', { digest: `sha512:${'a'.repeat(128)}` }],
  ['size', { size: 8 }],
  ['media type', { mediaType: 'a/c' }],
  ['case of the media type', { mediaType: 'A/b' }],
  ['media type, which is empty', { mediaType: '' }],
])('R4: another %s', (_, change) => {
  expect(() => checkTarget(signed, { ...bare, ...change })).toThrow(expect.objectContaining(code('UNTRUSTED_TARGET')))
})

test('user metadata that was not signed, by name', () => {
  const demand =
    (annotations: Readonly<Record<string, string>>, of = signed) =>
    () =>
      checkTarget(of, { ...bare, annotations })
  expect(demand({ build: '7' })).not.toThrow()
  for (const [wanted, missing] of [
    [{ build: '8' }, ['build']],
    [{ build: '7', a: '', b: '' }, ['a', 'b']],
    [{ toString: 'x', constructor: 'y' }, ['toString', 'constructor']],
  ] as const)
    expect(demand(wanted as never)).toThrow(
      expect.objectContaining(code('UNTRUSTED_METADATA', { details: { missing } })),
    )
  expect(demand({ build: '7' }, bare)).toThrow(expect.objectContaining(code('UNTRUSTED_METADATA')))
})

test('J10: text of either side is escaped', () => {
  try {
    checkTarget({ ...signed, mediaType: 'a\u001b[31m/\u202eb' }, { ...bare, mediaType: 'x\r\ny' })
    expect.fail()
  } catch (error) {
    expect((error as Error).message).not.toMatch(unprintable)
  }
})
