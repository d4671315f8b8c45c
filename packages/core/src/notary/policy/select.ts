// SPDX-License-Identifier: Apache-2.0
import { OcisignError, printable } from '../../errors.js'
import type { TrustPolicy, TrustPolicyDocument } from './document.js'
import { globalScope, requireRepository } from './scope.js'

/** What a policy is selected by: an artifact's repository, or the name of a blob policy. */
export interface PolicyContext {
  /** `host[:port]/path`, exactly as the policies name it. */
  readonly scope?: string | undefined
  readonly policyName?: string | undefined
}

/**
 * Selects the one policy that applies (trust-store-trust-policy, selecting a trust policy): for an artifact the one
 * that lists its repository, letter for letter, else the one for `*`; for a blob the one of that name, else, where none
 * is named, the global one.
 *
 * @throws UNTRUSTED_NO_POLICY where none applies
 * @throws MISUSE_SCOPE where policies are for repositories, and which one this is was not said
 * @throws MISUSE_OPTION where an artifact's policies are asked for a name, or a blob's for a repository
 * @throws INVALID_REFERENCE where the repository has no form that a scope could have
 */
export function selectPolicy(document: TrustPolicyDocument, context: PolicyContext): TrustPolicy {
  return document.kind === 'oci' ? selectByScope(document, context) : selectByName(document, context)
}

function selectByScope({ policies }: TrustPolicyDocument, { scope, policyName }: PolicyContext): TrustPolicy {
  if (policyName !== undefined)
    throw misuse('policyName', 'policies for artifacts are selected by repository, not by name')
  if (scope !== undefined) {
    const exact = policies.find(({ scopes }) => scopes?.includes(scope))
    if (exact && scope !== globalScope) return exact
    requireRepository(scope)
  }
  const others = policies.find(({ scopes }) => scopes?.includes(globalScope))
  if (scope === undefined) {
    const named = policies.filter((policy) => policy !== others).map(({ name }) => name)
    if (others && named.length === 0) return others
    throw new OcisignError(
      'MISUSE_SCOPE',
      'the trust policies are for repositories; say in which one (host/path) this artifact counts as being',
      { policies: named },
    )
  }
  if (others) return others
  throw new OcisignError(
    'UNTRUSTED_NO_POLICY',
    `no trust policy is for "${printable(scope)}": none lists it in registryScopes, and none is for "*"`,
    { scope },
  )
}

function selectByName({ policies }: TrustPolicyDocument, { scope, policyName }: PolicyContext): TrustPolicy {
  if (scope !== undefined) throw misuse('scope', 'policies for blobs are selected by name, not by repository')
  if (policyName !== undefined && policyName.trim() === '') throw misuse('policyName', 'a policy name is not empty')
  const selected = policies.find(({ name, globalPolicy }) =>
    policyName === undefined ? globalPolicy === true : name === policyName,
  )
  if (selected) return selected
  if (policyName === undefined)
    throw new OcisignError('UNTRUSTED_NO_POLICY', 'no blob trust policy is the global one; name the policy to use', {})
  const name = printable(policyName)
  throw new OcisignError('UNTRUSTED_NO_POLICY', `there is no blob trust policy "${name}"`, { policyName: name })
}

const misuse = (option: string, why: string) => new OcisignError('MISUSE_OPTION', why, { option })

/** What became of one policy when another or none was selected. */
export interface PolicySelection {
  readonly policy: string
  readonly selected: boolean
  /** Why, or why not, for people. */
  readonly reason: string
}

/**
 * Says of each policy whether it applies and why, in the order of the document; none may apply.
 * @throws MISUSE_SCOPE | MISUSE_OPTION | INVALID_REFERENCE as {@link selectPolicy} does
 */
export function explainPolicySelection(
  document: TrustPolicyDocument,
  context: PolicyContext,
): readonly PolicySelection[] {
  const selected = findPolicy(document, context)
  return document.policies.map((policy) => ({
    policy: policy.name,
    selected: policy === selected,
    reason:
      document.kind === 'oci'
        ? explainScopes(policy, selected, context.scope)
        : explainName(policy, selected, context.policyName),
  }))
}

function findPolicy(document: TrustPolicyDocument, context: PolicyContext): TrustPolicy | undefined {
  try {
    return selectPolicy(document, context)
  } catch (error) {
    if ((error as OcisignError).code === 'UNTRUSTED_NO_POLICY') return undefined
    throw error
  }
}

function explainScopes(policy: TrustPolicy, selected: TrustPolicy | undefined, scope: string | undefined): string {
  const scopes = policy.scopes ?? []
  const isGlobal = scopes.includes(globalScope)
  if (policy === selected) return isGlobal ? 'it is for "*", and no policy lists the repository' : `it lists "${scope}"`
  if (isGlobal) return `it is for "*", and "${printable(selected?.name ?? '')}" lists the repository itself`
  const near = scopes.find((each) => looksLike(each, scope ?? ''))
  if (near === undefined) return 'it does not list the repository'
  return `it lists "${near}", which is not the same: scopes are compared letter for letter`
}

/** Two repositories that a person may take for one. */
function looksLike(scope: string, repository: string): boolean {
  const [a, b] = [simplify(scope), simplify(repository)]
  return a === b || b.startsWith(`${a}/`)
}

const simplify = (repository: string) =>
  repository
    .toLowerCase()
    .replace(/^(?:index|registry-1)\.docker\.io\//, 'docker.io/')
    .replace(/^docker\.io\/library\//, 'docker.io/')
    .replace(/:(?:443|80)\//, '/')

function explainName(policy: TrustPolicy, selected: TrustPolicy | undefined, name: string | undefined): string {
  if (policy === selected) return name === undefined ? 'no policy is named, and it is the global one' : 'it is named'
  if (name === undefined) return 'no policy is named, and it is not the global one'
  if (policy.name.toLowerCase() === name.toLowerCase()) return 'its name differs in letter case'
  return policy.globalPolicy ? 'it is the global one, but another is named' : 'another is named'
}
