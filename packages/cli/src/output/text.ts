// SPDX-License-Identifier: Apache-2.0
import { printable } from '@ocisign/core'
import type { Report, ReportedNode, ReportedSignature } from './report.js'

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
  const { decision, reference, subject, policy, signatures, tree } = report
  const lines = [`${marks[decision]} ${printable(reference, 1000)}: ${words[decision]}${reasonOf(report)}`]
  if (subject) lines.push(`    artifact   ${subject.digest}`)
  if (policy !== null) lines.push(`    policy     ${printable(policy)}`)
  if (tree) for (const [index, node] of tree.entries()) lines.push(...formatNode(node, holds(tree, index)))
  else for (const signature of signatures) lines.push(...formatSignature(signature))
  return lines.join('\n')
}

/** In a few words what may be all that somebody reads; the error itself says more. */
function reasonOf({ error, signatures, tree }: Report): string {
  if (!error) return ''
  if (error.code === 'UNTRUSTED_NO_POLICY') return ': no trust policy is for it'
  // Of a tree it is not the artifact that is missing.
  if (error.code === 'UNAVAILABLE_NOT_FOUND')
    return tree && tree.length > 0 ? `: ${printable(error.message, 500)}` : ': it is not there'
  if (error.code !== 'UNTRUSTED_NO_SIGNATURE') return ` [${error.code}]`
  if (tree && tree.length > 1) return ': not all of it is signed by somebody who is trusted'
  return signatures.length === 0 ? ': there is no signature' : ': no signature satisfies the policy'
}

/** Tells whether everything in an index is accepted, so that it needs no signature of its own. */
function holds(tree: readonly ReportedNode[], index: number): boolean {
  const { depth } = tree[index]!
  let children = 0
  for (let next = index + 1; next < tree.length && tree[next]!.depth > depth; next++) {
    const child = tree[next]!
    if (child.depth > depth + 1) continue
    children++
    if (!child.covered && !isYes(child) && !holds(tree, next)) return false
  }
  return children > 0
}

const isYes = ({ decision }: ReportedNode) => decision === 'verified' || decision === 'tolerated'

function formatNode(node: ReportedNode, holdsAccepted: boolean): readonly string[] {
  const { digest, depth, platform, decision, covered, subject, error } = node
  const indent = '  '.repeat(depth)
  const name = `${digest}${platform === undefined ? '' : ` ${printable(platform)}`}`
  if (isYes(node)) {
    const signer = subject === undefined ? '' : `, signed by ${printable(subject, 500)}`
    return [`${indent}${marks[decision]} ${name}${signer}`]
  }
  if (covered) return [`${indent}✓ ${name}, covered by the index that holds it`]
  if (holdsAccepted) return [`${indent}✓ ${name}, everything in it is accepted`]
  const why = error ? [`${indent}    ${printable(error.message, 2000)} [${error.code}]`] : []
  return [`${indent}${marks[decision]} ${name}`, ...why]
}

function formatSignature(signature: ReportedSignature): readonly string[] {
  const { digest, manifest, decision, subject, signingTime, outcomes, error } = signature
  const lines = [`  ${marks[decision]} signature  ${printable(manifest ?? digest, 1000)}`]
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
