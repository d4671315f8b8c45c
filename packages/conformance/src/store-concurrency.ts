// SPDX-License-Identifier: Apache-2.0
import { equalBytes, readAll } from '@ocisign/core'
import { describe, needs, needsCode, rejectionOf } from './case.js'
import type { StoreCheck } from './store.js'
import { needsAbsence } from './store-content.js'
import { blobOf, chunksOf, manifestOf, pushManifest } from './store-content-maker.js'
import { needsReferrers } from './store-referrers.js'
import { needsResolved } from './store-resolve.js'

const reason = () => new Error('the caller gave up')

/** Callers that give up. */
export const abortCases: readonly StoreCheck[] = [
  [
    'keeps nothing for a caller that has given up',
    async (store) => {
      const [blob, signal] = [await blobOf('given up', 100), AbortSignal.abort(reason())]
      const error = await rejectionOf(store.push(blob.descriptor, blob.bytes, { signal }), 'pushing')
      needs(error === signal.reason, `the rejection is not the signal's reason but ${describe(error)}`)
      await needsAbsence(store, blob)
    },
  ],
  [
    'keeps nothing when the caller gives up in the middle of a stream, and does not wait for its end',
    async (store) => {
      const controller = new AbortController()
      const blob = await blobOf('given up', 1000)
      let chunks = 0
      const content = async function* () {
        for await (const chunk of chunksOf(blob.bytes, 10)) {
          if (++chunks === 10) controller.abort(reason())
          yield chunk
        }
      }
      const error = await rejectionOf(store.push(blob.descriptor, content(), { signal: controller.signal }), 'pushing')
      needs(error === controller.signal.reason, `the rejection is not the signal's reason but ${describe(error)}`)
      needs(chunks < 100, 'the stream was read to its end')
      await needsAbsence(store, blob)
    },
  ],
  [
    'pushes no manifest for a caller that has given up',
    async (store) => {
      const subject = (await pushManifest(store)).descriptor
      const referrer = await manifestOf({ subject })
      const signal = AbortSignal.abort(reason())
      await rejectionOf(store.push(referrer.descriptor, referrer.bytes, { signal }), 'pushing')
      await needsReferrers(store, subject, [])
      const { digest } = referrer.descriptor
      await needsCode(store.resolve(digest), 'resolving the manifest', 'UNAVAILABLE_NOT_FOUND')
    },
  ],
]

/** Writers at the same time. */
export function concurrencyCases(concurrency: number): readonly StoreCheck[] {
  const numbers = Array.from({ length: concurrency }, (_, index) => index)
  return [
    [
      `loses none of ${concurrency} referrers pushed at once`,
      async (store) => {
        const subject = (await pushManifest(store)).descriptor
        const pushed = await Promise.all(numbers.map((number) => pushManifest(store, { subject, note: `${number}` })))
        await needsReferrers(store, subject, pushed)
      },
    ],
    [
      `loses none of ${concurrency} tags set at once`,
      async (store) => {
        const images = await Promise.all(numbers.map((number) => pushManifest(store, { note: `${number}` })))
        await Promise.all(images.map(({ descriptor }, number) => store.tag(descriptor, `v${number}`)))
        for (const number of numbers) await needsResolved(store, `v${number}`, images[number]!.descriptor)
      },
    ],
    [
      `takes the same content ${concurrency} times at once`,
      async (store) => {
        const blob = await blobOf('the same', 100_000)
        await Promise.all(numbers.map(() => store.push(blob.descriptor, chunksOf(blob.bytes, 10_000))))
        needs(equalBytes(await readAll(store, blob.descriptor), blob.bytes), 'what was read is not what was pushed')
      },
    ],
    [
      'keeps right content although wrong content is pushed under its name at once',
      async (store) => {
        const blob = await blobOf('contested', 10_000)
        const wrong = blob.bytes.map((byte) => byte ^ 1)
        const pushes = numbers.map((number) => store.push(blob.descriptor, number % 2 ? wrong : blob.bytes))
        const results = await Promise.allSettled(pushes)
        const refused = numbers.filter((number) => results[number]!.status === 'rejected')
        needs(
          refused.every((number) => number % 2 === 1),
          'right content was refused',
        )
        needs(equalBytes(await readAll(store, blob.descriptor), blob.bytes), 'what was read is not what was pushed')
      },
    ],
  ]
}
