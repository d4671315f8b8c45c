// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { createFlights } from '../../src/auth/flights.js'

/** A promise that is settled from outside. */
function defer<T>() {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

test('what several want at the same time is done once, and again the next time', async () => {
  const flights = createFlights<number>()
  let runs = 0
  const run = async () => ++runs
  expect(await Promise.all([1, 2, 3].map(() => flights.join('a', undefined, run)))).toEqual([1, 1, 1])
  expect(await flights.join('a', undefined, run)).toBe(2)
  expect(await Promise.all([flights.join('a', undefined, run), flights.join('b', undefined, run)])).toEqual([3, 4])
})

test('a failure is that of all who wait, and of nobody after them', async () => {
  const flights = createFlights<number>()
  const fail = async () => {
    throw new Error('no')
  }
  const both = await Promise.allSettled([flights.join('a', undefined, fail), flights.join('a', undefined, fail)])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await flights.join('a', undefined, async () => 1)).toBe(1)
})

test('who gives up does not take it away from others', async () => {
  const flights = createFlights<number>()
  const answer = defer<number>()
  let signal: AbortSignal | undefined
  const run = (given: AbortSignal) => {
    signal = given
    return answer.promise
  }
  const controller = new AbortController()
  const impatient = flights.join('a', { signal: controller.signal }, run)
  const patient = flights.join('a', undefined, run)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(impatient).rejects.toBe(reason)
  expect(signal?.aborted).toBe(false)
  answer.resolve(7)
  expect(await patient).toBe(7)
})

test('it is given up once nobody waits, and whoever comes then begins anew', async () => {
  const flights = createFlights<number>()
  const controller = new AbortController()
  const signals: AbortSignal[] = []
  const run = (signal: AbortSignal) => {
    signals.push(signal)
    return signals.length === 1 ? new Promise<number>(() => {}) : Promise.resolve(2)
  }
  const alone = flights.join('a', { signal: controller.signal }, run)
  await Promise.resolve()
  await Promise.resolve()
  controller.abort(new Error('enough'))
  await expect(alone).rejects.toThrow('enough')
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  expect(await flights.join('a', undefined, run)).toBe(2)
  await expect(flights.join('a', { signal: controller.signal }, run)).rejects.toThrow('enough')
})
