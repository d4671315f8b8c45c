// SPDX-License-Identifier: Apache-2.0
import type { ArtifactStore, TagLister } from '@ocisign/core'
import { describe, needs, rejectionOf } from './case.js'
import type { StoreCheck } from './store.js'
import { collect, pushManifest } from './store-content-maker.js'
import { needsResolved } from './store-resolve.js'

/** States that the tags are these, in any order and each once. */
async function needsTags(store: TagLister, expected: readonly string[]): Promise<void> {
  const listed = [...(await collect(store.tags()))].sort()
  const wanted = [...expected].sort()
  const same = listed.length === wanted.length && listed.every((tag, position) => tag === wanted[position])
  needs(same, `the tags are [${listed.join(', ')}], not [${wanted.join(', ')}]`)
}

const listsTags = (store: ArtifactStore): store is ArtifactStore & TagLister => 'tags' in store

type TagCheck = readonly [name: string, check: (store: ArtifactStore & TagLister) => Promise<void>]

const checks: readonly TagCheck[] = [
  [
    'lists no tags where there are none',
    async (store) => {
      await pushManifest(store)
      // Some registries know a repository by its tags, and say that one without them is not there.
      const listed = await collect(store.tags()).catch((error: unknown) => {
        needs((error as { code?: unknown }).code === 'UNAVAILABLE_NOT_FOUND', `listing fails with ${describe(error)}`)
        return []
      })
      needs(listed.length === 0, `the tags are [${listed.join(', ')}], and none was set`)
    },
  ],
  [
    'lists each tag once, also several of one manifest, and nothing else',
    async (store) => {
      const [one, two] = [await pushManifest(store, { note: 'one' }), await pushManifest(store, { note: 'two' })]
      await pushManifest(store, { note: 'not tagged', subject: one.descriptor })
      for (const tag of ['v1', 'V1', 'latest']) await store.tag(one.descriptor, tag)
      await store.tag(two.descriptor, '2.0_x-1')
      await needsTags(store, ['v1', 'V1', 'latest', '2.0_x-1'])
    },
  ],
  [
    'lists a tag once that was set again and moved',
    async (store) => {
      const [before, after] = [await pushManifest(store, { note: 'a' }), await pushManifest(store, { note: 'b' })]
      for (const { descriptor } of [before, before, after]) await store.tag(descriptor, 'v1')
      await needsTags(store, ['v1'])
    },
  ],
  [
    'lists all of many tags, each of which resolves',
    async (store) => {
      const image = (await pushManifest(store)).descriptor
      const tags = Array.from({ length: 120 }, (_, number) => `v${number}`)
      for (const tag of tags) await store.tag(image, tag)
      await needsTags(store, tags)
      for await (const tag of store.tags()) await needsResolved(store, tag, image)
    },
  ],
  [
    'lists no tags for a caller that has given up',
    async (store) => {
      await store.tag((await pushManifest(store)).descriptor, 'v1')
      const signal = AbortSignal.abort(new Error('the caller gave up'))
      const error = await rejectionOf(collect(store.tags({ signal })), 'listing')
      needs(error === signal.reason, `the rejection is not the signal's reason but ${describe(error)}`)
    },
  ],
]

/** Tags, of stores that list them: a store without `tags` has nothing to show here. */
export const tagCases: readonly StoreCheck[] = checks.map(([name, check]) => [
  name,
  async (store) => {
    if (listsTags(store)) await check(store)
  },
])
