// SPDX-License-Identifier: Apache-2.0
// A registry that an attacker holds, with an image that is signed rightly, and the client that reads it.
import { createFakeRegistry, type FakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import {
  type Accepted,
  type ArtifactStore,
  concatBytes,
  createMemoryTrustStore,
  createNotarySigner,
  createNotaryVerifier,
  type Descriptor,
  type Digest,
  isOcisignError,
  jws,
  mediaTypes,
  notaryAlgorithms,
  parseTrustPolicy,
  signArtifact,
  signatureArtifactType,
  type VerifyOptions,
  verifyArtifact,
  withCertificates,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { createRegistry, type RegistryOptions } from '@ocisign/registry'
import { onTestFinished } from 'vitest'

export const code = (value: string, more: object = {}) => ({ code: value, ...more })
export const text = (value: string) => new TextEncoder().encode(value)

const p256 = notaryAlgorithms.find(({ scheme, keyBits }) => scheme === 'ECDSA' && keyBits === 256)!
const subject = 'C=US,ST=WA,O=Test,CN=leaf'
const { key, chain } = await createTestChain({ algorithm: p256, length: 2, subject })
const trustStore = await createMemoryTrustStore({ ca: { test: [chain.at(-1)!] } })
export const signer = createNotarySigner({ key: withCertificates(key, chain), format: jws })

const other = await createTestChain({ algorithm: p256, length: 2, subject })
/** Has a key that nobody trusts. */
export const stranger = createNotarySigner({ key: withCertificates(other.key, other.chain), format: jws })

export interface SceneOptions {
  readonly server?: FakeRegistryOptions
  readonly client?: RegistryOptions
  /** 1 by default. */
  readonly signatures?: number
  readonly name?: string
}

export interface Scene {
  readonly server: FakeRegistry
  /** What the registry has, without the network. */
  readonly inside: ArtifactStore
  readonly client: ReturnType<typeof createRegistry>
  readonly repository: ReturnType<ReturnType<typeof createRegistry>['repository']>
  readonly image: Descriptor
  verify(reference?: string, options?: VerifyOptions, store?: ArtifactStore): Promise<Accepted<unknown>>
}

/** Verifies signatures of repositories by the trusted key. */
export const verifierFor = (...scopes: readonly string[]) =>
  createNotaryVerifier({
    policy: parseTrustPolicy(
      {
        version: '1.0',
        trustPolicies: [
          {
            name: 'test',
            registryScopes: scopes,
            signatureVerification: { level: 'strict' },
            trustStores: ['ca:test'],
            trustedIdentities: ['x509.subject: C=US, ST=WA, O=Test'],
          },
        ],
      },
      'oci',
    ),
    trustStore,
    formats: [jws],
  })

/** Starts a registry, and signs its image there. */
export async function createScene(options: SceneOptions = {}): Promise<Scene> {
  const { name = 'org/app', signatures = 1 } = options
  const server = await createFakeRegistry(options.server)
  onTestFinished(() => server.close())
  const image = server.seedImage(name, 'v1')
  const inside = server.repository(name)
  for (let count = 0; count < signatures; count += 1) await signArtifact(inside, 'v1', signer)
  const client = createRegistry({
    ...options.client,
    limits: { backoffMilliseconds: 1, ...options.client?.limits },
  })
  const repository = client.repository(`${server.host}/${name}`)
  const verifier = verifierFor(`${server.host}/${name}`)
  return {
    server,
    inside,
    client,
    repository,
    image,
    async verify(reference = 'v1', verifyOptions = {}, store = repository) {
      const verdict = await verifyArtifact(store, reference, verifier, verifyOptions)
      if (verdict.decision !== 'verified') throw new Error(`it was not verified: ${verdict.decision}`)
      return verdict
    },
  }
}

/** `verified`, or the code of the refusal; anything else that is thrown is thrown. */
export async function outcomeOf(verification: Promise<unknown>): Promise<string> {
  try {
    await verification
    return 'verified'
  } catch (error) {
    if (isOcisignError(error)) return error.code
    throw error
  }
}

/** The error that refused it. */
export async function errorOf(verification: Promise<unknown>) {
  try {
    await verification
  } catch (error) {
    if (isOcisignError(error)) return error
    throw error
  }
  throw new Error('it was not refused')
}

/** A manifest that says it is a signature of the image. */
export function junkManifest({ mediaType, digest, size }: Descriptor, note: string, layer?: Descriptor): Uint8Array {
  const empty = { mediaType: mediaTypes.empty, digest: emptyDigest, size: 2 }
  return text(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      artifactType: signatureArtifactType,
      config: empty,
      layers: [layer ?? { ...empty, mediaType: jws.mediaType }],
      subject: { mediaType, digest, size },
      annotations: { note },
    }),
  )
}

export const emptyDigest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' as Digest

/** Puts junk that says it is a signature of the image, as anybody can who may push. */
export function seedJunk(server: FakeRegistry, image: Descriptor, note = 'junk', layer?: Descriptor): Descriptor {
  server.seed('org/app', { bytes: text('{}'), mediaType: mediaTypes.empty })
  return server.seed('org/app', { bytes: junkManifest(image, note, layer), mediaType: mediaTypes.imageManifest })
}

/** What is in the store under a digest. */
export async function bytesOf(store: ArtifactStore, digest: Digest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.fetch({ mediaType: '', digest, size: 0 })) chunks.push(chunk)
  return concatBytes(...chunks)
}

export const pathOf = (reference: string, name = 'org/app') => `/v2/${name}/manifests/${reference}`
