// SPDX-License-Identifier: Apache-2.0
import { type ArtifactStore, equalBytes, readAll } from '@ocisign/core'
import { needs, needsCode, rejectionOf } from './case.js'
import type { StoreCheck } from './store.js'
import { blobOf, chunksOf, type Item, itemOf, manifestOf, pushManifest } from './store-content-maker.js'

const mebibyte = 1024 * 1024

/** Reads content back and compares it. */
async function needsContent(store: ArtifactStore, { descriptor, bytes }: Item): Promise<void> {
  const read = await readAll(store, descriptor, { maxBytes: 16 * mebibyte })
  needs(equalBytes(read, bytes), 'what was read is not what was pushed')
}

/** States that nothing of it is there: neither by its digest nor to read. */
export async function needsAbsence(store: ArtifactStore, { descriptor }: Item): Promise<void> {
  await needsCode(readAll(store, descriptor), 'reading it afterwards', 'UNAVAILABLE_NOT_FOUND')
}

/** States that pushing this is refused as content that does not match, and that nothing is kept. */
async function needsRefusal(store: ArtifactStore, item: Item, bytes: Uint8Array, what: string): Promise<void> {
  await needsCode(store.push(item.descriptor, bytes), `pushing ${what}`, 'INVALID_CONTENT')
  await needsCode(store.push(item.descriptor, chunksOf(bytes, 10)), `streaming ${what}`, 'INVALID_CONTENT')
  await needsAbsence(store, item)
}

/** Content: reading back what was pushed, and refusing what does not match. */
export const contentCases: readonly StoreCheck[] = [
  [
    'gives back content as it was pushed',
    async (store) => {
      const blob = await blobOf('content', 1000)
      await store.push(blob.descriptor, blob.bytes)
      await needsContent(store, blob)
    },
  ],
  [
    'keeps content of no bytes',
    async (store) => {
      const empty = await itemOf(new Uint8Array())
      await store.push(empty.descriptor, empty.bytes)
      await needsContent(store, empty)
    },
  ],
  [
    'takes content as a stream, whatever its chunks',
    async (store) => {
      for (const [length, chunk] of [
        [1000, 1],
        [1000, 7],
        [5 * mebibyte, 65_537],
      ] as const) {
        const blob = await blobOf(`stream ${chunk}`, length)
        await store.push(blob.descriptor, chunksOf(blob.bytes, chunk))
        await needsContent(store, blob)
      }
    },
  ],
  [
    'takes a stream whose chunks are one buffer used again',
    async (store) => {
      const blob = await blobOf('one buffer', 1000)
      const buffer = new Uint8Array(100)
      const content = async function* () {
        for (let offset = 0; offset < 1000; offset += 100) {
          buffer.set(blob.bytes.subarray(offset, offset + 100))
          yield buffer
        }
      }
      await store.push(blob.descriptor, content())
      await needsContent(store, blob)
    },
  ],
  [
    'does not change with the buffer that it was given',
    async (store) => {
      const blob = await blobOf('later changed', 100)
      const given = blob.bytes.slice()
      await store.push(blob.descriptor, given)
      given.fill(0)
      await needsContent(store, blob)
    },
  ],
  [
    'addresses content by sha256, sha384 and sha512',
    async (store) => {
      for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
        const blob = await blobOf('many names', 100, algorithm)
        await store.push(blob.descriptor, blob.bytes)
        await needsContent(store, blob)
      }
    },
  ],
  [
    'takes content again that it has already',
    async (store) => {
      // What a manifest names is there before it, as registries demand.
      const [blob, manifest] = [await blobOf('twice', 100), await pushManifest(store)]
      for (const item of [blob, manifest, blob, manifest]) await store.push(item.descriptor, item.bytes)
      await needsContent(store, blob)
      await needsContent(store, manifest)
    },
  ],
  [
    'refuses content that has another digest',
    async (store) => {
      const [blob, other] = [await blobOf('right'), await blobOf('wrong')]
      await needsRefusal(store, blob, other.bytes, 'other content')
    },
  ],
  [
    'refuses content that is shorter or longer than stated',
    async (store) => {
      const blob = await blobOf('of a length', 100)
      await needsRefusal(store, blob, blob.bytes.subarray(0, 99), 'shorter content')
      await needsRefusal(store, blob, new Uint8Array([...blob.bytes, 0]), 'longer content')
      await needsRefusal(store, blob, new Uint8Array(), 'no content')
    },
  ],
  [
    'refuses a manifest that has another digest',
    async (store) => {
      const [manifest, other] = [await manifestOf({ note: 'a' }), await manifestOf({ note: 'b' })]
      await needsRefusal(store, manifest, other.bytes, 'another manifest')
    },
  ],
  [
    'refuses a digest that is none',
    async (store) => {
      const blob = await blobOf('no digest')
      for (const digest of ['sha256:../../x', 'sha256:00', 'md5:00', ''] as const) {
        const descriptor = { ...blob.descriptor, digest: digest as typeof blob.descriptor.digest }
        const pushed = store.push(descriptor, blob.bytes)
        await needsCode(pushed, `pushing as "${digest}"`, 'INVALID_CONTENT', 'INVALID_DIGEST')
        const read = readAll(store, descriptor)
        await needsCode(read, `reading "${digest}"`, 'INVALID_CONTENT', 'INVALID_DIGEST', 'UNAVAILABLE_NOT_FOUND')
      }
    },
  ],
  [
    'stops reading a stream that is longer than stated',
    async (store) => {
      const blob = await blobOf('endless', 100)
      let chunks = 0
      const endless = async function* () {
        while (chunks < 10_000) {
          chunks++
          yield blob.bytes
        }
      }
      await needsCode(store.push(blob.descriptor, endless()), 'pushing an endless stream', 'INVALID_CONTENT')
      needs(chunks < 100, `${chunks} chunks were read after the end`)
      await needsAbsence(store, blob)
    },
  ],
  [
    'passes on the error of a stream that breaks off, and keeps nothing',
    async (store) => {
      const blob = await blobOf('broken off', 100)
      const broken = new Error('the stream broke off')
      const content = async function* () {
        yield blob.bytes.subarray(0, 50)
        throw broken
      }
      const error = await rejectionOf(store.push(blob.descriptor, content()), 'pushing a broken stream')
      needs(error === broken || (error as Error).cause === broken, 'the error is not that of the stream')
      await needsAbsence(store, blob)
    },
  ],
  [
    'takes content after a failed attempt',
    async (store) => {
      const blob = await blobOf('second try', 100)
      await rejectionOf(store.push(blob.descriptor, blob.bytes.subarray(1)), 'pushing a part')
      await store.push(blob.descriptor, blob.bytes)
      await needsContent(store, blob)
    },
  ],
  [
    'says that content is not there',
    async (store) => {
      await store.push((await blobOf('something else')).descriptor, (await blobOf('something else')).bytes)
      await needsAbsence(store, await blobOf('never pushed'))
    },
  ],
]
