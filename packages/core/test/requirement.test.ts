// SPDX-License-Identifier: Apache-2.0
// How verifiers are combined, across families.
import {
  createMemoryStore,
  isOcisignError,
  OcisignError,
  type Requirement,
  type Verifier,
  verifyArtifact,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { refusalOf, refuseAll } from '../src/requirement.js'
import {
  accepted,
  anyRequirement,
  audit,
  caught,
  code,
  repository,
  setup,
  signerOf,
  tagAttachment,
  verifierOf,
} from './families.js'

const tagVerifier = (trusts: readonly string[]) =>
  verifierOf(trusts, { attachment: tagAttachment }, () => ({ kind: 'tag', issuer: 'https://issuer' }) as const)

const identities = (verdict: ReturnType<typeof accepted>) => verdict.proofs.map(({ identity }) => identity)

describe('allOf and anyOf', () => {
  test('across families, with the typed union of their claims', async () => {
    const { store } = await setup(signerOf('a'), signerOf('me', tagAttachment))
    const requirement = { allOf: [verifierOf(['a']), { anyOf: [tagVerifier(['nobody']), tagVerifier(['me'])] }] }
    const verdict = accepted(await verifyArtifact(store, 'v1', requirement))
    expect(identities(verdict)).toEqual(['a', 'me'])
    const issuers: string[] = []
    for (const { claims } of verdict.proofs) {
      if (claims.kind === 'tag') issuers.push(claims.issuer)
      // @ts-expect-error the union is exact: no such family was asked for
      if (claims.kind === 'other') expect.fail()
    }
    expect(issuers).toEqual(['https://issuer'])
    // Those that did not help are told.
    expect(verdict.refusals).toMatchObject([{ error: code('UNTRUSTED_SIGNATURE') }])
  })

  test('one that does not hold is enough for allOf, all that do not hold for anyOf', async () => {
    const { store } = await setup(signerOf('a'), signerOf('me', tagAttachment))
    const no = tagVerifier(['nobody'])
    for (const requirement of [{ allOf: [verifierOf(['a']), no] }, { anyOf: [no, verifierOf(['x'])] }])
      await expect(verifyArtifact(store, 'v1', requirement)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })

  test('a requirement known only at run time keeps its claims', async () => {
    const { store } = await setup(signerOf('a'))
    const one = verifierOf(['a'])
    const requirement: Requirement<{ readonly kind: 'said' }> = Date.now() > 0 ? { anyOf: [one] } : one
    const kind: 'said' = accepted(await verifyArtifact(store, 'v1', requirement)).proofs[0].claims.kind
    expect(kind).toBe('said')
  })

  test('a verified signature wins over a tolerated one that comes first', async () => {
    const { store } = await setup(signerOf('evil'), signerOf('a'))
    const mixed = { anyOf: [verifierOf([], { level: audit }), verifierOf(['a'])] }
    expect((await verifyArtifact(store, 'v1', mixed)).decision).toBe('verified')
    expect((await verifyArtifact(store, 'v1', verifierOf([], { level: audit }))).decision).toBe('tolerated')
    const both = { allOf: [verifierOf([], { level: audit }), verifierOf(['a'])] }
    expect((await verifyArtifact(store, 'v1', both)).decision).toBe('tolerated')
  })
})

describe('thresholds', () => {
  test('count distinct identities, across families', async () => {
    const { store } = await setup(signerOf('a'), signerOf('me', tagAttachment))
    const requirement = { threshold: 2, of: [verifierOf(['a']), tagVerifier(['me'])] }
    expect(identities(accepted(await verifyArtifact(store, 'v1', requirement)))).toEqual(['a', 'me'])
  })

  test('CVE-2026-49834: never one identity twice, however often it signed and whoever verified it', async () => {
    const { store } = await setup(
      signerOf('a'),
      signerOf('a', undefined, { note: 'again' }),
      signerOf('a', tagAttachment),
      signerOf('evil'),
    )
    const requirement = { threshold: 2, of: [verifierOf(['a']), verifierOf(['a']), tagVerifier(['a'])] }
    const error = await caught(verifyArtifact(store, 'v1', requirement))
    expect(error).toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    const refusals = isOcisignError(error, 'UNTRUSTED_NO_SIGNATURE') ? error.details.refusals : []
    expect(refusals.at(-1)).toMatchObject({
      by: 'threshold',
      error: code('UNTRUSTED_THRESHOLD', { details: { threshold: 2, identities: ['a'] } }),
    })
  })

  test('never an identity that was only logged', async () => {
    const { store } = await setup(signerOf('a'), signerOf('evil'))
    const lax = verifierOf(['a'], { level: audit })
    await expect(verifyArtifact(store, 'v1', { threshold: 2, of: [lax] })).rejects.toMatchObject(
      code('UNTRUSTED_NO_SIGNATURE'),
    )
    expect((await verifyArtifact(store, 'v1', { threshold: 1, of: [lax] })).decision).toBe('tolerated')
  })

  test('tolerated ones fill up, and the whole is tolerated', async () => {
    const { store } = await setup(signerOf('a', undefined, { late: 'failed' }), signerOf('b'))
    const lax = verifierOf(['a', 'b'], { level: audit })
    const requirement = { threshold: 2, of: [verifierOf(['b']), lax] }
    const verdict = accepted(await verifyArtifact(store, 'v1', requirement))
    expect(verdict.decision).toBe('tolerated')
    expect(identities(verdict)).toEqual(['b', 'a'])
  })

  test('stop as soon as they are reached', async () => {
    const { store } = await setup(signerOf('a'), signerOf('b'), signerOf('d'))
    const verifier = verifierOf(['a', 'b', 'd'])
    await verifyArtifact(store, 'v1', { threshold: 2, of: [verifier] })
    expect(verifier.calls).toHaveLength(2)
  })
})

describe('skip', () => {
  const free = () => verifierOf([], { skip: repository })

  test('is not required, and nothing is looked at', async () => {
    const { store } = await setup()
    const touched = { ...store, resolve: () => expect.fail('resolved') }
    const verdict = await verifyArtifact(touched, 'no-such-tag', free())
    expect(verdict).toEqual({ decision: 'not-required', policy: 'skip' })
  })

  test('counts for nothing in what else is asked', async () => {
    const { store } = await setup(signerOf('a'))
    for (const requirement of [
      { anyOf: [free(), verifierOf(['nobody'])] },
      { allOf: [free(), verifierOf(['nobody'])] },
      { threshold: 2, of: [free(), verifierOf(['a'])] },
      { threshold: 1, of: [free(), verifierOf(['nobody'])] },
    ])
      await expect(verifyArtifact(store, 'v1', requirement)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    expect((await verifyArtifact(store, 'v1', { allOf: [free(), verifierOf(['a'])] })).decision).toBe('verified')
  })

  test('of all, nothing is required', async () => {
    const { store } = await setup()
    const verdict = await verifyArtifact(store, 'v1', { allOf: [free(), { anyOf: [free()] }] })
    expect(verdict).toEqual({ decision: 'not-required', policy: 'skip, skip' })
  })
})

describe('requirements that are none', () => {
  const a = verifierOf(['a'])
  test.each<[string, unknown]>([
    ['nothing', {}],
    ['an empty allOf', { allOf: [] }],
    ['an empty anyOf', { anyOf: [] }],
    ['an empty list of a threshold', { threshold: 1, of: [] }],
    ['a threshold of 0', { threshold: 0, of: [a] }],
    ['a threshold below 0', { threshold: -1, of: [a] }],
    ['a threshold that is no number', { threshold: Number.NaN, of: [a] }],
    ['a threshold of one and a half', { threshold: 1.5, of: [a] }],
    ['a threshold that is text', { threshold: '1', of: [a] }],
    ['an endless threshold', { threshold: Number.POSITIVE_INFINITY, of: [a] }],
    ['two shapes at once', { allOf: [a], anyOf: [a] }],
    ['a verifier with a shape beside it', { ...a, anyOf: [a] }],
    ['an empty one deep inside', { allOf: [a, { anyOf: [{ allOf: [] }] }] }],
  ])('%s', async (_, requirement) => {
    const { store } = await setup(signerOf('a'))
    await expect(verifyArtifact(store, 'v1', anyRequirement(requirement))).rejects.toMatchObject(
      code('MISUSE_REQUIREMENT'),
    )
  })
})

test('a scope that policies need is the store’s; one without is MISUSE_SCOPE', async () => {
  const { store } = await setup(signerOf('a'))
  const verifier = verifierOf(['a'], { needsScope: true })
  await verifyArtifact(store, 'v1', verifier)
  expect(verifier.calls[0]).toMatchObject({ scope: repository, subject: 'artifact' })
  const nameless = { ...createMemoryStore(), resolve: store.resolve }
  await expect(verifyArtifact(nameless, 'v1', verifier)).rejects.toMatchObject(code('MISUSE_SCOPE'))
  // Misuse is nobody's "no": it is not outvoted either.
  await expect(verifyArtifact(nameless, 'v1', { anyOf: [verifierOf(['a']), verifier] })).rejects.toMatchObject(
    code('MISUSE_SCOPE'),
  )
})

describe('refusals', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const no = new OcisignError('UNTRUSTED_EXPIRED', 'over', { expiry: '' })
  const unclear = new OcisignError('UNAVAILABLE_STORE', 'down', { retryable: true })
  const lasting = new OcisignError('UNAVAILABLE_REVOCATION', 'x', { subject: '', retryable: false })
  const denied = new OcisignError('DENIED_FILE', 'no permission', { path: 'x' })
  const limit = new OcisignError('UNAVAILABLE_LIMIT', 'many', { target: digest, refusals: [], retryable: false })
  const join = (...errors: OcisignError[]) =>
    refuseAll(
      digest,
      errors.map((error, index) => ({ by: String(index), error })),
    )

  test('are a no only where each of them is', () => {
    expect(join()).toMatchObject(code('UNTRUSTED_NO_SIGNATURE', { message: 'there is no signature' }))
    expect(join(no, no)).toMatchObject(code('UNTRUSTED_NO_SIGNATURE', { cause: no }))
    expect(join(no, unclear)).toMatchObject(
      code('UNAVAILABLE_VERIFICATION', { cause: unclear, details: { retryable: true } }),
    )
    expect(join(no, lasting)).toMatchObject(code('UNAVAILABLE_VERIFICATION', { details: { retryable: false } }))
    expect(join(denied, no)).toMatchObject(code('UNAVAILABLE_VERIFICATION', { cause: denied }))
    expect(join(no, unclear, limit)).toMatchObject(code('UNAVAILABLE_LIMIT', { cause: limit }))
  })

  test('an error that is not ours is "could not find out"', () => {
    const bug = new TypeError('bug')
    expect(refusalOf(bug, digest)).toMatchObject(code('UNAVAILABLE_VERIFICATION', { cause: bug }))
    expect(refusalOf(no, digest)).toBe(no)
  })

  test('misuse and a cancelled call are none', () => {
    const misuse = new OcisignError('MISUSE_OPTION', 'x', { option: '' })
    expect(() => refusalOf(misuse, digest)).toThrow(misuse)
    const reason = new Error('enough')
    expect(() => refusalOf(no, digest, AbortSignal.abort(reason))).toThrow(reason)
  })
})

// What must not compile: thresholds count verifiers only, for a compound has no identity.
export const mustNotCompile = (verifier: Verifier): Requirement[] => [
  // @ts-expect-error a compound under a threshold
  { threshold: 1, of: [{ anyOf: [verifier] }] },
  // @ts-expect-error no requirement at all
  {},
]
