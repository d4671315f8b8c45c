// SPDX-License-Identifier: Apache-2.0
import { type ArtifactStore, type Descriptor, mediaTypes } from '@ocisign/core'
import { needs, needsCode } from './case.js'
import type { StoreCheck } from './store.js'
import { indexOf, manifestOf, pushManifest } from './store-content-maker.js'

/** States that a reference resolves to that: media type, digest and size. */
export async function needsResolved(store: ArtifactStore, reference: string, expected: Descriptor): Promise<void> {
  const { mediaType, digest, size } = await store.resolve(reference)
  needs(digest === expected.digest, `"${reference}" resolves to ${digest}, not ${expected.digest}`)
  needs(size === expected.size, `"${reference}" resolves to ${size} bytes, not ${expected.size}`)
  needs(mediaType === expected.mediaType, `"${reference}" resolves to the type ${mediaType}, not ${expected.mediaType}`)
}

// "Definitely not there" and "no name at all" are both definite; what must not happen is that something is found.
const refusals = ['INVALID_REFERENCE', 'INVALID_DIGEST', 'UNAVAILABLE_NOT_FOUND']

/** References: tags and digests. */
export const resolveCases: readonly StoreCheck[] = [
  [
    'resolves a manifest by its digest, tagged or not',
    async (store) => {
      const [untagged, tagged] = [await pushManifest(store, { note: 'a' }), await pushManifest(store, { note: 'b' })]
      await store.tag(tagged.descriptor, 'v1')
      await needsResolved(store, untagged.descriptor.digest, untagged.descriptor)
      await needsResolved(store, tagged.descriptor.digest, tagged.descriptor)
    },
  ],
  [
    'resolves a tag',
    async (store) => {
      const [image, index] = [await pushManifest(store), await indexOf()]
      await store.push(index.descriptor, index.bytes)
      await store.tag(image.descriptor, 'v1.0_x-1')
      await store.tag(index.descriptor, 'all')
      await needsResolved(store, 'v1.0_x-1', image.descriptor)
      await needsResolved(store, 'all', index.descriptor)
    },
  ],
  [
    'lets several tags name one manifest',
    async (store) => {
      const { descriptor } = await pushManifest(store)
      for (const tag of ['v1', 'v1.0', 'latest']) await store.tag(descriptor, tag)
      for (const tag of ['v1', 'v1.0', 'latest']) await needsResolved(store, tag, descriptor)
    },
  ],
  [
    'moves a tag, and keeps what it named before',
    async (store) => {
      const [before, after] = [await pushManifest(store, { note: 'a' }), await pushManifest(store, { note: 'b' })]
      await store.tag(before.descriptor, 'v1')
      await store.tag(after.descriptor, 'v1')
      await needsResolved(store, 'v1', after.descriptor)
      await needsResolved(store, before.descriptor.digest, before.descriptor)
    },
  ],
  [
    'tells tags apart by case',
    async (store) => {
      await store.tag((await pushManifest(store)).descriptor, 'latest')
      await needsCode(store.resolve('Latest'), 'resolving "Latest"', 'UNAVAILABLE_NOT_FOUND')
    },
  ],
  [
    'says that a tag or a manifest is not there',
    async (store) => {
      await pushManifest(store)
      await needsCode(store.resolve('v2'), 'resolving an unknown tag', 'UNAVAILABLE_NOT_FOUND')
      const { digest } = (await manifestOf({ note: 'never pushed' })).descriptor
      await needsCode(store.resolve(digest), 'resolving an unknown digest', 'UNAVAILABLE_NOT_FOUND')
    },
  ],
  [
    'refuses references that are neither tag nor digest',
    async (store) => {
      await store.tag((await pushManifest(store)).descriptor, 'v1')
      const long = 'a'.repeat(129)
      for (const reference of ['', '.', '..', '../v1', 'a/v1', 'v1\n', ' v1', '-v1', long, 'sha256:00', 'sha256:../x'])
        await needsCode(store.resolve(reference), `resolving "${reference}"`, ...refusals)
    },
  ],
  [
    'refuses to tag what is not there, or with what is no tag',
    async (store) => {
      const { descriptor } = await manifestOf({ note: 'never pushed' })
      await needsCode(store.tag(descriptor, 'v1'), 'tagging what is not there', 'UNAVAILABLE_NOT_FOUND')
      await needsCode(store.resolve('v1'), 'resolving that tag', 'UNAVAILABLE_NOT_FOUND')
      const image = (await pushManifest(store)).descriptor
      const codes = ['INVALID_REFERENCE', 'INVALID_DIGEST']
      for (const tag of ['', '..', 'a/b', 'a:b', image.digest, 'a'.repeat(129)])
        await needsCode(store.tag(image, tag), `tagging with "${tag}"`, ...codes)
    },
  ],
  [
    'keeps the media type that a manifest was pushed with first',
    async (store) => {
      const image = await pushManifest(store)
      const other = { ...image.descriptor, mediaType: mediaTypes.imageIndex }
      // Refusing and ignoring are both right; a manifest that has turned into an index is not.
      await store.push(other, image.bytes).catch(() => undefined)
      await needsResolved(store, image.descriptor.digest, image.descriptor)
    },
  ],
]
