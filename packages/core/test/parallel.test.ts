// SPDX-License-Identifier: Apache-2.0
// Looking ahead: in order, bounded, lazy where answers come at once, and over when nobody asks any more.
import { describe, expect, test } from 'vitest'
import { mapAhead } from '../src/parallel.js'

const after = (milliseconds: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })

/** Numbers from 0 that know how many were asked for, and whether somebody said that it is enough. */
function counting(end = Number.POSITIVE_INFINITY) {
  const seen = { pulled: 0, isClosed: false }
  async function* numbers() {
    try {
      for (let number = 0; number < end; number++) {
        seen.pulled++
        yield number
      }
    } finally {
      seen.isClosed = true
    }
  }
  return { seen, numbers: numbers() }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of source) all.push(each)
  return all
}

describe('order', () => {
  test('is that of the source, whatever is done first', async () => {
    const { numbers } = counting(20)
    const slowFirst = async (number: number) => {
      await after(number % 5 === 0 ? 20 : 3)
      return number
    }
    expect(await collect(mapAhead(numbers, 4, slowFirst))).toEqual([...Array(20).keys()])
  })

  test('holds for failures, too: what comes before them is yielded, what comes after is not asked for', async () => {
    const { numbers, seen } = counting()
    const yielded: number[] = []
    const run = async () => {
      for await (const number of mapAhead(numbers, 4, async (each) => {
        await after(each === 3 ? 1 : 15)
        if (each === 3) throw new Error('the fourth')
        return each
      }))
        yielded.push(number)
    }
    await expect(run()).rejects.toThrow('the fourth')
    expect(yielded).toEqual([0, 1, 2])
    expect(seen.pulled).toBeLessThan(8)
    expect(seen.isClosed).toBe(true)
  })

  test('holds for a source that fails', async () => {
    const source = async function* () {
      yield 0
      yield 1
      throw new Error('page 2')
    }
    const yielded: number[] = []
    const run = async () => {
      for await (const number of mapAhead(source(), 4, (each) => after(10).then(() => each))) yielded.push(number)
    }
    await expect(run()).rejects.toThrow('page 2')
    expect(yielded).toEqual([0, 1])
  })

  test('leaves out what becomes undefined', async () => {
    const odd = (number: number) => (number % 2 === 1 ? number : undefined)
    expect(await collect(mapAhead([0, 1, 2, 3, 4, 5], 3, odd))).toEqual([1, 3, 5])
    expect(await collect(mapAhead([], 3, odd))).toEqual([])
  })
})

test('never more than the count at a time, and as many as that', async () => {
  let running = 0
  let most = 0
  const { numbers } = counting(30)
  await collect(
    mapAhead(numbers, 5, async () => {
      most = Math.max(most, ++running)
      await after(4)
      running--
    }),
  )
  expect(most).toBe(5)
  expect(running).toBe(0)
})

test('what is held back is bounded while nobody asks', async () => {
  const { numbers, seen } = counting()
  const results = mapAhead(numbers, 5, (number) => after(3).then(() => number))
  await results.next()
  await after(60)
  expect(seen.pulled).toBe(6)
  await results.return()
})

test('a source is not asked again before it has answered', async () => {
  let isAsked = false
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => {
      let number = 0
      return {
        async next() {
          if (isAsked) expect.fail('asked twice')
          isAsked = true
          await after(2)
          isAsked = false
          return number < 12 ? { done: false, value: number++ } : { done: true, value: undefined }
        },
      }
    },
  }
  expect(await collect(mapAhead(source, 4, (number) => after(7).then(() => number)))).toHaveLength(12)
})

describe('laziness', () => {
  test('answers that come at once are asked for one by one', async () => {
    const { numbers, seen } = counting()
    for await (const number of mapAhead(numbers, 10, async (each) => each)) if (number === 3) break
    expect(seen).toEqual({ pulled: 4, isClosed: true })
  })

  test('a count of one never looks ahead', async () => {
    const { numbers, seen } = counting()
    for await (const number of mapAhead(numbers, 1, (each) => after(5).then(() => each))) if (number === 2) break
    expect(seen).toEqual({ pulled: 3, isClosed: true })
  })
})

describe('stopping early', () => {
  test('aborts what was begun ahead and closes the source', async () => {
    const { numbers, seen } = counting()
    const reasons: unknown[] = []
    const slow = async (number: number, signal: AbortSignal | undefined) => {
      if (number === 0) return after(5).then(() => number)
      await after(60_000, signal).catch((reason: unknown) => {
        reasons.push(reason)
        throw reason
      })
      return number
    }
    for await (const number of mapAhead(numbers, 4, slow)) {
      expect(number).toBe(0)
      break
    }
    await after(1)
    expect(reasons.length).toBeGreaterThanOrEqual(3)
    for (const reason of reasons) expect(reason).toMatchObject({ name: 'AbortError' })
    expect(seen.isClosed).toBe(true)
  })

  test('aborts a source that is busy, and does not wait for it', async () => {
    const heard: AbortSignal[] = []
    const source = async function* (signal: AbortSignal) {
      heard.push(signal)
      yield 0
      await new Promise(() => {})
    }
    const began = performance.now()
    for await (const _ of mapAhead(source, 4, (each) => after(10).then(() => each))) break
    expect(performance.now() - began).toBeLessThan(5000)
    expect(heard[0]?.aborted).toBe(true)
  })

  test('what a source still answers is not begun any more', async () => {
    const source = async function* () {
      yield 0
      await after(30)
      yield 1
    }
    const begun: number[] = []
    const slow = async (number: number) => {
      begun.push(number)
      return after(10).then(() => number)
    }
    for await (const _ of mapAhead(source(), 4, slow)) break
    await after(60)
    expect(begun).toEqual([0])
  })

  test('nobody is left with a rejection that was not handled', async () => {
    const rejections: unknown[] = []
    const note = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', note)
    try {
      const source = async function* (signal: AbortSignal) {
        for (let number = 0; ; number++) {
          await after(number < 3 ? 0 : 30, signal)
          yield number
        }
      }
      const failing = async (number: number) => {
        await after(number === 0 ? 5 : 20)
        if (number > 0) throw new Error(`late ${number}`)
        return number
      }
      for await (const _ of mapAhead(source, 4, failing)) break
      await after(60)
      expect(rejections).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })
})

describe('the caller’s signal', () => {
  test('reaches the source and what was begun', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const { numbers } = counting()
    const signals: (AbortSignal | undefined)[] = []
    const run = collect(
      mapAhead(
        (signal) => {
          signals.push(signal)
          return numbers
        },
        3,
        async (number, signal) => {
          signals.push(signal)
          if (number === 4) stop.abort(reason)
          await after(3, signal)
          return number
        },
        { signal: stop.signal },
      ),
    )
    await expect(run).rejects.toBe(reason)
    for (const signal of signals) expect(signal?.aborted).toBe(true)
  })

  test('that was aborted before is seen by both', async () => {
    const reason = new Error('before')
    const source = async function* (signal: AbortSignal) {
      signal.throwIfAborted()
      yield 0
    }
    const run = collect(mapAhead(source, 3, (each) => each, { signal: AbortSignal.abort(reason) }))
    await expect(run).rejects.toBe(reason)
  })
})
