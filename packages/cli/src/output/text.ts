// SPDX-License-Identifier: Apache-2.0
import { printable } from '@ocisign/core'
import type { Report, ReportedSignature } from './report.js'

const marks = { verified: '✓', tolerated: '!', 'not-required': '-', refused: '✗', unavailable: '?' } as const

const words = {
  verified: 'verified',
  tolerated: 'tolerated, not verified: the policy only logs what failed',
  'not-required': 'not verified: the policy asks for no signature',
  refused: 'refused',
  unavailable: 'could not find out',
} as const

/** A report for people. */
export function formatReport(report: Report): string {
  const { decision, reference, subject, policy, signatures } = report
  const lines = [`${marks[decision]} ${printable(reference, 1000)}: ${words[decision]}`]
  if (subject) lines.push(`    artifact   ${subject.digest}`)
  if (policy !== null) lines.push(`    policy     ${printable(policy)}`)
  for (const signature of signatures) lines.push(...formatSignature(signature))
  return lines.join('\n')
}

function formatSignature(signature: ReportedSignature): readonly string[] {
  const { digest, decision, subject, signingTime, outcomes, error } = signature
  const lines = [`  ${marks[decision]} signature  ${printable(digest, 1000)}`]
  if (subject !== undefined)
    lines.push(`    signed by  ${printable(subject, 500)}${signingTime ? `, ${signingTime}` : ''}`)
  const checks = Object.entries(outcomes)
  if (checks.length > 0)
    lines.push(`    checks     ${checks.map(([check, { status }]) => `${check} ${status}`).join(', ')}`)
  for (const [check, { code, message }] of checks)
    if (code !== undefined) lines.push(`      ${check}: ${printable(message ?? '', 2000)} [${code}]`)
  const isExplained = checks.some(([, { code }]) => code !== undefined)
  if (error && !isExplained) lines.push(`      ${printable(error.message, 2000)} [${error.code}]`)
  return lines
}
