// SPDX-License-Identifier: Apache-2.0
// What verifying found, in one shape for people and machines.
import {
  type Descriptor,
  isInconclusive,
  isOcisignError,
  type Judgement,
  type Outcomes,
  type Target,
  type TreeNode,
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
  /** Digest of the manifest that holds it, as `sign`, `list` and `discover` show it; not of a detached signature. */
  readonly manifest?: string
  readonly mediaType: string
  readonly decision: Decision
  /** Of the signing certificate, only where the signature was not refused. */
  readonly subject?: string
  readonly signingTime?: string
  readonly outcomes: Readonly<Record<string, ReportedOutcome>>
  readonly error?: ReportedError
}

/** One manifest of a tree; `depth` is 1 for the artifact itself, and each comes before what it holds. */
export interface ReportedNode {
  readonly digest: string
  readonly mediaType: string
  readonly platform?: string
  readonly depth: number
  /** It is accepted because an index is that holds it, whatever its own signatures are. */
  readonly covered: boolean
  /** What its own signatures are worth. */
  readonly decision: Decision
  /** Of the signing certificate. */
  readonly subject?: string
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
  /** With --recursive: every manifest that was looked at. */
  readonly tree?: readonly ReportedNode[]
  readonly error?: ReportedError
}

/** What is known about a reference when its report is made: a verdict, or the error that stands in its place. */
export interface Answer {
  readonly reference: string
  readonly policy: string | null
  readonly subject?: Descriptor | undefined
  readonly judgements: readonly Judgement[]
  readonly nodes?: readonly TreeNode[] | undefined
  readonly verdict?: { readonly decision: 'verified' | 'tolerated' | 'not-required'; readonly target?: Target }
  readonly error?: unknown
}

/** Makes the report of one reference. */
export function reportOf({ reference, policy, subject, judgements, nodes, verdict, error }: Answer): Report {
  return {
    schemaVersion: 1,
    reference,
    subject: subject ?? verdict?.target ?? null,
    decision: verdict ? verdict.decision : decisionOf(error),
    policy,
    signatures: judgements.map(reportSignature),
    ...(nodes && { tree: nodes.map(reportNode) }),
    ...(verdict === undefined && { error: reportError(error) }),
  }
}

/** The exit code of one reference. */
export function exitCodeOfAnswer({ verdict, error }: Answer): number {
  return verdict ? exitCodes.accepted : exitCodeOf(error)
}

function reportNode({ descriptor, depth, covered, verdict }: TreeNode): ReportedNode {
  const { digest, mediaType, platform } = descriptor
  const named = platform && [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')
  const common = { digest, mediaType, ...(named && { platform: named }), depth, covered }
  if (isOcisignError(verdict)) return { ...common, decision: decisionOf(verdict), error: reportError(verdict) }
  const { subject } = verdict.proofs[0].claims as { readonly subject?: string }
  return { ...common, decision: verdict.decision, ...(subject !== undefined && { subject }) }
}

function reportSignature({ by, manifest, mediaType, result }: Judgement): ReportedSignature {
  const common = { digest: by, ...(manifest !== undefined && { manifest }), mediaType }
  if (!isOcisignError(result)) {
    const { decision, claims, outcomes } = result
    const { subject, signingTime } = claims as { readonly subject?: string; readonly signingTime?: Date }
    return {
      ...common,
      decision,
      ...(subject !== undefined && { subject }),
      ...(signingTime && { signingTime: signingTime.toISOString() }),
      outcomes: reportOutcomes(outcomes),
    }
  }
  const { outcomes } = result.details as { readonly outcomes?: Outcomes }
  return {
    ...common,
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
