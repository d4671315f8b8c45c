// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, mediaTypes } from '@ocisign/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzParameters } from '../../core/test/fuzz.js'
import { isAttachedTo, mediaTypeOf, parseDocument } from '../src/document.js'
import { describe as descriptorOf, index, json, manifest, signature, signatureType, text } from './support/layout.js'

const image = descriptorOf(manifest())
const parse = (bytes: Uint8Array, mediaType: string = mediaTypes.imageManifest) =>
  parseDocument(bytes, descriptorOf(bytes, mediaType))

test('reads subject, type and annotations of a signature manifest', () => {
  const { mediaType, digest, size } = image
  expect(parse(signature(image))).toEqual({
    subject: { mediaType, digest, size },
    artifactType: signatureType,
    annotations: { name: 'a' },
    children: [],
  })
})

test('the type of the config stands in for an absent or empty artifactType', () => {
  const config = { mediaType: signatureType, digest: image.digest, size: 2 }
  expect(parse(manifest({ config })).artifactType).toBe(signatureType)
  expect(parse(manifest({ config, artifactType: '' })).artifactType).toBe(signatureType)
  expect(parse(manifest({ config, artifactType: 'a/b' })).artifactType).toBe('a/b')
})

test('reads what indexes list', () => {
  expect(parse(index([image]), mediaTypes.imageIndex).children).toMatchObject([image])
  const list = json({ schemaVersion: 2, mediaType: mediaTypes.dockerManifestList, manifests: [image] })
  expect(parse(list, mediaTypes.dockerManifestList).children).toMatchObject([image])
})

test('reads the artifact manifest of the release candidate', () => {
  const document = { mediaType: mediaTypes.artifactManifest, artifactType: signatureType, blobs: [], subject: image }
  expect(parse(json(document), mediaTypes.artifactManifest)).toMatchObject({ artifactType: signatureType })
})

const ambiguous: readonly (readonly [string, Uint8Array, string])[] = [
  ['an image manifest with manifests', manifest({ manifests: [] }), mediaTypes.imageManifest],
  ['an image manifest with blobs', manifest({ blobs: [] }), mediaTypes.imageManifest],
  ['an index with layers', index([], { layers: [] }), mediaTypes.imageIndex],
  ['an index with a config', index([], { config: {} }), mediaTypes.imageIndex],
  ['an index listed as a manifest', index([]), mediaTypes.imageManifest],
  ['a manifest listed as an index', manifest(), mediaTypes.imageIndex],
  ['a media type that is no text', manifest({ mediaType: 1 }), mediaTypes.imageManifest],
  ['a media type of null', manifest({ mediaType: null }), mediaTypes.imageManifest],
  ['a Docker list without its media type', json({ schemaVersion: 2, manifests: [] }), mediaTypes.dockerManifestList],
  ['an index without manifests', index([], { manifests: undefined }), mediaTypes.imageIndex],
  ['a subject in two cases', text('{"subject":null,"Subject":{}}'), mediaTypes.imageManifest],
  ['a subject with two digests', manifest({ subject: { ...image, Digest: image.digest } }), mediaTypes.imageManifest],
  ['subject twice', text('{"subject":null,"subject":{}}'), mediaTypes.imageManifest],
  ['a list', text('[]'), mediaTypes.imageManifest],
  ['junk', new Uint8Array([0, 1, 2, 255]), mediaTypes.imageManifest],
]

test.each(ambiguous)('refuses %s (GHSA-qq97-vm5h-rrhg)', (_, bytes, mediaType) => {
  expect(() => parse(bytes, mediaType)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^INVALID_/) }))
})

test.each([
  ['text', image.digest],
  ['null', null],
  ['without a size', { ...image, size: undefined }],
  ['with a size that is text', { ...image, size: String(image.size) }],
])('a subject that is %s is nobody’s', (_, subject) => {
  expect(isAttachedTo(parse(manifest({ subject })), image)).toBe(false)
})

test('is attached to what equals its subject in everything that is stated', () => {
  const document = parse(signature(image))
  expect(isAttachedTo(document, image)).toBe(true)
  expect(isAttachedTo(document, { digest: image.digest, size: image.size })).toBe(true)
  expect(isAttachedTo(document, { ...image, size: image.size + 1 })).toBe(false)
  expect(isAttachedTo(document, { ...image, mediaType: mediaTypes.imageIndex })).toBe(false)
  expect(isAttachedTo(document, descriptorOf(manifest({ other: true })))).toBe(false)
})

test('annotations that are none do not make a signature unreadable', () => {
  const document = parse(manifest({ subject: image, annotations: { a: 1 } }))
  expect(isAttachedTo(document, image)).toBe(true)
  expect(document.annotations).toBeUndefined()
})

test('tells the media type of a document that nothing lists', () => {
  expect(mediaTypeOf(manifest(), image.digest)).toBe(mediaTypes.imageManifest)
  expect(mediaTypeOf(json({ layers: [] }), image.digest)).toBe(mediaTypes.imageManifest)
  expect(mediaTypeOf(json({ manifests: [] }), image.digest)).toBe(mediaTypes.imageIndex)
  for (const document of [{}, { layers: [], manifests: [] }, { mediaType: '' }, { mediaType: null, layers: [] }])
    expect(() => mediaTypeOf(json(document), image.digest)).toThrow(
      expect.objectContaining({ code: 'INVALID_MANIFEST' }),
    )
})

test('whatever a document is, it is read or refused', () => {
  const seeds = [
    [signature(image), mediaTypes.imageManifest],
    [index([image]), mediaTypes.imageIndex],
  ] as const
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.nat(500),
      fc.uint8Array({ maxLength: 4 }),
      fc.nat(8),
      ([good, mediaType], start, bytes, cut) => {
        try {
          parse(new Uint8Array([...good.subarray(0, start), ...bytes, ...good.subarray(start + cut)]), mediaType)
        } catch (error) {
          if (!isOcisignError(error) || !error.code.startsWith('INVALID_')) throw error
        }
      },
    ),
    fuzzParameters('layout documents'),
  )
})
