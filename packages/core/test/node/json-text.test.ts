// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinMember, splitJson, splitMember } from '../../src/node/json-text.js'
import { fuzzParameters } from '../fuzz.js'

test('splits an array into the text of its elements', () => {
  expect(splitJson(' [ 1 , "a,]\\"" , {"b":[1,2]} , [ ] ] ')).toEqual(['1', '"a,]\\""', '{"b":[1,2]}', '[ ]'])
  expect(splitJson('[]')).toEqual([])
  expect(splitJson('{ }')).toEqual([])
})

test('splits a member at its own colon', () => {
  expect(splitMember('"a\\":b" : "c:d"')).toEqual({ name: 'a":b', value: '"c:d"' })
  expect(splitMember('"\\u006danifests":null')).toEqual({ name: 'manifests', value: 'null' })
})

test('keeps numbers that a double cannot hold', () => {
  expect(splitJson('{"a":9007199254740993,"b":1}')).toEqual(['"a":9007199254740993', '"b":1'])
})

test('whatever is split and joined again means the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (object, space) => {
      const members = splitJson(JSON.stringify(object, undefined, space)).map(splitMember)
      const joined = `{${members.map(joinMember).join(',')}}`
      expect(JSON.parse(joined)).toEqual(JSON.parse(JSON.stringify(object)))
    }),
    fuzzParameters('JSON text'),
  )
})
