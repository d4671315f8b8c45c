// SPDX-License-Identifier: Apache-2.0
// The trusted certificates of a policy, loaded once.
import { createMemoryTrustStore, OcisignError, type TrustStore, type TrustStoreReference } from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { beforeAll, expect, test } from 'vitest'
import { createAnchorLoader } from '../../src/notary/anchors.js'
import type { VerifyingPolicy } from '../../src/notary/policy/document.js'
import { p256, policyOf } from './scene.js'

let roots: readonly Uint8Array[]
let trustStore: TrustStore
beforeAll(async () => {
  const made = await Promise.all([1, 2, 3].map(() => createTestChain({ algorithm: p256 })))
  roots = made.map(({ chain }) => chain.at(-1)!)
  const [one, two, three] = roots as [Uint8Array, Uint8Array, Uint8Array]
  trustStore = await createMemoryTrustStore({
    ca: { a: [one], b: [two] },
    signingAuthority: { a: [three] },
    tsa: { a: [three] },
  })
})

const policy = (...trustStores: readonly string[]) => policyOf({ trustStores }).policies[0] as VerifyingPolicy

/** Notes which stores are asked for. */
const noting = (asked: TrustStoreReference[]): TrustStore => ({
  load(store) {
    asked.push(store)
    return trustStore.load(store)
  },
})

test('a scheme has the stores of its own kind, and no others are even loaded', async () => {
  const asked: TrustStoreReference[] = []
  const load = createAnchorLoader(noting(asked))
  const all = policy('ca:a', 'signingAuthority:a', 'ca:b', 'tsa:a')
  const own = await load(all, 'notary.x509')
  expect(own).toMatchObject({ stores: ['ca:a', 'ca:b'], certificates: [{ der: roots[0] }, { der: roots[1] }] })
  const authority = await load(all, 'notary.x509.signingAuthority')
  expect(authority).toMatchObject({ stores: ['signingAuthority:a'], certificates: [{ der: roots[2] }] })
  expect(asked.map(({ type, name }) => `${type}:${name}`)).toEqual(['ca:a', 'ca:b', 'signingAuthority:a'])
})

test('what was loaded is at hand at once, for each policy its own', async () => {
  const asked: TrustStoreReference[] = []
  const load = createAnchorLoader(noting(asked))
  const [a, b] = [policy('ca:a'), policy('ca:b')]
  // What a trust store has at hand needs no promise either.
  expect(load(a, 'notary.x509')).toMatchObject({ stores: ['ca:a'] })
  expect(await load(b, 'notary.x509')).toMatchObject({ stores: ['ca:b'] })
  expect(load(a, 'notary.x509')).toMatchObject({ stores: ['ca:a'] })
  const before = asked.length
  load(a, 'notary.x509')
  expect(asked).toHaveLength(before)
})

test('stores that have to be waited for come in their order', async () => {
  const slow: TrustStore = { load: async (store) => trustStore.load(store) }
  const mixed: TrustStore = { load: (store) => (store.name === 'a' ? slow : trustStore).load(store) }
  for (const store of [slow, mixed])
    for (const names of [
      ['ca:a', 'ca:b'],
      ['ca:b', 'ca:a'],
    ]) {
      const load = createAnchorLoader(store)
      const own = policy(...names)
      const loading = load(own, 'notary.x509')
      expect(loading).toBeInstanceOf(Promise)
      const certificates = names.map((name) => ({ der: name === 'ca:a' ? roots[0] : roots[1] }))
      expect(await loading).toMatchObject({ stores: names, certificates })
      expect(load(own, 'notary.x509')).toMatchObject({ stores: names, certificates })
    }
})

test('a root is found by its exact bytes', async () => {
  const anchors = await createAnchorLoader(trustStore)(policy('ca:a'), 'notary.x509')
  if (anchors instanceof OcisignError) return expect.fail()
  expect(anchors.findRoot(roots[0]!.slice())?.certificate.der).toEqual(roots[0])
  expect(anchors.findRoot(roots[1]!)).toBeUndefined()
  expect(anchors.findRoot(roots[0]!.subarray(0, -1))).toBeUndefined()
})

test('a store that cannot be loaded is an answer, and is asked again', async () => {
  const down = new OcisignError('UNAVAILABLE_FILE', 'x', { path: 'x', retryable: true })
  let asked = 0
  const flaky: TrustStore = { load: (store) => (++asked === 1 ? Promise.reject(down) : trustStore.load(store)) }
  const load = createAnchorLoader(flaky)
  const one = policy('ca:a')
  expect(await load(one, 'notary.x509')).toBe(down)
  expect(await load(one, 'notary.x509')).toMatchObject({ stores: ['ca:a'] })
})

test('one store of several that cannot be loaded makes all of them unusable', async () => {
  const missing = await createAnchorLoader(trustStore)(policy('ca:a', 'ca:missing'), 'notary.x509')
  expect(missing).toMatchObject({ code: 'UNAVAILABLE_NOT_FOUND' })
})

test('no stores for a scheme: nobody is trusted, which is an answer', async () => {
  const none = await createAnchorLoader(trustStore)(policy('ca:a'), 'notary.x509.signingAuthority')
  expect(none).toMatchObject({ stores: [], certificates: [] })
})
