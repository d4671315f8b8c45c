// SPDX-License-Identifier: Apache-2.0
import type { Target } from './descriptor.js'
import { isOcisignError, OcisignError, type Refusal } from './errors.js'

/** What a policy does with a check that did not pass. */
export type Action = 'enforce' | 'log' | 'skip'

/** What a check found; `inconclusive` is "could not find out", `skipped` that nobody looked. */
export type Outcome =
  | { readonly status: 'passed' | 'not-applicable' | 'skipped' }
  | { readonly status: 'failed' | 'inconclusive'; readonly error: OcisignError }

/** What every check found; a family's own checks stand beside the two that all have. */
export type Outcomes<C extends string = string> = Readonly<Record<'integrity' | 'authenticity', Outcome>> &
  Readonly<Record<C, Outcome>>

declare const exactly: unique symbol

/** How strict a policy is, for exactly the checks `C`: no assignment can drop or widen one. Integrity is no choice, so it is not here. */
export interface Level<C extends string> {
  readonly [exactly]: (check: C) => C
  readonly actions: { readonly authenticity: Exclude<Action, 'skip'> } & Readonly<Record<C, Action>>
}

/** Makes a level; its checks must be known to the compiler. */
export function defineLevel<A extends Record<string, Action>>(
  authenticity: Exclude<Action, 'skip'>,
  checks: string extends keyof A ? never : A,
): Level<keyof A & string> {
  return { actions: Object.freeze({ ...(checks as A), authenticity }) } as unknown as Level<keyof A & string>
}

declare const proof: unique symbol

/** Proof that one signature satisfied its verifier; only {@link conclude} makes it. */
export interface Verified<Claims = unknown> {
  readonly [proof]: never
  /** `tolerated`: something was only logged; never to be read as verified. */
  readonly decision: 'verified' | 'tolerated'
  readonly target: Target
  /** Names who signed, stable and comparable across families (`x509:…`, `key:sha256:…`); thresholds count it. */
  readonly identity: string
  readonly claims: Claims
  readonly outcomes: Outcomes
  /** The moment after which the same evidence would no longer do, where one is known. */
  readonly validUntil?: Date | undefined
}

/** The policy asks for no signature here; there are no claims to misuse. */
export interface NotRequired {
  readonly decision: 'not-required'
  readonly policy: string
}

/** Proof that a requirement was satisfied; `refusals` are the signatures that did not help. */
export interface Accepted<Claims = unknown> {
  readonly [proof]: never
  readonly decision: 'verified' | 'tolerated'
  readonly target: Target
  readonly proofs: readonly [Verified<Claims>, ...Verified<Claims>[]]
  readonly refusals: readonly Refusal[]
  readonly validUntil?: Date | undefined
}

/** The answer of every verb that verifies; everything else is thrown. */
export type Verdict<Claims = unknown> = Accepted<Claims> | NotRequired

/** What {@link conclude} needs. */
export interface Findings<Claims, C extends string> {
  readonly target: Target
  readonly identity: string
  readonly claims: Claims
  readonly validUntil?: Date | undefined
  readonly level: Level<C>
  readonly outcomes: Outcomes<NoInfer<C>>
}

/**
 * Turns outcomes into proof, or throws. An omitted check does not compile, and where types were bypassed it is
 * MISUSE_CHECKS; integrity is always enforced, and whoever only logs authenticity gets at most `tolerated`.
 *
 * @throws UNTRUSTED_SIGNATURE where an enforced check said no
 * @throws UNAVAILABLE_VERIFICATION where enforced checks could not find out, and none said no
 * @throws MISUSE_CHECKS
 */
export function conclude<Claims, C extends string>(findings: Findings<Claims, C>): Verified<Claims> {
  const outcomes: Outcomes = findings.outcomes
  const actions: Readonly<Record<string, Action>> = findings.level.actions
  requireSameChecks(actions, outcomes)
  let clean = actions.authenticity === 'enforce'
  let refused = false
  for (const check in outcomes) {
    const { status } = outcomes[check]!
    if (status === 'passed') continue
    const obligatory = check === 'integrity' || check === 'authenticity'
    const action = check === 'integrity' ? 'enforce' : actions[check]
    if (!obligatory && (status === 'not-applicable' || action === 'skip')) continue
    clean = false
    if (action !== 'log') refused = true
  }
  if (refused) throw refuse(findings.target, actions, outcomes)
  return {
    decision: clean ? 'verified' : 'tolerated',
    target: findings.target,
    identity: findings.identity,
    claims: findings.claims,
    outcomes,
    validUntil: findings.validUntil,
  } as unknown as Verified<Claims>
}

function requireSameChecks(actions: Readonly<Record<string, Action>>, outcomes: Outcomes): void {
  let checks = 0
  for (const check in outcomes) {
    checks++
    if (check !== 'integrity' && actions[check] === undefined) throw misuse([check])
  }
  let known = 1
  for (const check in actions) {
    known++
    if (outcomes[check] === undefined) throw misuse([check])
  }
  // Counted, because a name that every object has looks like an action.
  if (checks !== known) throw misuse(Object.keys(outcomes))
  if (checks < 2 || outcomes.integrity === undefined || outcomes.authenticity === undefined)
    throw misuse(['integrity', 'authenticity'])
}

function misuse(checks: readonly string[]): OcisignError {
  return new OcisignError('MISUSE_CHECKS', `checks and outcomes differ: ${checks.join(', ')}`, { checks })
}

function refuse(target: Target, actions: Readonly<Record<string, Action>>, outcomes: Outcomes): OcisignError {
  const refusals: Refusal[] = []
  let definite = false
  for (const [by, outcome] of Object.entries(outcomes)) {
    // A check that nobody came to because an earlier one said no is not to blame.
    if (!('error' in outcome) || (by !== 'integrity' && actions[by] !== 'enforce')) continue
    refusals.push({ by, error: outcome.error })
    definite ||= outcome.status === 'failed'
  }
  const by = refusals.map((refusal) => refusal.by).join(', ')
  const details = { target: target.digest, outcomes, refusals }
  const cause = { cause: refusals[0]?.error }
  if (refusals.length > 0 && !definite)
    return new OcisignError(
      'UNAVAILABLE_VERIFICATION',
      `could not find out: ${by}: ${refusals[0]?.error.message}`,
      { ...details, retryable: isRetryable(refusals) },
      cause,
    )
  return new OcisignError(
    'UNTRUSTED_SIGNATURE',
    `refused by ${by || 'a check that was not made'}${refusals[0] ? `: ${refusals[0].error.message}` : ''}`,
    details,
    cause,
  )
}

/** Tells whether trying again may help with any of these. */
export function isRetryable(refusals: readonly Refusal[]): boolean {
  return refusals.some(({ error }) => 'retryable' in error.details && error.details.retryable === true)
}

/** Joins the proofs of a requirement that holds. Internal: verbs call it after a requirement was satisfied. */
export function accept<Claims>(
  target: Target,
  proofs: readonly Verified<Claims>[],
  refusals: readonly Refusal[] = [],
): Accepted<Claims> {
  if (proofs.length === 0) throw misuse(['proofs'])
  const decision = proofs.every((each) => each.decision === 'verified') ? 'verified' : 'tolerated'
  const ends = proofs.flatMap(({ validUntil }) => (validUntil ? [validUntil.getTime()] : []))
  const validUntil = ends.length > 0 ? new Date(Math.min(...ends)) : undefined
  return { decision, target, proofs, refusals, validUntil } as unknown as Accepted<Claims>
}

/** Tells whether an error is "could not find out" rather than a no. */
export function isInconclusive(error: unknown): boolean {
  // Bytes that are not those of the digest say nothing of those that are: they were damaged or exchanged on the way.
  return isOcisignError(error) && (/^(?:UNAVAILABLE|DENIED)_/.test(error.code) || error.code === 'INVALID_CONTENT')
}
