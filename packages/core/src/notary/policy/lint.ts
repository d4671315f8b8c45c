// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../../errors.js'
import { printable } from '../../errors.js'
import { identityAttributeTypes } from '../distinguished-name.js'
import type { TrustedIdentity } from '../identity.js'
import type { TrustPolicyKind, VerifyingPolicy } from './document.js'
import { examineTrustPolicy } from './parse.js'
import type { ProblemList } from './problems.js'
import { globalScope } from './scope.js'
import type { PlacedPolicy } from './statement.js'
import { formatStore } from './store-name.js'

/**
 * Finds what is wrong with a trust policy document, and what is allowed but probably not meant.
 *
 * Never throws for what the document says, broken JSON included. A document without an error is one that
 * {@link parseTrustPolicy} reads. Does not look into the trust stores.
 */
export function lintTrustPolicy(input: unknown, kind: TrustPolicyKind): readonly Problem[] {
  const { list, placed } = examineTrustPolicy(input, kind)
  for (const each of placed) {
    warnOfScopes(each, list)
    if (each.policy && !each.policy.skip) warnOfPolicy(each.policy, each.path, list)
  }
  warnOfNames(placed, list)
  warnOfSharedStores(placed, list)
  return list.problems
}

function warnOfPolicy(policy: VerifyingPolicy, path: string, list: ProblemList): void {
  warnOfLevel(policy, path, list)
  const types = policy.trustStores.map(({ type }) => type)
  if (!types.includes('ca') && !types.includes('signingAuthority'))
    list.warn(`${path}.trustStores`, 'has no store of type ca or signingAuthority, so no signature can be authentic')
  for (const [index, identity] of policy.trustedIdentities.entries())
    warnOfIdentity(identity, `${path}.trustedIdentities[${index}]`, list)
  if (policy.trustedIdentities.every(({ kind }) => kind === 'other'))
    list.warn(`${path}.trustedIdentities`, 'has no identity that is known here, so no signature can be authentic')
}

function warnOfLevel({ level, verifyTimestamp, trustStores }: VerifyingPolicy, path: string, list: ProblemList): void {
  const place = `${path}.signatureVerification`
  const { authenticity, authenticTimestamp, expiry, revocation } = level.actions
  if (authenticity === 'log')
    list.warn(`${place}.level`, 'whoever signed is accepted: authenticity is only logged; this is for trying out')
  else if (expiry !== 'enforce')
    list.warn(
      `${place}.level`,
      'signatures past their expiry are accepted: a registry can serve an old image with its old signature (CVE-2024-23332); enforce expiry where that matters',
    )
  if (authenticity === 'enforce' && authenticTimestamp === 'log')
    list.warn(`${place}.level`, 'certificates that have expired are accepted: authenticTimestamp is only logged')
  if (authenticity === 'enforce' && revocation === 'skip')
    list.warn(`${place}.override.revocation`, 'revoked certificates are accepted: nobody asks')
  const timestamps = trustStores.some(({ type }) => type === 'tsa')
  if (verifyTimestamp === 'afterCertExpiry' && !timestamps)
    list.warn(`${place}.verifyTimestamp`, 'has no effect without a trust store of type tsa')
}

function warnOfIdentity(identity: TrustedIdentity, path: string, list: ProblemList): void {
  if (identity.kind === 'other')
    list.warn(
      path,
      `"${printable(identity.text, 60)}" is of no kind known here and matches nobody; "x509.subject:" is known`,
    )
  if (identity.kind !== 'x509.subject') return
  for (const { type, value } of identity.attributes) {
    if (!identityAttributeTypes.includes(type))
      list.warn(
        path,
        `matches nobody: no certificate has "${printable(type, 40)}" here; known are ${identityAttributeTypes.join(', ')}`,
      )
    if (/^".*"$/s.test(value)) list.warn(path, `the quotes around the value of ${type} are part of it`)
  }
}

function warnOfScopes({ path, selectors }: PlacedPolicy, list: ProblemList): void {
  for (const [index, scope] of (selectors.scopes ?? []).entries()) {
    const place = `${path}.registryScopes[${index}]`
    const host = scope.slice(0, scope.indexOf('/'))
    if (host === 'index.docker.io' || host === 'registry-1.docker.io')
      list.warn(
        place,
        'images of Docker Hub are usually referred to by "docker.io", and scopes are compared letter for letter',
      )
    else if (/^docker\.io\/[^/]+$/.test(scope))
      list.warn(place, 'official images of Docker Hub are in "docker.io/library/", and nothing is added')
    if (/[A-Z]/.test(host)) list.warn(place, 'the host is compared letter for letter, upper case included')
    if (host.endsWith(':443') || host.endsWith(':80'))
      list.warn(place, 'a reference without this port is in another scope: nothing is normalised')
  }
}

function warnOfNames(placed: readonly PlacedPolicy[], list: ProblemList): void {
  const names = new Map<string, string>()
  for (const { path, selectors } of placed) {
    const lower = selectors.name.toLowerCase()
    const other = names.get(lower)
    if (other !== undefined && other !== selectors.name)
      list.warn(`${path}.name`, `differs from "${printable(other, 60)}" in letter case only`)
    names.set(lower, selectors.name)
  }
}

/** One weak authority is enough for every policy that shares its store; `*` then trusts all it ever certified. */
function warnOfSharedStores(placed: readonly PlacedPolicy[], list: ProblemList): void {
  const users = new Map<string, number>()
  const policies = placed.flatMap(({ path, policy }) => (policy && !policy.skip ? [{ path, policy }] : []))
  for (const { policy } of policies)
    for (const store of policy.trustStores) users.set(formatStore(store), (users.get(formatStore(store)) ?? 0) + 1)
  for (const { path, policy } of policies) {
    if (!policy.trustedIdentities.some(({ kind }) => kind === 'any')) continue
    const shared = policy.trustStores.find((store) => (users.get(formatStore(store)) ?? 0) > 1)
    const everything = policy.scopes?.includes(globalScope) || policy.globalPolicy
    if (shared)
      list.warn(
        `${path}.trustedIdentities`,
        `"*" trusts everybody whom ${formatStore(shared)} vouches for, and other policies use that store, too; name the signers, or give this policy a store of its own`,
      )
    else if (everything)
      list.warn(
        `${path}.trustedIdentities`,
        '"*" for everything: whoever has a certificate of these stores may sign anything',
      )
  }
}
