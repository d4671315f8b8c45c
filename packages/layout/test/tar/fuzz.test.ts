// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, readAll } from '@ocisign/core'
import { openTarLayout } from '@ocisign/layout'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzParameters } from '../../../core/test/fuzz.js'
import { findPlaces } from '../../src/tar/entries.js'
import { parseHeader } from '../../src/tar/header.js'
import { collect, describe as descriptorOf, index, manifest, signature, tagged, text } from '../support/layout.js'
import {
  blob,
  blobName,
  bytesOf,
  checksum,
  end,
  entry,
  file,
  memorySource,
  pax,
  stream,
  tarLayout,
} from '../support/tar.js'

const imageBytes = manifest()
const image = descriptorOf(imageBytes)
const signed = signature(image)
const entries = [tagged(image, 'v1'), descriptorOf(signed)]
const indexBytes = index(entries)
const layout = tarLayout(entries, [imageBytes, signed])
const odd = bytesOf(
  pax({ comment: 'for all' }, 'g'),
  pax({ path: blobName(text('a')), size: '1', mtime: '1.5' }),
  entry({ name: 'x', content: text('a') }),
  entry({ name: '././@LongLink', type: 'L', magic: 'ustar  \0', content: text(`${blobName(text('b'))}\0`) }),
  entry({ name: 'y', magic: 'ustar  \0', content: text('b') }),
  entry({ name: 'sha256/x', prefix: 'blobs', content: text('c') }),
  blob(text('d')),
  file('manifest.json', '[]'),
  layout,
)

const change = fc.record({
  at: fc.nat(),
  // What headers are made of, so that a change means something more often.
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom('0', '1', '2', '5', 'x', 'g', 'L', 'S', '\0', '7', '/', '../', './').map(text),
    fc.constantFrom('path=', 'size=', '12 path=x\n', 'index.json', 'blobs/', 'oci-layout', 'ustar  \0').map(text),
    fc.constant(new Uint8Array(512)),
  ),
  // Fields: name, size, type, magic, prefix; or anywhere.
  field: fc.constantFrom(0, 124, 135, 156, 257, 345, undefined),
  cut: fc.constantFrom(0, 0, 0, 1, 512),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** Damages an archive; every header fits its checksum again, or nothing behind the first would be looked at. */
function damage(bytes: Uint8Array, changes: readonly Change[], end: number): Uint8Array {
  let damaged = new Uint8Array(bytes)
  for (const { at, bytes: put, field, cut } of changes) {
    const place = at % Math.max(damaged.length, 1)
    const start = Math.min(field === undefined ? place : place - (place % 512) + field, damaged.length)
    if (cut > 0) damaged = bytesOf(damaged.subarray(0, start), put, damaged.subarray(start + cut))
    else damaged.set(put.subarray(0, Math.max(damaged.length - start, 0)), start)
  }
  for (let start = 0; start + 512 <= damaged.length; start += 512) {
    const block = damaged.subarray(start, start + 512)
    if (String.fromCharCode(...block.subarray(257, 262)) === 'ustar') block.set(text(checksum(block)), 148)
  }
  return damaged.subarray(0, damaged.length - (end % 3 === 0 ? end % damaged.length : 0))
}

test('whatever is done to an archive, it is refused or its files lie inside of it, apart from each other', async () => {
  const outcomes = { read: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.nat(), async (changes, cut) => {
      const bytes = damage(odd, changes, cut)
      try {
        const places = [...(await findPlaces(memorySource(bytes), { maxEntries: 100 }))]
        let last = 0
        for (const [name, { offset, size }] of places) {
          expect(name).toMatch(/^(oci-layout|index\.json|blobs\/sha(256|384|512)\/[0-9a-f]{64,128})$/)
          expect(offset % 512).toBe(0)
          expect(offset).toBeGreaterThanOrEqual(last + 512)
          last = offset + size
          expect(last).toBeLessThanOrEqual(bytes.length - end.length)
        }
        outcomes.read++
      } catch (error) {
        const codes = ['INVALID_LAYOUT', 'UNAVAILABLE_LIMIT', 'UNSUPPORTED_MEDIA_TYPE']
        if (!isOcisignError(error) || !codes.includes(error.code)) throw error
        outcomes.refused++
      }
    }),
    fuzzParameters('tar archive'),
  )
  // Both happen often, or the damage is of no use.
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan((outcomes.read + outcomes.refused) / 20)
})

const isIndex = (bytes: Uint8Array) => Buffer.compare(bytes, indexBytes) === 0

test('whatever is done to an archive, as long as its index stays, its image is found with its signature or not at all', async () => {
  let answered = 0
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(), async (changes, cut) => {
      const bytes = damage(layout, changes, cut)
      try {
        const place = (await findPlaces(memorySource(bytes), { maxEntries: 100 })).get('index.json')
        if (place && !isIndex(bytes.subarray(place.offset, place.offset + place.size))) return
        const opened = await openTarLayout(stream(bytes))
        try {
          const found = await opened.resolve('v1')
          expect(found).toEqual(image)
          expect(Buffer.compare(await readAll(opened, found), imageBytes)).toBe(0)
          const listed = await collect(opened.referrers(found))
          expect(listed.map(({ digest }) => digest)).toEqual([descriptorOf(signed).digest])
          expect(Buffer.compare(await readAll(opened, listed[0]!), signed)).toBe(0)
          answered++
        } finally {
          await opened.close()
        }
      } catch (error) {
        if (!isOcisignError(error)) throw error
      }
    }),
    fuzzParameters('tar layout'),
  )
  expect(answered).toBeGreaterThan(0)
})

test('a header of any bytes is refused or has a name, a type and a size', () => {
  const fail = () => Object.assign(new Error('refused'), { isRefusal: true }) as never
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), fc.boolean(), (bytes, fixed) => {
      const block = new Uint8Array(bytes)
      if (fixed) {
        block.set(text('ustar\x0000'), 257)
        block.fill(0, 500)
        block.set(text(checksum(block)), 148)
      }
      try {
        const { size, type } = parseHeader(block, fail)
        expect(Number.isSafeInteger(size) && size >= 0).toBe(true)
        expect(type).toHaveLength(1)
      } catch (error) {
        if (!(error as { isRefusal?: boolean }).isRefusal) throw error
      }
    }),
    fuzzParameters('tar header'),
  )
})
