// SPDX-License-Identifier: Apache-2.0
// The store of core passes every case, and each kind of bad store fails the case that is there for it.
import { storeCases } from '@ocisign/conformance'
import { type ArtifactStore, createMemoryStore, type Descriptor, mediaTypes, type TagLister } from '@ocisign/core'
import { describe, expect, test } from 'vitest'

describe('a store in memory', () => {
  for (const { name, run } of storeCases({ create: async () => createMemoryStore() })) test(name, run)
})

/** A map of content that checks nothing. */
function createCarelessStore(): Store {
  const contents = new Map<string, { descriptor: Descriptor; bytes: Uint8Array }>()
  const memory = createMemoryStore()
  return {
    ...memory,
    async push(descriptor, content) {
      const chunks: Uint8Array[] = []
      for await (const chunk of content instanceof Uint8Array ? [content] : content) chunks.push(chunk)
      contents.set(descriptor.digest, { descriptor, bytes: new Uint8Array(Buffer.concat(chunks)) })
    },
    fetch: async ({ digest }) =>
      [contents.get(digest)?.bytes ?? new Uint8Array()] as unknown as AsyncIterable<Uint8Array>,
    resolve: async (reference) => contents.get(reference)?.descriptor ?? memory.resolve(reference),
  }
}

type Store = ArtifactStore & TagLister
type Change = (store: Store) => Partial<Store>

async function failuresOf(change: Change, create = () => createMemoryStore()) {
  const cases = storeCases({
    create: async () => {
      const store = create()
      return { ...store, ...change(store) }
    },
  })
  const failed: Record<string, string> = {}
  for (const { name, run } of cases)
    await run().catch((error: Error) => Object.assign(failed, { [name]: error.message }))
  return failed
}

test('a store that checks nothing fails the cases on checking', async () => {
  expect(Object.keys(await failuresOf(() => ({}), createCarelessStore))).toEqual(
    expect.arrayContaining([
      'refuses content that has another digest',
      'refuses content that is shorter or longer than stated',
      'refuses a manifest that has another digest',
      'refuses a digest that is none',
      'stops reading a stream that is longer than stated',
      'takes a stream whose chunks are one buffer used again',
      'says that content is not there',
      'keeps nothing for a caller that has given up',
    ]),
  )
})

const notFound = { mediaType: mediaTypes.imageManifest, digest: `sha256:${'0'.repeat(64)}`, size: 1 } as const

describe('a store that', () => {
  test.each<[string, Change, string, RegExp]>([
    [
      'finds any tag',
      () => ({ resolve: async () => notFound }),
      'says that a tag or a manifest is not there',
      /should be refused/,
    ],
    [
      'ignores the case of tags',
      (store) => ({ resolve: (reference) => store.resolve(reference.toLowerCase()) }),
      'tells tags apart by case',
      /should be refused/,
    ],
    [
      'resolves to another type',
      (store) => ({ resolve: async (reference) => ({ ...(await store.resolve(reference)), mediaType: 'a/b' }) }),
      'resolves a tag',
      /type a\/b/,
    ],
    [
      'resolves to another size',
      (store) => ({ resolve: async (reference) => ({ ...(await store.resolve(reference)), size: 0 }) }),
      'resolves a manifest by its digest, tagged or not',
      /0 bytes/,
    ],
    [
      'never moves a tag',
      (store) => ({
        tag: (target, tag) =>
          store.resolve(tag).then(
            () => undefined,
            () => store.tag(target, tag),
          ),
      }),
      'moves a tag, and keeps what it named before',
      /resolves to/,
    ],
    [
      'lists tags that nobody set',
      () => ({
        async *tags() {
          yield 'latest'
        },
      }),
      'lists no tags where there are none',
      /none was set/,
    ],
    [
      'lists the first hundred tags',
      (store) => ({
        async *tags() {
          let count = 0
          for await (const tag of store.tags()) if (++count <= 100) yield tag
        },
      }),
      'lists all of many tags, each of which resolves',
      /tags are/,
    ],
    [
      'lists a tag as often as it was set',
      (store) => {
        const set: string[] = []
        return {
          tag: async (target, tag) => {
            await store.tag(target, tag)
            set.push(tag)
          },
          async *tags() {
            yield* set
          },
        }
      },
      'lists a tag once that was set again and moved',
      /v1, v1/,
    ],
    [
      'lists tags in small letters',
      (store) => ({
        async *tags() {
          for await (const tag of store.tags()) yield tag.toLowerCase()
        },
      }),
      'lists each tag once, also several of one manifest, and nothing else',
      /tags are/,
    ],
    [
      'lists tags for a caller that has given up',
      (store) => ({ tags: () => store.tags() }),
      'lists no tags for a caller that has given up',
      /should be refused/,
    ],
    [
      'lists nothing',
      () => ({ referrers: async function* () {} }),
      'lists an index that has a subject',
      /referrers are \[\]/,
    ],
    [
      'does not select by artifact type',
      (store) => ({ referrers: (subject) => store.referrers(subject) }),
      'lists one artifact type where it is asked for',
      /referrers are/,
    ],
    [
      'lists referrers twice',
      (store) => ({
        async *referrers(subject, options) {
          yield* store.referrers(subject, options)
          yield* store.referrers(subject, options)
        },
      }),
      'lists a referrer once that was pushed twice',
      /referrers are/,
    ],
    [
      'loses what is pushed at once',
      (store) => {
        let busy = false
        const push: ArtifactStore['push'] = async (expected, content, options) => {
          if (busy && expected.mediaType === mediaTypes.imageManifest) return
          busy = true
          await store.push(expected, content, options).finally(() => {
            busy = false
          })
        }
        return { push }
      },
      'loses none of 20 referrers pushed at once',
      /referrers are/,
    ],
    [
      'pushes for a caller that has given up',
      (store) => ({ push: (expected, content) => store.push(expected, content) }),
      'keeps nothing for a caller that has given up',
      /should be refused/,
    ],
    [
      'refuses what it has',
      (store) => {
        const seen = new Set<string>()
        return {
          push: async (expected, content, options) => {
            if (seen.has(expected.digest)) throw new Error('there already')
            await store.push(expected, content, options)
            seen.add(expected.digest)
          },
        }
      },
      'takes content again that it has already',
      /there already/,
    ],
  ])('%s fails', async (_, change, name, message) => {
    expect((await failuresOf(change))[name]).toMatch(message)
  })
})

test('each store is put away, also after a failure', async () => {
  const put: ArtifactStore[] = []
  const cases = storeCases({
    create: async () => createCarelessStore(),
    dispose: async (store) => void put.push(store),
  })
  await Promise.allSettled(cases.map(({ run }) => run()))
  expect(put).toHaveLength(cases.length)
})
