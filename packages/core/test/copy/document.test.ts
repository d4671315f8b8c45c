// SPDX-License-Identifier: Apache-2.0
// What a manifest names: read strictly, from whatever bytes.
import { type Descriptor, encodeText, errorKind, mediaTypes } from '@ocisign/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCopiedDocument } from '../../src/copy/document.js'
import { code, json } from '../families.js'
import { fuzzParameters } from '../fuzz.js'
import { configType, layerType } from './scene.js'

const { imageIndex, imageManifest, artifactManifest, dockerManifest, dockerManifestList } = mediaTypes
const digest = (digit: string): Descriptor['digest'] => `sha256:${digit.repeat(64)}`
const described = (mediaType: string): Descriptor => ({ mediaType, digest: digest('f'), size: 1 })
const config = { mediaType: configType, digest: digest('1'), size: 2 }
const layer = { mediaType: layerType, digest: digest('2'), size: 3 }
const parse = (document: unknown, mediaType: string = imageManifest) =>
  parseCopiedDocument(json(document), described(mediaType))

test.each([imageManifest, dockerManifest])('%s: config and layers', (mediaType) => {
  const document = parse({ schemaVersion: 2, mediaType, config, layers: [layer, layer] }, mediaType)
  expect(document).toEqual({ blobs: [config, layer, layer], foreign: [] })
})

test('the artifact manifest of the release candidate: blobs', () => {
  const subject = { ...layer, mediaType: imageManifest }
  const document = parse(
    { mediaType: artifactManifest, artifactType: 'a/b', blobs: [layer], subject },
    artifactManifest,
  )
  expect(document).toEqual({ blobs: [layer], foreign: [], subject: layer.digest, artifactType: 'a/b' })
})

test.each([imageIndex, dockerManifestList])('%s: what it holds', (mediaType) => {
  const child = { ...layer, mediaType: imageManifest, platform: { os: 'linux', architecture: 'amd64' } }
  expect(parse({ mediaType, manifests: [child] }, mediaType)).toEqual({ children: [child], blobs: [], foreign: [] })
})

test('what a listing states: the type of the config stands in for the artifact’s', () => {
  const subject = { ...layer, mediaType: imageManifest }
  const annotations = { a: 'b' }
  expect(parse({ config, layers: [], subject, annotations })).toMatchObject({ artifactType: configType, annotations })
  expect(parse({ artifactType: 'a/b', config, layers: [], subject })).toMatchObject({ artifactType: 'a/b' })
  expect(parse({ artifactType: 'a/b', config, layers: [], annotations })).toEqual({ blobs: [config], foreign: [] })
})

test('R9: addresses in descriptors are not even kept', () => {
  const urls = ['https://example.com/layer']
  const foreign = { ...layer, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }
  const document = parse({
    config: { ...config, urls },
    layers: [
      { ...layer, urls },
      { ...foreign, urls },
    ],
  })
  expect(document).toEqual({ blobs: [config, layer], foreign: [foreign] })
})

describe('is not read', () => {
  test.each<[string, unknown, string, string?]>([
    ['an image that is an index as well', { config, layers: [], manifests: [] }, 'INVALID_MANIFEST'],
    ['an index that is an image as well', { manifests: [], layers: [] }, 'INVALID_INDEX', imageIndex],
    ['one of another type than it is said to be', { mediaType: imageIndex, layers: [] }, 'INVALID_MANIFEST'],
    ['layers that are no list', { layers: {} }, 'INVALID_MANIFEST'],
    ['a layer that is no descriptor', { layers: [null] }, 'INVALID_DESCRIPTOR'],
    ['a digest that is a path', { layers: [{ ...layer, digest: 'sha256:../x' }] }, 'INVALID_DESCRIPTOR'],
    ['a size below nothing', { config: { ...config, size: -1 } }, 'INVALID_DESCRIPTOR'],
    ['a config that is none', { config: null, layers: [] }, 'INVALID_DESCRIPTOR'],
    ['a subject that is none', { layers: [], subject: {} }, 'INVALID_DESCRIPTOR'],
    ['members in another case', { layers: [], Layers: [layer] }, 'INVALID_JSON'],
    ['members of a layer in another case', { layers: [{ ...layer, Digest: layer.digest }] }, 'INVALID_JSON'],
    ['what is no object', [], 'INVALID_JSON'],
    ['another kind of document', {}, 'UNSUPPORTED_MEDIA_TYPE', 'text/html'],
  ])('%s', (_, document, expected, mediaType) => {
    expect(() => parse(document, mediaType)).toThrow(expect.objectContaining(code(expected)))
  })

  test('a number that other readers take for another', () => {
    const text = JSON.stringify({ layers: [layer] }).replace('"size":3', '"size":3e0')
    const read = () => parseCopiedDocument(encodeText(text), described(imageManifest))
    expect(read).toThrow(expect.objectContaining(code('INVALID_JSON')))
  })
})

test('whatever the bytes: a document whose descriptors can be used, or an INVALID_ error', () => {
  const names = ['config', 'layers', 'blobs', 'manifests', 'subject', 'mediaType', 'artifactType', 'annotations']
  const leaf = fc.oneof(
    fc.constantFrom(config, layer, null, [], imageManifest, imageIndex),
    fc.jsonValue({ maxDepth: 2 }),
  )
  const member = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }))
  const document = fc.dictionary(fc.constantFrom(...names), member).map(json)
  const bytes = fc.oneof(document, fc.uint8Array({ maxLength: 200 }), fc.string().map(encodeText))
  const types = fc.constantFrom(imageManifest, imageIndex, artifactManifest, dockerManifest, dockerManifestList)
  let read = 0
  fc.assert(
    fc.property(bytes, types, (given, mediaType) => {
      try {
        const { children = [], blobs, foreign } = parseCopiedDocument(given, described(mediaType))
        read++
        for (const each of [...children, ...blobs, ...foreign]) {
          expect(each.digest).toMatch(/^sha(256|384|512):[0-9a-f]+$/)
          expect(Number.isSafeInteger(each.size) && each.size >= 0).toBe(true)
        }
      } catch (error) {
        expect(errorKind(error)).toBe('INVALID')
      }
    }),
    fuzzParameters('copied documents'),
  )
  expect(read).toBeGreaterThan(10)
})
