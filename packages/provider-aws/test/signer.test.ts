// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto'
import { Signer } from '@aws-sdk/client-signer'
import { createFakeAwsSigner } from '@ocisign/conformance/aws-signer'
import {
  createMemoryStore,
  createMemoryTrustStore,
  createNotaryVerifier,
  digestBytes,
  encodePayload,
  encodeText,
  isOcisignError,
  jws,
  mediaTypes,
  parseCertificate,
  parseTrustPolicy,
  signArtifact,
  verifyArtifact,
} from '@ocisign/core'
import { type AwsSignerOptions, createAwsSigner, createAwsSignerExtension } from '@ocisign/provider-aws/signer'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { matchesProfile, parseProfileArn } from '../src/signer/arn.js'

const service = await createFakeAwsSigner()
const clientOf = (endpoint: string) =>
  new Signer({
    region: 'us-east-1',
    endpoint,
    disableHostPrefix: true,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })
const client = clientOf(service.origin)
const { profileArn, profileVersionArn } = service
const retry = { wait: async () => undefined }
const signerOf = (options: Partial<AwsSignerOptions> = {}) =>
  createAwsSigner({ client, profileArn, format: jws, retry, ...options })
const trustStore = await createMemoryTrustStore({ signingAuthority: { aws: [service.authority.certificate] } })
const extensions = [createAwsSignerExtension({ client })]
afterEach(() => {
  service.recover()
  service.substitute((payload) => payload)
})
afterAll(() => service.close())

async function createImage() {
  const store = createMemoryStore({ repository: 'example.com/app' })
  const bytes = encodeText('{"schemaVersion":2,"layers":[]}')
  const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
  await store.push(image, bytes)
  await store.tag(image, 'v1')
  return store
}

interface PolicyChanges {
  readonly trustedIdentities?: readonly string[]
  readonly override?: Readonly<Record<string, string>>
  readonly extensions?: typeof extensions
}

const verifierOf = ({ trustedIdentities = [profileArn], override, ...more }: PolicyChanges = {}) =>
  createNotaryVerifier({
    policy: parseTrustPolicy(
      {
        version: '1.0',
        trustPolicies: [
          {
            name: 'aws',
            registryScopes: ['*'],
            signatureVerification: { level: 'strict', ...(override && { override }) },
            trustStores: ['signingAuthority:aws'],
            trustedIdentities: [...trustedIdentities],
          },
        ],
      },
      'oci',
    ),
    trustStore,
    formats: [jws],
    extensions: more.extensions ?? extensions,
  })

const codesOf = (error: unknown): readonly string[] =>
  isOcisignError(error)
    ? [
        error.code,
        ...codesOf(error.cause),
        ...((error.details as { refusals?: { error: unknown }[] }).refusals ?? []).flatMap(({ error }) =>
          codesOf(error),
        ),
      ]
    : []
const outcomeOf = (call: Promise<unknown>) =>
  call.then(
    () => ['fine'],
    (error: unknown) => codesOf(error),
  )

describe('createAwsSigner', () => {
  test('signs, and the signature is verified without any plugin', async () => {
    const store = await createImage()
    const { manifest } = await signArtifact(store, 'v1', signerOf(), { userMetadata: { build: '7' } })
    expect(manifest.annotations).toMatchObject({ 'com.example.job': '1' })
    const verdict = await verifyArtifact(store, 'v1', verifierOf(), { userMetadata: { build: '7' } })
    expect(verdict.decision).toBe('verified')
  })

  test('asks what is revoked by the hashes that the service wants', async () => {
    const store = await createImage()
    await signArtifact(store, 'v1', signerOf())
    await verifyArtifact(store, 'v1', verifierOf())
    const question = service.questions.at(-1)!
    const hashes = question.getAll('certificateHashes')
    expect(hashes).toHaveLength(3)
    const root = createHash('sha384').update(parseCertificate(service.authority.certificate).tbs).digest('hex')
    expect(hashes[2]).toBe(root + root)
    expect(hashes[1]).toBe(`${hashes[0]!.slice(96)}${root}`)
    expect(question.get('platformId')).toBe('Notation-OCI-SHA384-ECDSA')
    expect(question.get('profileVersionArn')).toBe(profileVersionArn)
    expect(new X509Certificate(service.authority.certificate).subject).toBeTruthy()
  })

  test('refuses an envelope of something else', async () => {
    service.substitute(() => encodePayload({ mediaType: 'text/plain', digest: `sha256:${'0'.repeat(64)}`, size: 1 }))
    expect(await outcomeOf(signArtifact(await createImage(), 'v1', signerOf()))).toContain('UNTRUSTED_TARGET')
  })

  test.each([
    ['ThrottlingException', 429, 'UNAVAILABLE_KEY', 4],
    ['InternalServiceErrorException', 500, 'UNAVAILABLE_KEY', 4],
    ['AccessDeniedException', 403, 'DENIED_KEY', 1],
    ['ResourceNotFoundException', 404, 'UNAVAILABLE_KEY', 1],
    ['ValidationException', 400, 'UNAVAILABLE_KEY', 1],
  ])('says what %s means', async (type, status, code, times) => {
    const store = await createImage()
    const before = service.requests.length
    service.fail({ status, headers: { 'x-amzn-errortype': type }, body: { message: 'no' } })
    expect(await outcomeOf(signArtifact(store, 'v1', signerOf()))).toContain(code)
    expect(service.requests.length - before).toBe(times)
  })

  test.each([
    'arn:aws:signer:us-east-1:123456789012:/signing-profiles/release/0Ab1Cd2Ef3',
    'arn:aws:kms:us-east-1:123456789012:key/release',
    'release',
    '',
  ])('refuses the profile "%s"', (arn) => {
    expect(() => signerOf({ profileArn: arn })).toThrowError(expect.objectContaining({ code: 'MISUSE_OPTION' }))
  })
})

describe('createAwsSignerExtension', () => {
  const signed = createImage().then(async (store) => {
    await signArtifact(store, 'v1', signerOf())
    return store
  })
  const verify = async (changes?: PolicyChanges) => outcomeOf(verifyArtifact(await signed, 'v1', verifierOf(changes)))

  test('is needed', async () => {
    expect(await verify({ extensions: [] })).toContain('UNSUPPORTED_ATTRIBUTE')
  })

  test.each([
    ['the profile', [profileArn], 'fine'],
    ['the profile in other letters', [profileArn.toUpperCase().replace('ARN:AWS:SIGNER', 'arn:aws:signer')], 'fine'],
    ['its version', [profileVersionArn], 'fine'],
    ['another version', [`${profileArn}/other`], 'UNTRUSTED_IDENTITY'],
    ['another profile', [`${profileArn}x`], 'UNTRUSTED_IDENTITY'],
    ['a profile that this one begins with', [profileArn.slice(0, -1)], 'UNTRUSTED_IDENTITY'],
    ['the subject of the certificate', ['x509.subject: C=US, ST=WA, O=Test'], 'UNTRUSTED_IDENTITY'],
    ['everybody', ['*'], 'UNTRUSTED_IDENTITY'],
  ])('knows who is trusted: %s', async (_, trustedIdentities, expected) => {
    expect(await verify({ trustedIdentities })).toContain(expected)
  })

  test('says that it could not ask, never that all is well', async () => {
    const store = await signed
    service.fail({ status: 500, body: {} }, { path: /revocations/ })
    expect(await outcomeOf(verifyArtifact(store, 'v1', verifierOf()))).toContain('UNAVAILABLE_REVOCATION')
  })

  test('does not take an answer that says nothing for one that says that nothing is revoked', async () => {
    const store = await signed
    service.fail({ status: 200, body: {} }, { path: /revocations/ })
    expect(await outcomeOf(verifyArtifact(store, 'v1', verifierOf()))).toContain('UNAVAILABLE_REVOCATION')
    service.recover()
    service.fail({ status: 200, body: { revokedEntities: [] } }, { path: /revocations/ })
    expect(await verify()).toEqual(['fine'])
  })

  test('asks nobody where the policy skips revocation', async () => {
    const before = service.questions.length
    expect(await verify({ override: { revocation: 'skip' } })).toEqual(['fine'])
    expect(service.questions.length).toBe(before)
  })

  test('refuses what AWS says is revoked', async () => {
    const other = await createFakeAwsSigner()
    const otherClient = clientOf(other.origin)
    const store = await createImage()
    await signArtifact(store, 'v1', createAwsSigner({ client: otherClient, profileArn: other.profileArn, format: jws }))
    other.revoke(other.profileVersionArn)
    const verifier = createNotaryVerifier({
      policy: parseTrustPolicy(
        {
          version: '1.0',
          trustPolicies: [
            {
              name: 'aws',
              registryScopes: ['*'],
              signatureVerification: { level: 'strict' },
              trustStores: ['signingAuthority:aws'],
              trustedIdentities: [other.profileArn],
            },
          ],
        },
        'oci',
      ),
      trustStore: await createMemoryTrustStore({ signingAuthority: { aws: [other.authority.certificate] } }),
      formats: [jws],
      extensions: [createAwsSignerExtension({ client: otherClient })],
    })
    expect(await outcomeOf(verifyArtifact(store, 'v1', verifier))).toContain('UNTRUSTED_REVOKED')
    await other.close()
  })

  test('is not asked about a chain that reaches no anchor', async () => {
    const before = service.questions.length
    const stranger = await createFakeAwsSigner()
    const store = await createImage()
    const strangerClient = clientOf(stranger.origin)
    await signArtifact(store, 'v1', createAwsSigner({ client: strangerClient, profileArn, format: jws }))
    expect(await outcomeOf(verifyArtifact(store, 'v1', verifierOf()))).toContain('UNTRUSTED_ANCHOR')
    expect(service.questions.length).toBe(before)
    await stranger.close()
  })
})

test('ARNs of profiles are read strictly', () => {
  expect(parseProfileArn(profileVersionArn)).toMatchObject({
    account: '123456789012',
    name: 'release',
    version: '0Ab1Cd2Ef3',
  })
  for (const text of ['', '*', `${profileArn}/`, `${profileArn}/a/b`, `x${profileArn}`, `${profileArn}\n`])
    expect(parseProfileArn(text)).toBeUndefined()
  // One that is signed by no version in particular is signed by nobody.
  expect(matchesProfile(profileArn, profileArn)).toBe(false)
})
