// SPDX-License-Identifier: Apache-2.0
// Trust policy documents for tests.
import { isOcisignError, type Problem } from '../../../src/index.js'
import { parseTrustPolicy } from '../../../src/notary/policy/parse.js'

/** A policy that is as it should be, with changes; `undefined` leaves a member out. */
export const statement = (changes: Readonly<Record<string, unknown>> = {}) =>
  withoutUndefined({
    name: 'ours',
    registryScopes: ['registry.example.com/app'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=Acme'],
    ...changes,
  })

/** The same for blobs. */
export const blobStatement = (changes: Readonly<Record<string, unknown>> = {}) =>
  statement({ registryScopes: undefined, ...changes })

export const documentOf = (...trustPolicies: unknown[]) => ({ version: '1.0', trustPolicies })

const withoutUndefined = (object: object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

/** The problems of a document that must not be read. */
export function problemsOf(input: unknown, kind: 'oci' | 'blob' = 'oci'): readonly Problem[] {
  try {
    parseTrustPolicy(input, kind)
  } catch (error) {
    if (isOcisignError(error, 'INVALID_TRUST_POLICY')) return error.details.problems
    throw error
  }
  return []
}

/** Where the errors of a document are. */
export const errorPaths = (input: unknown, kind: 'oci' | 'blob' = 'oci') =>
  problemsOf(input, kind).flatMap(({ path, severity }) => (severity === 'error' ? [path] : []))
