// SPDX-License-Identifier: Apache-2.0
// Real signatures with everything around them: a key with its chain, an image in a store, a policy and trust stores.
import {
  cose,
  createMemoryStore,
  createMemoryTrustStore,
  createNotarySigner,
  createNotaryVerifier,
  isOcisignError,
  jws,
  mediaTypes,
  type NotarySignerOptions,
  type NotaryVerifierOptions,
  notaryAlgorithms,
  parseTrustPolicy,
  type SignOptions,
  signArtifact,
  type VerifyOptions,
  verifyArtifact,
  withCertificates,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { expect } from 'vitest'
import { json, put, repository } from '../families.js'

export const formats = [
  ['JWS', jws],
  ['COSE', cose],
] as const

/** ECDSA on P-256: the quickest to make. */
export const p256 = notaryAlgorithms.find(({ scheme, keyBits }) => scheme === 'ECDSA' && keyBits === 256)!

export interface PolicyOptions {
  readonly level?: string
  readonly override?: Readonly<Record<string, string>>
  readonly verifyTimestamp?: string
  readonly trustStores?: readonly string[]
  readonly trustedIdentities?: readonly string[]
}

const statementOf = ({ level = 'strict', override, verifyTimestamp, ...more }: PolicyOptions) => ({
  name: 'test',
  signatureVerification: { level, ...(override && { override }), ...(verifyTimestamp && { verifyTimestamp }) },
  ...(level !== 'skip' && {
    trustStores: more.trustStores ?? ['ca:test', 'signingAuthority:test'],
    trustedIdentities: more.trustedIdentities ?? ['x509.subject: C=US, ST=WA, O=Test'],
  }),
})

export const policyOf = (options: PolicyOptions = {}) =>
  parseTrustPolicy(
    { version: '1.0', trustPolicies: [{ ...statementOf(options), registryScopes: [repository] }] },
    'oci',
  )

export const blobPolicyOf = (options: PolicyOptions = {}) =>
  parseTrustPolicy({ version: '1.0', trustPolicies: [{ ...statementOf(options), globalPolicy: true }] }, 'blob')

export type CallerOptions = PolicyOptions & Partial<NotaryVerifierOptions> & { readonly verify?: VerifyOptions }

export const leafSubject = 'C=US,ST=WA,O=Test,CN=leaf'

/** An image signed by nobody yet, with a key whose root is trusted; `chainOptions` as of `createTestChain`. */
export async function createScene(chainOptions: Parameters<typeof createTestChain>[0] = {}) {
  const { key, chain } = await createTestChain({ algorithm: p256, length: 3, subject: leafSubject, ...chainOptions })
  const root = chain[chain.length - 1]!
  const store = createMemoryStore({ repository })
  const image = await put(store, mediaTypes.imageManifest, json({ schemaVersion: 2 }))
  await store.tag(image, 'v1')
  const trustStore = await createMemoryTrustStore({ ca: { test: [root] }, signingAuthority: { test: [root] } })
  const certified = withCertificates(key, chain)
  const signerOf = (options: Partial<NotarySignerOptions> = {}) =>
    createNotarySigner({ key: certified, format: jws, ...options })
  const verifierOf = ({ verify: _, policy, ...options }: CallerOptions = {}) =>
    createNotaryVerifier({ policy: policy ?? policyOf(options), trustStore, formats: [jws, cose], ...options })
  return {
    key,
    chain,
    certified,
    root,
    store,
    image,
    trustStore,
    signerOf,
    verifierOf,
    sign: (options: Partial<NotarySignerOptions> = {}, signOptions?: SignOptions) =>
      signArtifact(store, 'v1', signerOf(options), signOptions),
    verify: (options: CallerOptions = {}) => verifyArtifact(store, 'v1', verifierOf(options), options.verify),
  }
}

/** The errors of the checks that refused the only signature there is, by check. */
export async function refusedBy(verification: Promise<unknown>): Promise<Readonly<Record<string, string>>> {
  const error = await verification.then(
    () => expect.fail('it was not refused'),
    (error: unknown) => error,
  )
  const first = isOcisignError(error) && 'refusals' in error.details ? error.details.refusals[0]?.error : undefined
  if (!first) throw error
  if (!('refusals' in first.details) || first.details.refusals.length === 0) return { '': first.code }
  return Object.fromEntries(first.details.refusals.map(({ by, error }) => [by, error.code]))
}
