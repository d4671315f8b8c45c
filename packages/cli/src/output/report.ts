// SPDX-License-Identifier: Apache-2.0
// What verifying found, in one shape for people and machines.
import {
  type Descriptor,
  isInconclusive,
  isOcisignError,
  type Judgement,
  type Outcomes,
  type Target,
  type Verdict,
} from '@ocisign/core'
import { exitCodeOf, exitCodes } from '../exit-codes.js'
import { type ReportedError, reportError } from './error.js'

export type Decision = 'verified' | 'tolerated' | 'not-required' | 'refused' | 'unavailable'

/** A check's outcome: `passed`, `failed`, `inconclusive`, `not-applicable` or `skipped`, and why where it is a no. */
interface ReportedOutcome extends Partial<ReportedError> {
  readonly status: string
}

/** One signature's fate; `error` where no check says why it was refused. */
export interface ReportedSignature {
  readonly digest: string
  readonly mediaType: string
  readonly decision: Decision
  /** Of the signing certificate, only where the signature was not refused. */
  readonly subject?: string
  readonly signingTime?: string
  readonly outcomes: Readonly<Record<string, ReportedOutcome>>
  readonly error?: ReportedError
}

/** The answer about one reference; `schemaVersion` grows when a member changes its meaning. */
export interface Report {
  readonly schemaVersion: 1
  readonly reference: string
  readonly subject: Descriptor | Target | null
  readonly decision: Decision
  readonly policy: string | null
  readonly signatures: readonly ReportedSignature[]
  readonly error?: ReportedError
}

/** What is known about a reference when its report is made: a verdict, or the error that stands in its place. */
export interface Answer {
  readonly reference: string
  readonly policy: string | null
  readonly subject?: Descriptor | undefined
  readonly judgements: readonly Judgement[]
  readonly verdict?: Verdict
  readonly error?: unknown
}

/** Makes the report of one reference. */
export function reportOf({ reference, policy, subject, judgements, verdict, error }: Answer): Report {
  return {
    schemaVersion: 1,
    reference,
    subject: subject ?? (verdict && 'target' in verdict ? verdict.target : null),
    decision: verdict ? verdict.decision : decisionOf(error),
    policy,
    signatures: judgements.map(reportSignature),
    ...(verdict === undefined && { error: reportError(error) }),
  }
}

/** The exit code of one reference. */
export function exitCodeOfAnswer({ verdict, error }: Answer): number {
  return verdict ? exitCodes.accepted : exitCodeOf(error)
}

function reportSignature({ by, mediaType, result }: Judgement): ReportedSignature {
  if (!isOcisignError(result)) {
    const { decision, claims, outcomes } = result
    const { subject, signingTime } = claims as { readonly subject?: string; readonly signingTime?: Date }
    return {
      digest: by,
      mediaType,
      decision,
      ...(subject !== undefined && { subject }),
      ...(signingTime && { signingTime: signingTime.toISOString() }),
      outcomes: reportOutcomes(outcomes),
    }
  }
  const { outcomes } = result.details as { readonly outcomes?: Outcomes }
  return {
    digest: by,
    mediaType,
    decision: decisionOf(result),
    outcomes: outcomes ? reportOutcomes(outcomes) : {},
    error: reportError(result),
  }
}

function reportOutcomes(outcomes: Outcomes): ReportedSignature['outcomes'] {
  return Object.fromEntries(
    Object.entries(outcomes).map(([check, outcome]) => [
      check,
      { status: outcome.status, ...('error' in outcome && reportError(outcome.error)) },
    ]),
  )
}

const decisionOf = (error: unknown): Decision =>
  isInconclusive(error) || !isOcisignError(error) ? 'unavailable' : 'refused'
