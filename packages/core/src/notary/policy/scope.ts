// SPDX-License-Identifier: Apache-2.0
// Registry scopes (trust-store-trust-policy, OCI trust policy constraints): compared exactly, nothing normalised.
import { OcisignError, printable } from '../../errors.js'
import { parseRepository } from '../../reference.js'

/** The scope that every artifact is in. */
export const globalScope = '*'

/** Says what is wrong with a scope of a policy and what to write instead; undefined where nothing is. */
export function explainScope(scope: string): string | undefined {
  if (isRepository(scope)) return undefined
  return `"${printable(scope, 100)}" is no scope; ${explainMistake(scope)}`
}

/** Tells whether this is a repository that the reference takes for one: it knows no IPv6 literals. */
function isRepository(text: string): boolean {
  if (text.startsWith('[')) return false
  try {
    parseRepository(text)
    return true
  } catch {
    return false
  }
}

function explainMistake(scope: string): string {
  if (scope.includes('*')) return 'wildcards inside a scope do not exist: list repositories in full, or "*" alone'
  const scheme = scope.indexOf('://')
  if (scheme > 0) return `write it without the scheme: "${printable(scope.slice(scheme + 3), 100)}"`
  if (scope.endsWith('/')) return 'a scope is one repository, not what is below a path: leave the "/" at the end away'
  if (scope.includes('@')) return 'write the repository without a digest'
  const slash = scope.indexOf('/')
  if (slash < 1) return 'write the registry, too: "registry.example.com/path" or, for a layout, "local/name"'
  if (scope.includes(':', slash)) return 'write the repository without a tag'
  if (/[A-Z]/.test(scope.slice(slash))) return 'repository paths are in lower case'
  return 'write "registry.example.com/path" in full, as the artifact is pulled'
}

/**
 * Holds the repository of an artifact to the form that scopes have.
 * @throws INVALID_REFERENCE
 */
export function requireRepository(text: string): void {
  if (isRepository(text)) return
  throw new OcisignError('INVALID_REFERENCE', `the scope ${explainScope(text)}`, { reference: printable(text) })
}
