// SPDX-License-Identifier: Apache-2.0
// Two made-up families of signatures, for what holds of all of them: a signature says who made it, a verifier trusts some.
import {
  type Accepted,
  type ArtifactStore,
  type Attachment,
  conclude,
  createMemoryStore,
  type Descriptor,
  defineLevel,
  digestBytes,
  encodeText,
  isOcisignError,
  mediaTypes,
  OcisignError,
  type Outcome,
  type Requirement,
  readAll,
  type Signer,
  signArtifact,
  type Target,
  type TrustContext,
  type Verdict,
  type Verifier,
} from '@ocisign/core'
import { expect } from 'vitest'

export const passed: Outcome = { status: 'passed' }
export const json = (value: unknown) => encodeText(JSON.stringify(value))
export const code = (value: string, more: object = {}) => ({ code: value, ...more })
/** What a terminal obeys or a log viewer hides. */
export const unprintable = /[\p{Cc}\p{Cf}]/u
export const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it did not reject'),
    (error: unknown) => error,
  )

export async function put(
  store: ArtifactStore,
  mediaType: string,
  bytes: Uint8Array,
  extra: Partial<Descriptor> = {},
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.length, ...extra }
  await store.push(descriptor, bytes)
  return descriptor
}

/** Signatures as referrers, one in each manifest. */
export const referrersAttachment: Attachment = {
  family: 'referrers',
  async attach(store, subject, { mediaType, bytes }) {
    const layer = await put(store, mediaType, bytes)
    const { digest, size } = subject
    const document = {
      artifactType: 'test/signature',
      layers: [layer],
      subject: { mediaType: subject.mediaType, digest, size },
    }
    return { layer, manifest: await put(store, mediaTypes.imageManifest, json(document)) }
  },
  async *list(store, subject, options) {
    for await (const manifest of store.referrers(subject, { ...options, artifactType: 'test/signature' })) {
      const [layer] = JSON.parse(new TextDecoder().decode(await readAll(store, manifest))).layers
      yield {
        manifest,
        layer,
        load: async (given) => ({ mediaType: layer.mediaType, bytes: await readAll(store, layer, given) }),
      }
    }
  },
}

const tagOf = ({ digest }: Target) => `${digest.replace(':', '-')}.sig`

/** Signatures as layers of one manifest, which a tag names. */
export const tagAttachment: Attachment = {
  family: 'tag',
  async attach(store, subject, { mediaType, bytes }) {
    const layer = await put(store, mediaType, bytes)
    const layers: Descriptor[] = []
    for await (const listed of tagAttachment.list(store, subject)) if ('layer' in listed) layers.push(listed.layer)
    const manifest = await put(store, mediaTypes.imageManifest, json({ layers: [...layers, layer] }))
    await store.tag(manifest, tagOf(subject))
    return { manifest, layer }
  },
  async *list(store, subject) {
    let manifest: Descriptor
    try {
      manifest = await store.resolve(tagOf(subject))
    } catch (error) {
      if (isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')) return
      throw error
    }
    for (const layer of JSON.parse(new TextDecoder().decode(await readAll(store, manifest))).layers as Descriptor[])
      yield {
        manifest,
        layer,
        load: async () => ({ mediaType: layer.mediaType, bytes: await readAll(store, layer) }),
      }
  },
}

export interface Said {
  readonly who: string
  readonly over: Target
  readonly scope?: string
  readonly note?: string
  /** How the revocation check turns out. */
  readonly late?: 'failed' | 'inconclusive'
}

export const signerOf = (
  who: string,
  attachment: Attachment = referrersAttachment,
  more: Partial<Said> = {},
): Signer => ({
  attachment,
  digestAlgorithm: 'sha384',
  sign: async (over, context) => ({
    mediaType: 'test/said',
    bytes: json({ who, over, ...(context?.scope && { scope: context.scope }), ...more }),
  }),
})

export const strict = defineLevel('enforce', { expiry: 'enforce', revocation: 'enforce' })
export const audit = defineLevel('log', { expiry: 'log', revocation: 'log' })

export interface TestVerifier<C> extends Verifier<C> {
  /** The contexts of the calls so far. */
  readonly calls: TrustContext[]
}

interface VerifierOptions {
  readonly attachment?: Attachment
  readonly level?: typeof strict
  /** A scope or policy name that asks for no signature. */
  readonly skip?: string
  readonly needsScope?: boolean
  readonly validUntil?: Date
}

export function verifierOf<C = { readonly kind: 'said' }>(
  trusts: readonly string[],
  options: VerifierOptions = {},
  claims: (said: Said) => C = () => ({ kind: 'said' }) as C,
): TestVerifier<C> {
  const { attachment = referrersAttachment, level = strict, skip, needsScope, validUntil } = options
  const calls: TrustContext[] = []
  return {
    calls,
    attachment,
    digestAlgorithm: () => 'sha384',
    exemption(context) {
      if (needsScope && context.scope === undefined)
        throw new OcisignError('MISUSE_SCOPE', 'policies select by scope', { policies: ['p'] })
      const selector = context.scope ?? context.policyName
      return skip !== undefined && selector === skip ? { decision: 'not-required', policy: 'skip' } : undefined
    },
    async verify(target, { bytes, mediaType }, context) {
      calls.push(context)
      let said: Said
      try {
        said = JSON.parse(new TextDecoder().decode(bytes))
      } catch (cause) {
        throw new OcisignError('INVALID_ENVELOPE', 'not an envelope', { mediaType }, { cause })
      }
      const { over } = said
      const matches =
        over.digest === target.digest &&
        over.size === target.size &&
        (target.mediaType === undefined || over.mediaType === target.mediaType) &&
        Object.entries(target.annotations ?? {}).every(([name, value]) => over.annotations?.[name] === value)
      const is = (good: boolean): Outcome =>
        good
          ? passed
          : { status: 'failed', error: new OcisignError('UNTRUSTED_INTEGRITY', 'it says no', { algorithm: '' }) }
      const down = new OcisignError('UNAVAILABLE_STORE', 'down', { retryable: true })
      return conclude({
        target,
        identity: said.who,
        claims: claims(said),
        level,
        validUntil,
        outcomes: {
          integrity: is(matches),
          authenticity: is(trusts.includes(said.who)),
          expiry: passed,
          revocation: said.late ? { status: said.late, error: down } : passed,
        },
      })
    },
  }
}

export const repository = 'example.com/app'

/** A store with an image tagged v1, signed by each. */
export async function setup(...signers: readonly Signer[]) {
  const store = createMemoryStore({ repository })
  const subject = await put(store, mediaTypes.imageManifest, json({ schemaVersion: 2 }))
  await store.tag(subject, 'v1')
  const layers: Descriptor[] = []
  for (const signer of signers) layers.push((await signArtifact(store, 'v1', signer)).layer)
  return { store, subject, layers }
}

/** The same store, but for content that was exchanged. */
export const exchanging = (store: ArtifactStore, contents: Readonly<Record<string, Uint8Array>>): ArtifactStore => ({
  ...store,
  fetch: async (target, options) => {
    const bytes = contents[target.digest]
    if (!bytes) return store.fetch(target, options)
    return (async function* () {
      yield bytes
    })()
  },
})

export function accepted<C>(verdict: Verdict<C>): Accepted<C> {
  if (verdict.decision === 'not-required') expect.fail('nothing was required')
  return verdict
}

/** What a requirement of any shape may be in a test that bypasses types. */
export const anyRequirement = (value: unknown) => value as Requirement
