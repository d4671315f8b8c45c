// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { withEntry, withTag } from '../src/index-edit.js'
import { emptyIndex, type IndexFile, parseIndexFile } from '../src/index-file.js'
import { describe as descriptorOf, index, manifest, refName, tagged, text } from './support/layout.js'

const image = descriptorOf(manifest())
const other = descriptorOf(manifest({ annotations: { other: 'yes' } }))
/** What was edited is what is read of its text. */
const checked = (edited: IndexFile) => {
  expect(parseIndexFile(text(edited.text))).toEqual(edited)
  return edited.text
}
const entriesOf = (edited: IndexFile) => JSON.parse(checked(edited)).manifests
const parse = (bytes: Uint8Array) => parseIndexFile(bytes)

test('lists content once, as it was described first', () => {
  const file = parse(index([tagged(image, 'v1')]))
  expect(withEntry(file, image)).toBe(file)
  const described = { ...other, artifactType: 'a/b', annotations: { [refName]: 'no-tag', kept: 'yes' } }
  expect(entriesOf(withEntry(file, described))).toEqual([
    tagged(image, 'v1'),
    { ...other, artifactType: 'a/b', annotations: { kept: 'yes' } },
  ])
})

test('what others wrote stays as they wrote it', () => {
  const foreign = [
    `{ "x.serial": 900719925474099312345, "digest":"${image.digest}",\n"size" :${image.size}, "mediaType":"${image.mediaType}",`,
    ` "annotations" : { "vendor/key": "\\u00e9\\/", "${refName}": "v1" }, "urls": ["https://example.com/x"] }`,
  ].join('')
  const before = `{\n  "vendor": {"n": 12345678901234567890123},\n "manifests" : [ ${foreign} ], "schemaVersion": 2,\n "annotations": {"a":"b"} }`
  const file = parse(text(before))
  const added = checked(withEntry(file, other))
  expect(added).toContain(foreign)
  expect(added).toContain('"vendor": {"n": 12345678901234567890123}')
  expect(added).toContain('"annotations": {"a":"b"}')
  const edited = withTag(parse(text(added)), other, 'v1')
  const moved = edited.text
  expect(moved).toContain('"x.serial": 900719925474099312345')
  expect(moved).toContain('"vendor/key": "\\u00e9\\/"')
  expect(moved).toContain('"urls": ["https://example.com/x"]')
  expect(entriesOf(edited)).toMatchObject([
    { digest: image.digest, annotations: { 'vendor/key': 'é/' } },
    { digest: other.digest, annotations: { [refName]: 'v1' } },
  ])
  expect(entriesOf(edited)[0].annotations).not.toHaveProperty([refName])
})

test('a tag that moves leaves what it named listed', () => {
  const file = parse(index([tagged(image, 'v1'), other]))
  expect(entriesOf(withTag(file, other, 'v1'))).toEqual([image, tagged(other, 'v1')])
})

test('a tag that moves and returns leaves the index as it was', () => {
  const before = index([tagged(image, 'v1'), other])
  const there = withTag(parse(before), other, 'v1')
  expect(entriesOf(withTag(parse(text(there.text)), image, 'v1'))).toEqual([tagged(image, 'v1'), other])
})

test('a second tag is a second entry that says the same', () => {
  const entry = { ...tagged(image, 'v1'), artifactType: 'a/b', annotations: { [refName]: 'v1', kept: 'yes' } }
  expect(entriesOf(withTag(parse(index([entry])), image, 'v2'))).toEqual([
    entry,
    { ...entry, annotations: { kept: 'yes', [refName]: 'v2' } },
  ])
})

test('a tag that is there already changes nothing', () => {
  const file = parse(index([tagged(image, 'v1')]))
  expect(withTag(file, image, 'v1')).toBe(file)
})

test('a tag that named two things names one', () => {
  const file = parse(index([tagged(image, 'v1'), tagged(other, 'v1')]))
  expect(entriesOf(withTag(file, other, 'v1'))).toEqual([image, tagged(other, 'v1')])
})

test('a null list becomes a list', () => {
  const file = parse(text('{"schemaVersion":2,"manifests":null}'))
  expect(entriesOf(withTag(file, image, 'v1'))).toEqual([tagged(image, 'v1')])
})

test.each([emptyIndex, '{"manifests":null,"schemaVersion":2}', '{"schemaVersion":2,"manifests" : [\n] }'])(
  'content is listed in %j',
  (before) => {
    const one = withEntry(parse(text(before)), image)
    expect(entriesOf(one)).toEqual([image])
    expect(entriesOf(withEntry(one, other))).toEqual([image, other])
  },
)

test('an entry that nobody could read is not written', () => {
  const file = parse(text(emptyIndex))
  const deep = JSON.parse(`${'{"a":'.repeat(40)}{}${'}'.repeat(40)}`)
  for (const bad of [
    { ...image, size: -1 },
    { ...image, size: 1.5 },
    { ...image, mediaType: '' },
    { ...image, platform: deep },
    { ...image, annotations: { 'a\ud800': 'x' } },
  ])
    expect(() => withEntry(file, bad)).toThrow(expect.objectContaining({ code: 'INVALID_INDEX' }))
})
