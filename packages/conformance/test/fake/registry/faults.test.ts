// SPDX-License-Identifier: Apache-2.0
// Faults by chance: always the same ones, as many as said, and each of every kind.
import { type FaultKind, faultKinds } from '@ocisign/conformance/fake'
import { expect, test } from 'vitest'
import { seedManifest, start } from './ask.js'

/** Which of so many requests went wrong, and how; `Promise.allSettled` where they go at once. */
async function faultsOf(seed: number, rate: number, count: number, atOnce = false, kinds?: readonly FaultKind[]) {
  const registry = await start()
  const digest = seedManifest(registry, 'org/app', {}, 'v1')
  registry.misbehave({ how: { kind: 'random', faults: { rate, seed, ...(kinds && { kinds }) } } })
  const paths = Array.from({ length: count }, (_, index) => [
    `tags/list?n=${index}`,
    `referrers/${digest}?x=${index}`,
  ]).flat()
  const send = (path: string) =>
    fetch(`${registry.origin}/v2/org/app/${path}`, { redirect: 'manual' })
      .then((response) => response.arrayBuffer())
      .catch(() => undefined)
  if (atOnce) await Promise.all(paths.map(send))
  else for (const path of paths) await send(path)
  const found = new Map(registry.requests.map(({ path, query, fault }) => [`${path}?${query}`, fault]))
  expect(found.size).toBe(count * 2)
  return found
}

test('the seed decides, not the order of requests', async () => {
  const [one, two, other] = [await faultsOf(1, 0.5, 20), await faultsOf(1, 0.5, 20, true), await faultsOf(2, 0.5, 20)]
  expect(new Map([...two].sort())).toEqual(new Map([...one].sort()))
  expect([...other].sort()).not.toEqual([...one].sort())
})

test('as many go wrong as said', async () => {
  const wrong = [...(await faultsOf(7, 0.05, 300, true)).values()].filter((fault) => fault !== undefined)
  expect(wrong.length).toBeGreaterThan(600 * 0.03)
  expect(wrong.length).toBeLessThan(600 * 0.07)
  expect([...(await faultsOf(7, 0, 20)).values()].every((fault) => fault === undefined)).toBe(true)
})

test('each kind comes, or those that are chosen', async () => {
  const all = new Set((await faultsOf(3, 1, 150, true)).values())
  expect([...all].sort()).toEqual([...faultKinds].sort())
  const chosen: readonly FaultKind[] = ['truncated', 'unavailable']
  expect([...new Set((await faultsOf(3, 1, 10, false, chosen)).values())].sort()).toEqual(chosen)
})

test('a request that is sent again has another chance', async () => {
  const registry = await start()
  registry.misbehave({ how: { kind: 'random', faults: { rate: 0.5, seed: 1, kinds: ['internal error'] } } })
  const statuses: number[] = []
  for (let index = 0; index < 12; index += 1) statuses.push((await fetch(`${registry.origin}/v2/`)).status)
  expect(new Set(statuses)).toEqual(new Set([200, 500]))
})

test('HEAD has no faults that nobody could tell', async () => {
  const registry = await start()
  const digest = seedManifest(registry, 'org/app', {}, 'v1')
  registry.misbehave({ how: { kind: 'random', faults: { rate: 1, seed: 5 } } })
  const send = (reference: string) =>
    fetch(`${registry.origin}/v2/org/app/manifests/${reference}`, { method: 'HEAD', redirect: 'manual' }).catch(
      () => {},
    )
  for (let index = 0; index < 60; index += 1) for (const reference of ['v1', digest]) await send(reference)
  const kinds = (reference: string) =>
    new Set(registry.requests.filter(({ path }) => path.endsWith(reference)).map(({ fault }) => fault))
  for (const kind of ['truncated', 'longer', 'other body', 'not JSON', 'no list'] as const)
    expect([kinds('v1').has(kind), kinds(digest).has(kind)]).toEqual([false, false])
  expect([kinds('v1').has('other digest'), kinds(digest).has('other digest')]).toEqual([false, true])
})
