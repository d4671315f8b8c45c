// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, mediaTypes } from '@ocisign/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzParameters } from '../../core/test/fuzz.js'
import { emptyIndex, findDigest, findTag, parseIndexFile } from '../src/index-file.js'
import { describe as descriptorOf, index, json, manifest, tagged, text } from './support/layout.js'

const image = descriptorOf(manifest())
const other = descriptorOf(manifest({ annotations: { other: 'yes' } }))

test('finds what a tag and a digest name', () => {
  const file = parseIndexFile(index([tagged(image, 'v1'), tagged(image, 'v2'), other]))
  expect(findTag(file, 'v1')).toMatchObject(image)
  expect(findTag(file, 'v2')).toMatchObject(image)
  expect(findDigest(file, other.digest)).toMatchObject(other)
  expect(findDigest(file, descriptorOf(manifest({ a: 1 })).digest)).toBeUndefined()
  expect(() => findTag(file, 'v3')).toThrow(expect.objectContaining({ code: 'UNAVAILABLE_NOT_FOUND' }))
})

test('reads the empty lists of a new layout and of Go', () => {
  expect(parseIndexFile(text(emptyIndex)).entries).toEqual([])
  expect(parseIndexFile(json({ schemaVersion: 2, manifests: null })).entries).toEqual([])
})

test.each([
  ['a tag of two things', [tagged(image, 'v1'), tagged(other, 'v1')]],
  ['a digest of two sizes', [tagged(image, 'v1'), { ...image, size: image.size + 1 }]],
  ['a digest of two media types', [tagged(image, 'v1'), { ...image, mediaType: mediaTypes.imageIndex }]],
])('refuses %s when it is asked for, and only then', (_, manifests) => {
  const fine = descriptorOf(manifest({ fine: true }))
  const file = parseIndexFile(index([...manifests, tagged(fine, 'fine')]))
  expect(findTag(file, 'fine')).toMatchObject(fine)
  expect(() => findTag(file, 'v1')).toThrow(expect.objectContaining({ code: 'INVALID_INDEX' }))
})

const entries: readonly (readonly [string, unknown])[] = [
  ['no object', 'sha256:00'],
  ['no digest', { ...image, digest: undefined }],
  ['a digest that climbs', { ...image, digest: 'sha256:../../../etc/passwd' }],
  ['a digest in upper case', { ...image, digest: image.digest.toUpperCase() }],
  ['a digest that is too short', { ...image, digest: image.digest.slice(0, -1) }],
  ['a digest of another algorithm', { ...image, digest: `md5:${'0'.repeat(32)}` }],
  ['a digest with more behind it', { ...image, digest: `${image.digest}?x` }],
  ['no media type', { ...image, mediaType: undefined }],
  ['an empty media type', { ...image, mediaType: '' }],
  ['a negative size', { ...image, size: -1 }],
  ['a size that is text', { ...image, size: '1' }],
  ['a size beyond a double', { ...image, size: 2 ** 53 }],
  ['annotations that are a list', { ...image, annotations: [] }],
  ['an annotation that is no text', { ...image, annotations: { a: 1 } }],
  ['a digest in another case beside it', { ...image, Digest: other.digest }],
]

test.each(entries)('refuses an entry with %s', (_, entry) => {
  expect(() => parseIndexFile(index([entry]))).toThrow(expect.objectContaining({ code: 'INVALID_INDEX' }))
})

const documents: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', text('')],
  ['half a document', text(emptyIndex.slice(0, -2))],
  ['bytes that are no text', new Uint8Array([0xff, 0xfe])],
  ['a byte order mark', text(`\ufeff${emptyIndex}`)],
  ['a list', text('[]')],
  ['no version', json({ manifests: [] })],
  ['another version', json({ schemaVersion: 1, manifests: [] })],
  ['no manifests', json({ schemaVersion: 2 })],
  ['manifests that are an object', json({ schemaVersion: 2, manifests: {} })],
  ['manifests twice', text('{"schemaVersion":2,"manifests":[],"manifests":[]}')],
  ['manifests in two cases', text('{"schemaVersion":2,"manifests":[],"Manifests":[]}')],
  ['another media type', index([], { mediaType: mediaTypes.imageManifest })],
  ['layers', index([], { layers: [] })],
  ['a fraction', text('{"schemaVersion":2,"manifests":[],"x":1.5}')],
  ['nesting without end', text(`{"schemaVersion":2,"manifests":[],"x":${'['.repeat(5000)}${']'.repeat(5000)}}`)],
]

test.each(documents)('refuses an index with %s', (_, bytes) => {
  expect(() => parseIndexFile(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_INDEX' }))
})

test('whatever is done to an index, it is read or refused', () => {
  const good = index([tagged(image, 'v1'), other])
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 4 }), fc.nat(8), (start, bytes, cut) => {
      const mutated = new Uint8Array([...good.subarray(0, start), ...bytes, ...good.subarray(start + cut)])
      try {
        for (const { digest } of parseIndexFile(mutated).entries) expect(digest).toMatch(/^sha(256|384|512):[0-9a-f]+$/)
      } catch (error) {
        if (!isOcisignError(error, 'INVALID_INDEX')) throw error
      }
    }),
    fuzzParameters('index.json'),
  )
})
