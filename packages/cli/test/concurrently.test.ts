// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { forEachConcurrently } from '../src/concurrently.js'
import { formatBytes } from '../src/progress.js'

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function run(delays: readonly number[], concurrency: number, ordered: boolean) {
  const delivered: number[] = []
  let [running, most] = [0, 0]
  const task = async (milliseconds: number) => {
    most = Math.max(most, ++running)
    await later(milliseconds)
    running--
    return milliseconds
  }
  await forEachConcurrently(delays, { concurrency, ordered }, task, (result) => delivered.push(result))
  return { delivered, most }
}

describe('forEachConcurrently', () => {
  test('delivers in order, or as they come, and never runs more than allowed', async () => {
    expect(await run([60, 1, 30, 5], 3, true)).toEqual({ delivered: [60, 1, 30, 5], most: 3 })
    expect(await run([60, 1, 30], 3, false)).toEqual({ delivered: [1, 30, 60], most: 3 })
    expect(await run([], 3, true)).toEqual({ delivered: [], most: 0 })
  })

  test('a task that fails stops what has not begun, and waits for what has', async () => {
    const delivered: number[] = []
    const begun: number[] = []
    const task = async (each: number) => {
      begun.push(each)
      await later(each === 1 ? 40 : 1)
      if (each === 2) throw new Error('no')
      return each
    }
    const all = forEachConcurrently([1, 2, 3, 4, 5], { concurrency: 2, ordered: false }, task, (each) =>
      delivered.push(each),
    )
    await expect(all).rejects.toThrow('no')
    expect(begun.length).toBeLessThan(5)
    expect(delivered).toContain(1)
  })

  test('items that end in an error do so after what was begun', async () => {
    const delivered: number[] = []
    async function* items() {
      yield 20
      throw new Error('no more')
    }
    const task = async (milliseconds: number) => {
      await later(milliseconds)
      return milliseconds
    }
    const all = forEachConcurrently(items(), { concurrency: 2, ordered: true }, task, (each) => delivered.push(each))
    await expect(all).rejects.toThrow('no more')
    expect(delivered).toEqual([20])
  })

  test('a result that cannot be delivered is an error', async () => {
    const deliver = () => {
      throw new Error('full')
    }
    const all = forEachConcurrently([1, 2], { concurrency: 2, ordered: true }, async (each) => each, deliver)
    await expect(all).rejects.toThrow('full')
  })
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
  [1024 ** 6, '1048576.0 TiB'],
])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))
