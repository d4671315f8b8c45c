// SPDX-License-Identifier: Apache-2.0
// Chains, and what is remembered of them.
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { createTestChain } from '@ocisign/provider-local'
import { beforeAll, describe, expect, test } from 'vitest'
import { createChainCache, type ValidatedChain, validateChain } from '../../src/notary/chain.js'
import { code } from '../families.js'
import { p256 } from './scene.js'

let chain: readonly Uint8Array[]
let validated: ValidatedChain
beforeAll(async () => {
  chain = (await createTestChain({ algorithm: p256, length: 3, subject: 'C=US,ST=WA,O=Test,CN=leaf' })).chain
  validated = await validateChain(chain)
})

describe('validateChain', () => {
  test('says who, with which algorithm, and between when all are valid', async () => {
    const root = await createFakeAuthority({ notBefore: new Date('2020-01-01Z'), notAfter: new Date('2030-01-01Z') })
    const middle = await root.issueAuthority({
      notBefore: new Date('2021-01-01Z'),
      notAfter: new Date('2040-01-01Z'),
    })
    const leaf = await middle.issue({ notBefore: new Date('2019-01-01Z'), notAfter: new Date('2031-01-01Z') })
    const { notBefore, notAfter, algorithm, certificates, subject } = await validateChain(leaf.chain)
    expect(new Date(notBefore).toISOString()).toBe('2021-01-01T00:00:00.000Z')
    expect(new Date(notAfter).toISOString()).toBe('2030-01-01T00:00:00.000Z')
    expect(algorithm).toEqual(p256)
    expect(certificates).toHaveLength(3)
    expect(subject).toBe('CN=fake leaf,O=ocisign test,ST=WA,C=US')
  })

  test('E10: none, and more than ten', async () => {
    for (const der of [[], Array.from({ length: 11 }, () => chain[0]!)])
      await expect(validateChain(der)).rejects.toMatchObject(code('INVALID_CERTIFICATE_CHAIN'))
  })

  test('E10: ten are read', async () => {
    const { chain: ten } = await createTestChain({ algorithm: p256, length: 10 })
    expect((await validateChain(ten)).certificates).toHaveLength(10)
  })

  test('certificates that were proven before do not make a chain of what they did not issue', async () => {
    const known = [{ certificate: validated.certificates[0]!, key: validated.key }, ...validated.issuers]
    expect(known).toHaveLength(3)
    for (const count of [1, 2, 3]) {
      const found = await validateChain(chain, known.slice(-count))
      expect(found.certificates.map(({ der }) => der)).toEqual(chain)
      expect(found.issuers.map(({ key }) => key.publicKey)).toEqual(known.slice(1).map(({ key }) => key.publicKey))
    }
    const other = await createTestChain({ algorithm: p256, length: 3 })
    for (const count of [1, 2])
      await expect(
        validateChain([...other.chain.slice(0, 3 - count), ...chain.slice(-count)], known.slice(-count)),
      ).rejects.toMatchObject(code('INVALID_CERTIFICATE_CHAIN'))
  })

  test('a subject that can be read in two ways has no attributes, so that it matches nobody', async () => {
    const root = await createFakeAuthority()
    const attributesOf = async (subject: string) => {
      const { subjectAttributes } = await validateChain((await root.issue({ subject })).chain)
      return subjectAttributes().map(({ type, value }) => `${type}=${value}`)
    }
    expect(await attributesOf('C=US,ST=WA,O=A,CN=x')).toEqual(['CN=x', 'O=A', 'ST=WA', 'C=US'])
    expect(await attributesOf('C=US,ST=WA,O=A,O=B')).toEqual([])
    expect(await attributesOf('C=US,ST=WA,O=A,OU=B,OU=D')).toEqual([])
    // As in Notation: of several CN the last one counts. docs/guides/trust-policy.md says so.
    expect(await attributesOf('C=US,ST=WA,O=A,CN=x,CN=y')).toEqual(['CN=y', 'O=A', 'ST=WA', 'C=US'])
  })
})

describe('a cache of chains', () => {
  const named = (fill: number, ...rest: number[]): ValidatedChain => {
    const leaf = new Uint8Array(8).fill(fill)
    leaf.set(rest)
    return { ...validated, der: [leaf, new Uint8Array(4).fill(9)] }
  }

  test('finds by every byte', () => {
    const cache = createChainCache()
    const one = named(1)
    expect(cache.find(one.der)).toBeUndefined()
    cache.remember(one)
    expect(cache.find(one.der.map((der) => der.slice()))).toBe(one)
    expect(cache.find([])).toBeUndefined()
    expect(cache.find(one.der.slice(0, 1))).toBeUndefined()
    expect(cache.find([...one.der, one.der[0]!])).toBeUndefined()
    // The same end, which is what it looks at first, and another beginning.
    expect(cache.find([named(1, 2).der[0]!, one.der[1]!])).toBeUndefined()
    expect(cache.find([one.der[0]!, new Uint8Array(4).fill(8)])).toBeUndefined()
    expect(cache.find([new Uint8Array(), one.der[1]!])).toBeUndefined()
  })

  test('finds the authorities that a chain has in common with the latest one', async () => {
    const cache = createChainCache()
    expect(cache.findIssuers(chain)).toEqual([])
    cache.remember(validated)
    const [leaf, middle, root] = chain as [Uint8Array, Uint8Array, Uint8Array]
    const [other] = (await createTestChain({ algorithm: p256, length: 2 })).chain as [Uint8Array]
    const [middleFound, rootFound] = validated.issuers
    expect(cache.findIssuers([other, middle.slice(), root.slice()])).toEqual([middleFound, rootFound])
    expect(cache.findIssuers([other, other, middle, root])).toEqual([middleFound, rootFound])
    // Not the leaf of either, and nothing that stands above a difference.
    expect(cache.findIssuers(chain)).toEqual([middleFound, rootFound])
    expect(cache.findIssuers([middle, root])).toEqual([rootFound])
    expect(cache.findIssuers([root])).toEqual([])
    expect(cache.findIssuers([other, leaf, middle, root])).toEqual([middleFound, rootFound])
    expect(cache.findIssuers([other, other, root])).toEqual([rootFound])
    expect(cache.findIssuers([leaf, middle, other])).toEqual([])
    expect(cache.findIssuers([leaf, middle])).toEqual([])
    expect(cache.findIssuers([])).toEqual([])
  })

  test('is bounded: the oldest goes', () => {
    const cache = createChainCache(2)
    const [a, b, c] = [named(1), named(2), named(3)]
    for (const each of [a, b, c]) cache.remember(each)
    expect([a, b, c].map((each) => cache.find(each.der))).toEqual([undefined, b, c])
  })

  test('knows the one used last, with its text', () => {
    const cache = createChainCache()
    expect(cache.latest()).toBeUndefined()
    const [a, b] = [named(1), named(2)]
    cache.remember(a)
    cache.remember(b)
    expect(cache.latest()?.der).toBe(b.der)
    cache.find(a.der)
    expect(cache.latest()?.der).toBe(a.der)
    expect(cache.latest()?.texts()).toEqual(a.der.map((der) => Buffer.from(der).toString('base64')))
    cache.find(named(4).der)
    expect(cache.latest()?.der).toBe(a.der)
  })
})
