// SPDX-License-Identifier: Apache-2.0
// The whole way: sign in a store, verify under a policy, and what has to be refused.
import {
  cose,
  coseDecoder,
  createMemoryStore,
  createMemoryTrustStore,
  createNotarySigner,
  createNotaryVerifier,
  digestBytes,
  type EnvelopeFormat,
  encodeText,
  isOcisignError,
  jws,
  jwsDecoder,
  mediaTypes,
  type NotarySignerOptions,
  notaryAlgorithms,
  parseTrustPolicy,
  signArtifact,
  signBlob,
  verifyArtifact,
  verifyBlob,
  withCertificates,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { describe, expect, test } from 'vitest'

const policyFor = (level = 'strict', more: object = {}) =>
  parseTrustPolicy(
    {
      version: '1.0',
      trustPolicies: [
        {
          name: 'test',
          registryScopes: ['local/app'],
          signatureVerification: { level, ...more },
          trustStores: ['ca:test', 'signingAuthority:test'],
          trustedIdentities: ['x509.subject: C=US, ST=WA, O=Test'],
        },
      ],
    },
    'oci',
  )

async function createScene(algorithm = notaryAlgorithms[0]!) {
  const { key, chain } = await createTestChain({ algorithm, length: 3, subject: 'C=US,ST=WA,O=Test,CN=leaf' })
  const root = chain[chain.length - 1]!
  const store = createMemoryStore({ repository: 'local/app' })
  const bytes = encodeText('{"schemaVersion":2}')
  const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
  await store.push(image, bytes)
  await store.tag(image, 'v1')
  const trustStore = await createMemoryTrustStore({ ca: { test: [root] }, signingAuthority: { test: [root] } })
  const sign = async (format: EnvelopeFormat, options: Partial<NotarySignerOptions> = {}) =>
    signArtifact(store, 'v1', createNotarySigner({ key: withCertificates(key, chain), format, ...options }))
  const verify = (level = 'strict', clock = () => new Date(), more: object = {}) =>
    verifyArtifact(
      store,
      'v1',
      createNotaryVerifier({ policy: policyFor(level, more), trustStore, formats: [jwsDecoder, coseDecoder], clock }),
    )
  return { key, chain, store, image, trustStore, sign, verify }
}

describe.each([
  ['jws', jws],
  ['cose', cose],
] as const)('%s', (_, format) => {
  test.each(notaryAlgorithms)('signs and verifies with $scheme $keyBits', async (algorithm) => {
    const { sign, verify } = await createScene(algorithm)
    await sign(format)
    const verdict = await verify()
    expect(verdict.decision).toBe('verified')
  })

  test('both schemes, expiry, and time', async () => {
    const { sign, verify } = await createScene()
    await sign(format, { signingScheme: 'notary.x509.signingAuthority', expirySeconds: 3600 })
    expect((await verify()).decision).toBe('verified')
    const later = () => new Date(Date.now() + 3601_000)
    await expect(verify('strict', later)).rejects.toMatchObject({ code: 'UNTRUSTED_NO_SIGNATURE' })
    expect((await verify('permissive', later)).decision).toBe('tolerated')
  })

  test('a critical attribute that nobody knows refuses', async () => {
    const { sign, verify } = await createScene()
    await sign(format, { extendedAttributes: [{ key: 'com.example.unknown', value: 'x', critical: true }] })
    const error = await verify().catch((caught: unknown) => caught)
    expect(isOcisignError(error, 'UNTRUSTED_NO_SIGNATURE')).toBe(true)
  })

  test('blobs, by content', async () => {
    const { key, chain, trustStore } = await createScene(notaryAlgorithms[1])
    const signer = createNotarySigner({ key: withCertificates(key, chain), format })
    const content = encodeText('a file')
    const { target, signature } = await signBlob(content, signer, { mediaType: 'text/plain' })
    expect(target.digest).toMatch(/^sha384:/)
    const policy = parseTrustPolicy(
      {
        version: '1.0',
        trustPolicies: [
          {
            name: 'blobs',
            globalPolicy: true,
            signatureVerification: { level: 'strict' },
            trustStores: ['ca:test'],
            trustedIdentities: ['*'],
          },
        ],
      },
      'blob',
    )
    const verifier = createNotaryVerifier({ policy, trustStore, formats: [format] })
    expect((await verifyBlob(content, signature, verifier)).decision).toBe('verified')
    await expect(verifyBlob(encodeText('another'), signature, verifier)).rejects.toMatchObject({
      code: 'UNTRUSTED_TARGET',
    })
  })
})
