// SPDX-License-Identifier: Apache-2.0
// R11: one deadline for a call, whatever waits below it and whether it listens.
import { type ArtifactStore, signArtifact, verifyArtifact, verifyArtifactTree } from '@ocisign/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { untilAborted, withDeadline } from '../src/deadline.js'
import { caught, code, setup, signerOf, verifierOf } from './families.js'

const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)

beforeAll(() => void process.on('unhandledRejection', note))

afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', note)
  // J9: what ends after nobody waits for it any more is nobody's surprise.
  expect(unhandled).toEqual([])
})

const never = () => new Promise<never>(() => {})
const late = (milliseconds: number) =>
  new Promise<never>((_, reject) => setTimeout(() => reject(new Error('too late')), milliseconds))

// biome-ignore lint/correctness/useYield: it waits before it yields.
const silent = async function* () {
  await never()
}

/** Stores of which one call never answers, or fails long after anybody listens. */
const slow: readonly (readonly [string, Partial<ArtifactStore>])[] = [
  ['resolving', { resolve: never }],
  ['resolving late', { resolve: () => late(30) }],
  ['listing', { referrers: silent as never }],
  ['fetching', { fetch: never }],
  ['a stream', { fetch: async () => silent() as never }],
]

// Without a deadline these would wait for ever.
describe('R11: a store that is slow at', { timeout: 5_000 }, () => {
  test.each(slow)('%s is left at the deadline', async (_, part) => {
    const { store } = await setup(signerOf('a'))
    const options = { deadlineMilliseconds: 20 }
    for (const ask of [
      verifyArtifact({ ...store, ...part }, 'v1', verifierOf(['a']), options),
      verifyArtifactTree({ ...store, ...part }, 'v1', verifierOf(['a']), options),
    ])
      await expect(ask).rejects.toMatchObject(
        code('UNAVAILABLE_DEADLINE', { details: { milliseconds: 20, retryable: true } }),
      )
  })

  test.each([...slow.slice(0, 3), ['pushing', { push: never }] as const])(
    '%s does not hold a signer either',
    async (_, part) => {
      const { store } = await setup()
      const ask = signArtifact({ ...store, ...part }, 'v1', signerOf('a'), { deadlineMilliseconds: 20 })
      await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE'))
    },
  )

  test.each(slow)('%s is left when the caller gives up', async (_, part) => {
    const { store } = await setup(signerOf('a'))
    const stop = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => stop.abort(reason), 10)
    const ask = verifyArtifact({ ...store, ...part }, 'v1', verifierOf(['a']), { signal: stop.signal })
    await expect(ask).rejects.toBe(reason)
  })
})

test('R11: a byte in a while is no way around the deadline', { timeout: 5_000 }, async () => {
  const { store } = await setup(signerOf('a'))
  const dripping = async () =>
    (async function* () {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        yield new Uint8Array()
      }
    })()
  const started = performance.now()
  const ask = verifyArtifact({ ...store, fetch: dripping }, 'v1', verifierOf(['a']), { deadlineMilliseconds: 50 })
  await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE'))
  expect(performance.now() - started).toBeLessThan(5000)
})

test('R11: a verifier and a key that never answer', { timeout: 5_000 }, async () => {
  const { store } = await setup(signerOf('a'))
  const options = { deadlineMilliseconds: 20 }
  const verifier = { ...verifierOf(['a']), verify: never }
  await expect(verifyArtifact(store, 'v1', verifier, options)).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE'))
  const signer = { ...signerOf('a'), sign: never }
  await expect(signArtifact(store, 'v1', signer, options)).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE'))
})

describe('withDeadline', () => {
  test('gives what the call gives, and leaves nothing that waits or listens', async () => {
    const stop = new AbortController()
    const [set, clear] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')]
    const [add, remove] = [vi.spyOn(stop.signal, 'addEventListener'), vi.spyOn(stop.signal, 'removeEventListener')]
    try {
      expect(await withDeadline({ signal: stop.signal }, async () => 7)).toBe(7)
      const failing = withDeadline({ signal: stop.signal }, () => Promise.reject(new Error('no')))
      await expect(failing).rejects.toThrow('no')
      expect(set.mock.calls.map(([, wait]) => wait)).toEqual([60_000, 60_000])
      expect(clear).toHaveBeenCalledTimes(2)
      expect(add).toHaveBeenCalledTimes(2)
      expect(remove).toHaveBeenCalledTimes(2)
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('passes on why the caller gave up, and calls nothing where he had already', async () => {
    const reason = new Error('enough')
    const run = () => expect.fail('called')
    await expect(withDeadline({ signal: AbortSignal.abort(reason) }, run)).rejects.toBe(reason)
    const stop = new AbortController()
    const heard: unknown[] = []
    const seen = withDeadline({ signal: stop.signal }, (signal) => {
      stop.abort(reason)
      heard.push(signal.reason)
      return never()
    })
    await expect(seen).rejects.toBe(reason)
    expect(heard).toEqual([reason])
  })

  test('a call that does not wait is not held to its signal', async () => {
    expect(await untilAborted(undefined, async () => 7)).toBe(7)
    expect(await untilAborted(new AbortController().signal, async () => 7)).toBe(7)
  })

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '60' as unknown as number])(
    'a deadline of %s is misuse, not one that is over at once',
    async (deadlineMilliseconds) => {
      const error = await caught(withDeadline({ deadlineMilliseconds }, async () => 7))
      expect(error).toMatchObject(code('MISUSE_OPTION', { details: { option: 'deadlineMilliseconds' } }))
    },
  )
})
