// SPDX-License-Identifier: Apache-2.0
// What a copy came to, for people and machines.
import { type CopyReport, type Descriptor, type LostReason, printable } from '@ocisign/core'
import type { CopyPolicy, SidePlan } from '../copy-policy.js'
import { formatBytes } from '../progress.js'
import { reportError } from './error.js'

/** A copy that is done, or would be. */
export interface Copied {
  readonly from: string
  readonly to: string
  readonly dryRun: boolean
  readonly policy: CopyPolicy
  readonly report: CopyReport
  /** Why it is not done. */
  readonly error?: unknown
}

const reasons: Readonly<Record<LostReason, string>> = {
  index: 'it holds, or is part of, what is not copied',
  subject: 'it belongs to what is not copied',
  foreign: 'only its owner may distribute it',
  invalid: 'it is malformed',
  'too-large': 'it is too large',
  missing: 'the source lists it and does not have it',
  'unknown-type': 'nobody knows what belongs to it',
  tag: 'the destination has something else under its tag',
}

/** What was found out at one side. */
interface ReportedSide {
  readonly decision: 'verified' | 'tolerated' | 'not-required' | 'not-verified'
  readonly policy: string | null
  /** Why it is not verified. */
  readonly reason?: string
}

function reportSide(side: SidePlan, decisions: readonly ReportedSide['decision'][] | undefined): ReportedSide {
  if ('unverified' in side) return { decision: 'not-verified', policy: null, reason: side.unverified }
  const { policy } = side
  if (!decisions) return { decision: 'not-verified', policy, reason: 'nothing was copied' }
  const order = ['not-verified', 'not-required', 'tolerated', 'verified'] as const
  return { decision: order.find((each) => decisions.includes(each)) ?? 'not-verified', policy }
}

const sidesOf = ({ policy, report: { verified } }: Copied) => ({
  source: reportSide(policy.source, verified?.source && [verified.source.decision]),
  destination: reportSide(
    policy.destination,
    verified?.destination?.map(({ decision }) => decision),
  ),
})

/** A copy for machines. */
export function documentOfCopy(copied: Copied): Readonly<Record<string, unknown>> {
  const { from, to, dryRun, report } = copied
  const { root, selected, tag, lost, unlisted } = report
  return {
    source: from,
    destination: to,
    dryRun,
    subject: root,
    selected,
    tag: tag ?? null,
    replaced: report.replaced ?? null,
    copied: report.copied,
    present: report.present,
    lost: lost.map(({ descriptor, reason, error }) => ({
      descriptor,
      reason,
      ...(error && { error: reportError(error) }),
    })),
    unlisted,
    verification: sidesOf(copied),
    ...(copied.error !== undefined && { error: reportError(copied.error) }),
  }
}

/** A copy for people. */
export function formatCopy(copied: Copied): string {
  const { from, to, dryRun, report } = copied
  const { root, selected, tag, replaced, present, lost, unlisted } = report
  const line = (name: string, text: string) => `  ${name.padEnd(12)} ${text}`
  const describe = ({ digest, mediaType, size, artifactType }: Descriptor) =>
    `${digest} ${printable(artifactType ?? mediaType)}, ${formatBytes(size)}`
  const { source, destination } = sidesOf(copied)
  return [
    `${headlineOf(copied)} ${printable(from, 1000)} to ${printable(to, 1000)}`,
    line('artifact', root.digest),
    ...selected.filter(({ digest }) => digest !== root.digest).map((each) => line('of it', describe(each))),
    line(
      'tag',
      tag === undefined
        ? 'none'
        : `${printable(tag)}${replaced ? `, ${dryRun ? 'which is' : 'until now'} ${replaced}` : ''}`,
    ),
    ...(dryRun ? report.copied.map((each) => line('would copy', describe(each))) : []),
    ...(dryRun ? [] : [line('copied', `${countOf(report.copied)}, ${formatBytes(sum(report.copied))}`)]),
    line('was there', countOf(present)),
    line('source', formatSide(source)),
    line('destination', formatSide(destination)),
    ...lost.map(({ descriptor, reason }) =>
      line(dryRun ? 'would lose' : 'lost', `${describe(descriptor)}: ${reasons[reason]}`),
    ),
    ...unlisted.map((each) => line('unlisted', describe(each))),
  ].join('\n')
}

function headlineOf({ dryRun, error }: Copied): string {
  if (error === undefined) return dryRun ? 'Would copy' : 'Copied'
  return dryRun ? 'Would refuse to copy' : 'Refused to copy'
}

const sum = (descriptors: readonly Descriptor[]) => descriptors.reduce((total, { size }) => total + size, 0)
const countOf = ({ length }: readonly Descriptor[]) => `${length} manifest${length === 1 ? ' or blob' : 's and blobs'}`

function formatSide({ decision, policy, reason }: ReportedSide): string {
  const name = policy === null ? '' : ` (policy ${printable(policy)})`
  if (decision === 'not-verified') return `NOT VERIFIED: ${printable(reason ?? '', 500)}${name}`
  if (decision === 'not-required') return `not verified: the policy asks for no signature${name}`
  if (decision === 'tolerated') return `tolerated, not verified: the policy only logs what failed${name}`
  return `verified${name}`
}
