// SPDX-License-Identifier: Apache-2.0
import type { PolicySelectors, TrustPolicy, TrustPolicyKind } from './document.js'
import { type LevelOverride, makeLevel, type NotaryLevelName, overridableChecks } from './levels.js'
import {
  describeValue,
  type Members,
  memberPath,
  type ProblemList,
  readChoice,
  readMembers,
  readText,
  readTexts,
} from './problems.js'
import { explainScope, globalScope } from './scope.js'
import { readIdentities, readStores } from './trust.js'

/** What was read of one policy, and where. */
export interface PlacedPolicy {
  readonly path: string
  /** With an empty name where there is none. */
  readonly selectors: PolicySelectors
  /** Undefined where the policy has an error of its own. */
  readonly policy: TrustPolicy | undefined
}

const policyMembers = ['name', 'signatureVerification', 'trustStores', 'trustedIdentities']
const otherMembers = {
  oci: { globalPolicy: 'that is for blob policies; an OCI policy for everything has registryScopes ["*"]' },
  blob: { registryScopes: 'that is for OCI policies; a blob policy is selected by its name, or by globalPolicy' },
}

/** Reads one policy; undefined where it is not even an object. */
export function readPolicy(
  value: unknown,
  path: string,
  kind: TrustPolicyKind,
  list: ProblemList,
): PlacedPolicy | undefined {
  const before = list.errorCount()
  const selector = kind === 'oci' ? 'registryScopes' : 'globalPolicy'
  const members = readMembers(value, path, [...policyMembers, selector], list, otherMembers[kind])
  if (!members) return undefined
  const name = readText(members, 'name', path, list) ?? ''
  const selectors: PolicySelectors =
    kind === 'oci'
      ? { name, scopes: readScopes(members, path, list) }
      : { name, globalPolicy: readFlag(members, 'globalPolicy', path, list) }
  const verification = readVerification(members, path, list)
  const policy = readTrust(members, path, selectors, verification, list)
  return { path, selectors, policy: list.errorCount() === before ? policy : undefined }
}

function readTrust(
  members: Members,
  path: string,
  selectors: PolicySelectors,
  verification: Verification | undefined,
  list: ProblemList,
): TrustPolicy | undefined {
  if (verification?.level === 'skip') {
    refuseTrust(members, path, selectors, list)
    return Object.freeze({ ...selectors, skip: true, level: Object.freeze({ name: 'skip' }) })
  }
  // Read even where the level is wrong, so that one look shows every problem.
  const trustStores = readStores(members, path, list)
  const trustedIdentities = readIdentities(members, path, list)
  if (!verification) return undefined
  const { level, override, verifyTimestamp = 'always' } = verification
  return Object.freeze({
    ...selectors,
    skip: false,
    level: makeLevel(level, override),
    verifyTimestamp,
    trustStores,
    trustedIdentities,
  })
}

/** A policy that skips trusts nobody, and is not for everything. */
function refuseTrust(members: Members, path: string, selectors: PolicySelectors, list: ProblemList): void {
  for (const name of ['trustStores', 'trustedIdentities']) {
    const value = members.get(name)
    const empty = !members.has(name) || (Array.isArray(value) && value.length === 0)
    if (!empty) list.error(memberPath(path, name), 'cannot go with level skip, which trusts nobody; leave it out')
  }
  if (selectors.scopes?.includes(globalScope) || selectors.globalPolicy)
    list.error(
      memberPath(path, 'signatureVerification.level'),
      'skip is not for everything: it would let all pass; name what needs no signature, or use audit',
    )
}

const scopeLimits = { maxLength: 20_000, hint: 'list repositories, or "*" for all that no other policy lists' }

function readScopes(members: Members, path: string, list: ProblemList): readonly string[] {
  const scopes = readTexts(members, 'registryScopes', path, scopeLimits, list)
  for (const { text, path: where } of scopes) {
    const mistake = text === globalScope ? undefined : explainScope(text)
    if (mistake !== undefined) list.error(where, mistake)
  }
  if (scopes.length > 1 && scopes.some(({ text }) => text === globalScope))
    list.error(memberPath(path, 'registryScopes'), 'has "*" beside other scopes; make it a policy of its own')
  return Object.freeze(scopes.map(({ text }) => text))
}

function readFlag(members: Members, name: string, path: string, list: ProblemList): boolean {
  const value = members.get(name)
  if (members.has(name) && typeof value !== 'boolean')
    list.error(memberPath(path, name), `is ${describeValue(value)}; write true or false`)
  return value === true
}

interface Verification {
  readonly level: NotaryLevelName | 'skip'
  readonly override: LevelOverride
  readonly verifyTimestamp?: 'always' | 'afterCertExpiry' | undefined
}

function readVerification(members: Members, path: string, list: ProblemList): Verification | undefined {
  const place = memberPath(path, 'signatureVerification')
  if (!members.has('signatureVerification')) return void list.error(place, 'is missing; write { "level": "strict" }')
  const known = ['level', 'override', 'verifyTimestamp']
  const verification = readMembers(members.get('signatureVerification'), place, known, list)
  if (!verification) return undefined
  const levels = ['strict', 'permissive', 'audit', 'skip'] as const
  const level = readChoice(verification.get('level'), memberPath(place, 'level'), levels, list)
  const override = readOverride(verification, memberPath(place, 'override'), level === 'skip', list)
  const timestamp = memberPath(place, 'verifyTimestamp')
  const verifyTimestamp = verification.has('verifyTimestamp')
    ? readChoice(verification.get('verifyTimestamp'), timestamp, ['always', 'afterCertExpiry'], list)
    : undefined
  if (level === 'skip' && verifyTimestamp) list.warn(timestamp, 'has no effect on level skip; leave it out')
  return level && { level, override, verifyTimestamp }
}

function readOverride(verification: Members, path: string, skips: boolean, list: ProblemList): LevelOverride {
  if (!verification.has('override')) return {}
  const checks = Object.keys(overridableChecks) as (keyof typeof overridableChecks)[]
  const hint = { integrity: 'integrity is always enforced' }
  const members = readMembers(verification.get('override'), path, checks, list, hint)
  if (!members) return {}
  if (skips && members.size > 0) list.error(path, 'cannot go with level skip, which checks nothing')
  const override: { -readonly [Check in keyof LevelOverride]: LevelOverride[Check] } = {}
  for (const check of checks) {
    if (!members.has(check)) continue
    const action = readChoice(members.get(check), memberPath(path, check), overridableChecks[check], list)
    if (action === 'skip' && check === 'revocation') override.revocation = action
    else if (action !== undefined && action !== 'skip') override[check] = action
  }
  return override
}
