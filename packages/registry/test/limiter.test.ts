// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { createAbortHub } from '../src/abort-hub.js'
import { createLimiter } from '../src/limiter.js'

const tick = () => new Promise((resolve) => setTimeout(resolve, 0))

function limited(requestsPerHost: number, requestsPerSecond = 1000) {
  const state = { now: 0 }
  const limiter = createLimiter({ requestsPerHost, requestsPerSecond }, () => state.now)
  const begun: string[] = []
  const begin = (name: string, host = 'a', signal?: AbortSignal) => {
    const turn = (async () => limiter.acquire(host, signal))()
    turn.then(() => begun.push(name)).catch(() => undefined)
    return turn
  }
  return { state, begun, begin }
}

test('so many at once for each host, in the order they came', async () => {
  const { begun, begin } = limited(2)
  const turns = ['1', '2', '3', '4'].map((name) => begin(name))
  begin('other', 'b')
  await tick()
  expect(begun).toEqual(['1', '2', 'other'])
  const release = await turns[0]!
  release()
  release()
  await tick()
  expect(begun).toEqual(['1', '2', 'other', '3'])
})

test('so many in a second', async () => {
  const { state, begun, begin } = limited(100, 10)
  for (let count = 0; count < 12; count++) begin(`${count}`)
  await tick()
  expect(begun).toHaveLength(10)
  state.now = 99
  begin('too soon')
  await tick()
  expect(begun).toHaveLength(10)
  state.now = 250
  begin('after a while')
  await tick()
  expect(begun).toHaveLength(12)
})

test('whoever waits for the rate is begun by time alone', async () => {
  const limiter = createLimiter({ requestsPerHost: 5, requestsPerSecond: 50 }, () => performance.now())
  const started = performance.now()
  for (let count = 0; count < 55; count++) (await limiter.acquire('a'))()
  expect(performance.now() - started).toBeGreaterThan(60)
})

test('a clock that was set back gives and takes nothing', async () => {
  const { state, begun, begin } = limited(100, 2)
  for (const name of ['1', '2', '3']) begin(name)
  state.now = -1_000_000
  begin('4')
  await tick()
  expect(begun).toEqual(['1', '2'])
})

test('whoever gives up leaves the row; the one that has its turn keeps it', async () => {
  const { begun, begin } = limited(1)
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()]
  const turn = begin('1', 'a', first.signal)
  const left = begin('2', 'a', second.signal)
  begin('3', 'a', third.signal)
  const release = await turn
  const reason = new Error('gave up')
  second.abort(reason)
  await expect(left).rejects.toBe(reason)
  first.abort(reason)
  await tick()
  expect(begun).toEqual(['1'])
  release()
  await tick()
  expect(begun).toEqual(['1', '3'])
  await expect(begin('4', 'a', AbortSignal.abort(reason))).rejects.toBe(reason)
})

test('many hosts are forgotten once they are idle, and limited all the same', async () => {
  const { begin, begun } = limited(1)
  for (let count = 0; count < 1000; count++) (await begin(`${count}`, `host ${count}`))()
  expect(begun).toHaveLength(1000)
})

describe('the abort hub', () => {
  test('tells everybody once, with one listener', () => {
    const [hub, controller] = [createAbortHub(), new AbortController()]
    let listeners = 0
    const add = controller.signal.addEventListener.bind(controller.signal)
    controller.signal.addEventListener = ((...given: Parameters<typeof add>) => {
      listeners++
      add(...given)
    }) as typeof add
    const heard: number[] = []
    const ends = Array.from({ length: 20 }, (_, index) => hub.listen(controller.signal, () => heard.push(index)))
    ends[3]!()
    ends[3]!()
    controller.abort()
    expect(listeners).toBe(1)
    expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => index).filter((index) => index !== 3))
    for (const end of ends) end()
    hub.listen(controller.signal, () => heard.push(20))
    expect(heard.at(-1)).toBe(20)
  })

  test('listens again after all have left', () => {
    const [hub, controller] = [createAbortHub(), new AbortController()]
    const heard: string[] = []
    hub.listen(controller.signal, () => heard.push('left'))()
    hub.listen(controller.signal, () => heard.push('stayed'))
    hub.listen(undefined, () => heard.push('never'))()
    controller.abort()
    expect(heard).toEqual(['stayed'])
  })

  test('one that is told may end another', () => {
    const [hub, controller] = [createAbortHub(), new AbortController()]
    const heard: string[] = []
    let end = () => {}
    hub.listen(controller.signal, () => end())
    end = hub.listen(controller.signal, () => heard.push('second'))
    controller.abort()
    expect(heard).toEqual([])
  })
})
