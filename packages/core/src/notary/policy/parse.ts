// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError, printable } from '../../errors.js'
import { parseJson } from '../../json.js'
import { limits } from '../../limits.js'
import type { TrustPolicyDocument, TrustPolicyKind } from './document.js'
import { createProblemList, describeValue, type ProblemList, readMembers, summarizeErrors } from './problems.js'
import { type PlacedPolicy, readPolicy } from './statement.js'

const maxPolicies = 1000

/** What {@link examineTrustPolicy} found. */
export interface Examination {
  readonly list: ProblemList
  /** What could be read; a document with errors is not to be used. */
  readonly placed: readonly PlacedPolicy[]
}

/**
 * Reads a trust policy document: the JSON of `trustpolicy.oci.json` (or `trustpolicy.json`) and `trustpolicy.blob.json`,
 * or what was parsed from it (trust-store-trust-policy, version 1.0).
 *
 * The schema is closed: a member that is not known, or is known in another case, is an error, as a limit that somebody
 * believes in must never be ignored. All problems are collected. Does not look into the trust stores.
 * @throws INVALID_TRUST_POLICY with every problem: where, what, and what to do
 *
 * @example
 * ```ts
 * import { parseTrustPolicy, selectPolicy } from '@ocisign/core'
 *
 * const document = parseTrustPolicy(
 *   {
 *     version: '1.0',
 *     trustPolicies: [
 *       {
 *         name: 'ours',
 *         registryScopes: ['registry.example.com/app'],
 *         signatureVerification: { level: 'strict' },
 *         trustStores: ['ca:acme'],
 *         trustedIdentities: ['x509.subject: C=US, ST=WA, O=Acme'],
 *       },
 *     ],
 *   },
 *   'oci',
 * )
 * console.log(selectPolicy(document, { scope: 'registry.example.com/app' }).level.name)
 * ```
 */
export function parseTrustPolicy(input: unknown, kind: TrustPolicyKind): TrustPolicyDocument {
  const { list, placed } = examineTrustPolicy(input, kind)
  const summary = summarizeErrors(list.problems)
  if (summary !== undefined)
    throw new OcisignError('INVALID_TRUST_POLICY', `the ${kind} trust policy cannot be used: ${summary}`, {
      problems: list.problems,
    })
  return Object.freeze({ kind, version: '1.0', policies: Object.freeze(placed.flatMap(({ policy }) => policy ?? [])) })
}

/** Reads a document as far as it goes, and collects what is wrong with it; never throws. */
export function examineTrustPolicy(input: unknown, kind: TrustPolicyKind): Examination {
  const list = createProblemList()
  const placed: PlacedPolicy[] = []
  const content = input instanceof Uint8Array || typeof input === 'string' ? readJson(input, list) : { value: input }
  const members = content && readMembers(content.value, '', ['version', 'trustPolicies'], list)
  if (!members) return { list, placed }
  if (!members.has('version')) list.error('version', 'is missing; write "1.0"')
  else if (members.get('version') !== '1.0')
    list.error('version', `is ${describeValue(members.get('version'))}; only "1.0" is known`)
  const statements = members.get('trustPolicies')
  if (!Array.isArray(statements) || statements.length === 0)
    list.error('trustPolicies', members.has('trustPolicies') ? 'is not a list with at least one policy' : 'is missing')
  else if (statements.length > maxPolicies)
    list.error('trustPolicies', `has ${statements.length} policies; at most ${maxPolicies} are read`)
  else
    for (const [index, statement] of statements.entries()) {
      const read = readPolicy(statement, `trustPolicies[${index}]`, kind, list)
      if (read) placed.push(read)
    }
  examineTogether(placed, list)
  return { list, placed }
}

function readJson(input: Uint8Array | string, list: ProblemList): { readonly value: unknown } | undefined {
  if (input.length > limits.documentBytes) {
    list.error('', `the document is longer than ${limits.documentBytes} bytes`)
    return undefined
  }
  try {
    return { value: parseJson(input, { what: 'the document' }) }
  } catch (error) {
    list.error(
      '',
      `${isOcisignError(error) ? error.message : 'the document is not valid JSON'}${findMistake(input, error)}`,
    )
    return undefined
  }
}

/** Where the JSON is broken, as far as the platform says. */
function findMistake(input: Uint8Array | string, error: unknown): string {
  const cause = (error as { cause?: unknown }).cause
  const position = cause instanceof SyntaxError ? Number(/position (\d+)/.exec(cause.message)?.[1]) : Number.NaN
  if (!Number.isInteger(position)) return ''
  const before = (typeof input === 'string' ? input : new TextDecoder().decode(input)).slice(0, position + 1)
  if (before.startsWith('\ufeff')) return ': it begins with a byte order mark; save it without one'
  const lines = before.slice(0, -1).split('\n')
  const comment = before.endsWith('/') ? '; JSON has no comments' : ''
  return ` at line ${lines.length}, column ${lines.at(-1)!.length + 1}${comment}`
}

/** The rules between policies. */
function examineTogether(placed: readonly PlacedPolicy[], list: ProblemList): void {
  const names = new Map<string, string>()
  const scopes = new Map<string, string>()
  let global: string | undefined
  for (const { path, selectors } of placed) {
    const { name } = selectors
    const other = names.get(name)
    if (other !== undefined) list.error(`${path}.name`, `"${printable(name, 60)}" is also the name of ${other}`)
    else if (name !== '') names.set(name, path)
    for (const [index, scope] of (selectors.scopes ?? []).entries()) {
      const taken = scopes.get(scope)
      const place = `${path}.registryScopes[${index}]`
      if (taken !== undefined)
        list.error(place, `"${printable(scope, 100)}" is also at ${taken}; a scope belongs to one policy`)
      else scopes.set(scope, place)
    }
    if (selectors.globalPolicy && global !== undefined)
      list.error(`${path}.globalPolicy`, `is also true at ${global}; only one policy is the global one`)
    if (selectors.globalPolicy) global ??= path
  }
}
