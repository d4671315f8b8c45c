// SPDX-License-Identifier: Apache-2.0
// What makes a proof, and what can never be one.
import {
  type Accepted,
  type Action,
  conclude,
  defineLevel,
  type ErrorCatalogue,
  isInconclusive,
  isOcisignError,
  type Level,
  OcisignError,
  type Outcome,
  type Target,
  type Verdict,
  type Verified,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { accept } from '../src/verdict.js'
import { audit, code, passed, strict } from './families.js'

const target: Target = { digest: `sha256:${'0'.repeat(64)}`, size: 0 }
const given = { target, identity: 'i', claims: {} }
const ok = { integrity: passed, authenticity: passed }
const unclear: Outcome = {
  status: 'inconclusive',
  error: new OcisignError('UNAVAILABLE_STORE', 'x', { retryable: true }),
}
const failed: Outcome = {
  status: 'failed',
  error: new OcisignError('UNTRUSTED_EXPIRED', 'over', { expiry: '' }),
}
const skipped: Outcome = { status: 'skipped' }
const notApplicable: Outcome = { status: 'not-applicable' }

const run = (more: { expiry?: Outcome; revocation?: Outcome } = {}, level = strict) =>
  conclude({ ...given, level, outcomes: { ...ok, expiry: passed, revocation: passed, ...more } })

const thrown = (call: () => unknown): OcisignError => {
  try {
    call()
  } catch (error) {
    if (isOcisignError(error)) return error
    throw error
  }
  return expect.fail('it did not throw')
}

describe('conclude', () => {
  test('everything passed under enforcement is verified, with what was found', () => {
    expect(run()).toMatchObject({ decision: 'verified', target, identity: 'i', outcomes: ok })
    expect(run({ revocation: notApplicable }).decision).toBe('verified')
  })

  test('an enforced check that failed is a no, and says which', () => {
    const error = thrown(() => run({ expiry: failed }))
    expect(error).toMatchObject(code('UNTRUSTED_SIGNATURE'))
    expect(error.details).toMatchObject({ target: target.digest, refusals: [{ by: 'expiry' }] })
    expect(error.cause).toBe('error' in failed && failed.error)
  })

  test('law 2: "could not find out" is no "no", and a "no" beside it decides', () => {
    const error = thrown(() => run({ revocation: unclear }))
    expect(error).toMatchObject(code('UNAVAILABLE_VERIFICATION'))
    expect(error.details).toMatchObject({ retryable: true, outcomes: { expiry: { status: 'passed' } } })
    expect(isInconclusive(error)).toBe(true)
    const both = thrown(() => run({ expiry: failed, revocation: unclear }))
    expect(both).toMatchObject(code('UNTRUSTED_SIGNATURE'))
    expect(both.details).toMatchObject({ refusals: [{ by: 'expiry' }, { by: 'revocation' }] })
  })

  test('trying again is advised only where it may help', () => {
    const lasting = new OcisignError('UNAVAILABLE_REVOCATION', 'x', { subject: '', retryable: false })
    const error = thrown(() => run({ revocation: { status: 'inconclusive', error: lasting } }))
    expect(error.details).toMatchObject({ retryable: false })
  })

  test('an enforced check cannot be skipped', () => {
    expect(thrown(() => run({ revocation: skipped }))).toMatchObject(code('UNTRUSTED_SIGNATURE'))
  })

  test('a check that the policy skips is no obstacle, whatever it found', () => {
    const lax = defineLevel('enforce', { expiry: 'enforce', revocation: 'skip' })
    for (const revocation of [skipped, failed, unclear, passed])
      expect(conclude({ ...given, level: lax, outcomes: { ...ok, expiry: passed, revocation } }).decision).toBe(
        'verified',
      )
  })

  test('a logged failure is tolerated, never verified', () => {
    const permissive = defineLevel('enforce', { expiry: 'log', revocation: 'log' })
    for (const expiry of [failed, unclear, skipped])
      expect(conclude({ ...given, level: permissive, outcomes: { ...ok, expiry, revocation: passed } }).decision).toBe(
        'tolerated',
      )
  })

  test('audit is at most tolerated, even where everything passed', () => {
    expect(run({}, audit).decision).toBe('tolerated')
    expect(run({ expiry: failed, revocation: unclear }, audit).decision).toBe('tolerated')
  })

  test('integrity is enforced under audit', () => {
    for (const integrity of [failed, unclear, skipped, notApplicable]) {
      const outcomes = { ...ok, integrity, expiry: passed, revocation: passed }
      expect(() => conclude({ ...given, level: audit, outcomes })).toThrow(OcisignError)
    }
  })

  test('authenticity is neither skipped nor not applicable', () => {
    for (const authenticity of [skipped, notApplicable]) {
      const outcomes = { ...ok, authenticity, expiry: passed, revocation: passed }
      expect(thrown(() => conclude({ ...given, level: strict, outcomes }))).toMatchObject(code('UNTRUSTED_SIGNATURE'))
      expect(conclude({ ...given, level: audit, outcomes }).decision).toBe('tolerated')
    }
  })

  test('a status that nobody knows is none that passed', () => {
    const bogus = { status: 'PASSED' } as unknown as Outcome
    expect(run({ expiry: bogus }, audit).decision).toBe('tolerated')
    expect(thrown(() => run({ expiry: bogus }))).toMatchObject(code('UNTRUSTED_SIGNATURE'))
  })

  test('law 1: a level is frozen', () => {
    const { actions } = strict as unknown as { actions: Record<string, Action> }
    expect(() => {
      actions.revocation = 'skip'
    }).toThrow(TypeError)
  })
})

describe('where types were bypassed', () => {
  test('an omitted check is MISUSE_CHECKS', () => {
    const widened = strict as unknown as Level<never>
    const error = thrown(() => conclude({ ...given, level: widened, outcomes: ok }))
    expect(error).toMatchObject(code('MISUSE_CHECKS'))
    const undefinedOne = { ...ok, expiry: passed, revocation: undefined } as never
    expect(thrown(() => conclude({ ...given, level: strict, outcomes: undefinedOne }))).toMatchObject(
      code('MISUSE_CHECKS'),
    )
  })

  test('and so is a stray one, whatever its name', () => {
    for (const name of ['toString', 'constructor', '__proto__', 'other'])
      for (const outcome of [failed, passed]) {
        const outcomes = Object.fromEntries([
          ...Object.entries({ ...ok, expiry: passed, revocation: passed }),
          [name, outcome],
        ])
        expect(thrown(() => conclude({ ...given, level: strict, outcomes: outcomes as never }))).toMatchObject(
          code('MISUSE_CHECKS'),
        )
      }
  })

  test('without integrity or authenticity nothing is concluded', () => {
    const level = { actions: {} } as never
    for (const outcomes of [{}, { integrity: passed }, { authenticity: passed }] as never[])
      expect(thrown(() => conclude({ ...given, level, outcomes }))).toMatchObject(code('MISUSE_CHECKS'))
  })

  test('no proofs are no acceptance', () => {
    expect(thrown(() => accept(target, []))).toMatchObject(code('MISUSE_CHECKS'))
  })
})

describe('accept', () => {
  const verified = run()
  const tolerated = run({}, audit)

  test('is as good as the least of its proofs', () => {
    expect(accept(target, [verified, verified]).decision).toBe('verified')
    expect(accept(target, [verified, tolerated]).decision).toBe('tolerated')
  })

  test('is valid until the first of its proofs ends', () => {
    const until = (milliseconds: number) => ({ ...verified, validUntil: new Date(milliseconds) })
    expect(accept(target, [until(2e12), verified, until(1e12)]).validUntil).toEqual(new Date(1e12))
    expect(accept(target, [verified]).validUntil).toBeUndefined()
  })
})

test('what counts as "could not find out"', () => {
  expect(isInconclusive(new OcisignError('DENIED_FILE', 'x', { path: '' }))).toBe(true)
  expect(isInconclusive(new OcisignError('UNTRUSTED_EXPIRED', 'x', { expiry: '' }))).toBe(false)
  expect(isInconclusive(new OcisignError('INVALID_JSON', 'x', { what: '' }))).toBe(false)
  expect(isInconclusive(new Error('UNAVAILABLE_STORE'))).toBe(false)
  expect(isInconclusive(undefined)).toBe(false)
})

// What must not compile; `npm run types` reads this file, and an expectation that is not met is an error.
export const mustNotCompile = () => {
  // @ts-expect-error an omitted outcome
  conclude({ ...given, level: strict, outcomes: { ...ok, expiry: passed } })
  // @ts-expect-error an omitted integrity
  conclude({ ...given, level: strict, outcomes: { authenticity: passed, expiry: passed, revocation: passed } })
  // @ts-expect-error a level cannot widen to string
  const wide: Level<string> = strict
  // @ts-expect-error a level cannot drop a check by assignment
  const less: Level<'expiry'> = strict
  // @ts-expect-error nor grow one
  const more: Level<'expiry' | 'revocation' | 'log'> = strict
  // @ts-expect-error checks unknown to the compiler make no level
  defineLevel('enforce', {} as Record<string, Action>)
  // @ts-expect-error authenticity cannot be skipped
  defineLevel('skip', { expiry: 'enforce' })
  // @ts-expect-error nobody else makes a Verified
  const forged: Verified = { decision: 'verified', identity: 'i', target, claims: {}, outcomes: ok }
  // @ts-expect-error or an Accepted
  const forgedVerdict: Verdict = { decision: 'verified', target, proofs: [] as never, refusals: [] }
  // @ts-expect-error a code has its details
  new OcisignError('INVALID_CONTENT', 'x', { mediaType: 'y' })
  // @ts-expect-error a name without a kind is no code
  new OcisignError('NOT_A_KIND', 'x', {})
  // @ts-expect-error a verdict is not a yes before its decision was looked at
  const claims = (verdict: Verdict) => verdict.proofs
  // @ts-expect-error proofs are never none
  const none: Accepted['proofs'] = []
  const details: ErrorCatalogue['MISUSE_CHECKS'] = { checks: [] }
  return [wide, less, more, forged, forgedVerdict, claims, none, details]
}
