// SPDX-License-Identifier: Apache-2.0
import type { Listed, Signature } from './attachment.js'
import { type DeadlineOptions, withDeadline } from './deadline.js'
import { type Descriptor, targetOf } from './descriptor.js'
import { isDigest } from './digest.js'
import { isOcisignError, OcisignError, type Refusal } from './errors.js'
import { limits } from './limits.js'
import { mapAhead } from './parallel.js'
import { type Judgement, prove, refusalOf, refuseAll, selectNeeded } from './requirement.js'
import { resolveReference } from './resolve.js'
import { type ReadableStore, readAll } from './store.js'
import { type Accepted, accept, type Verdict } from './verdict.js'
import type { ClaimsOf, Requirement, Verifier } from './verifier.js'

/** What every verb on a store accepts. */
export interface VerifyOptions extends DeadlineOptions {
  /** Signatures to judge at most, by each verifier; 100 by default. More than that is UNAVAILABLE_LIMIT, never "unsigned". */
  readonly maxSignatures?: number | undefined
  /** Must be among the user metadata that was signed. */
  readonly userMetadata?: Readonly<Record<string, string>> | undefined
  /** Hears each signature's fate as it is known: for reports, logs and progress. What it throws ends the call. */
  readonly onJudgement?: ((judgement: Judgement) => void) | undefined
}

/**
 * Judges each signature there is, one by one and lazily; the primitive under {@link verifyArtifact}.
 *
 * A signature that cannot be read or does not verify is yielded with its error and does not stop the others. From a store
 * that takes its time, a few are fetched ahead; they are verified one after another, and no more than are asked for.
 * @throws UNAVAILABLE_LIMIT where there are more than `maxSignatures`; whatever a listing that fails throws
 */
export async function* judgeSignatures<C>(
  store: ReadableStore,
  subject: Descriptor,
  verifier: Verifier<C>,
  options: VerifyOptions = {},
): AsyncGenerator<Judgement<C>, void, undefined> {
  const { maxSignatures = limits.signatures, userMetadata, signal } = options
  if (!(Number.isInteger(maxSignatures) && maxSignatures > 0))
    throw new OcisignError('MISUSE_OPTION', 'maxSignatures is a whole number above 0', { option: 'maxSignatures' })
  const target = targetOf(subject, userMetadata)
  const context = { subject: 'artifact', scope: store.repository, signal } as const
  let tried = 0
  const load = async (listed: Listed, signal: AbortSignal | undefined): Promise<Loaded> => {
    if (tried++ >= maxSignatures)
      throw new OcisignError('UNAVAILABLE_LIMIT', `there are more than ${maxSignatures} signatures`, {
        target: target.digest,
        refusals: [],
        retryable: false,
      })
    const manifest = listed.manifest.digest
    if ('error' in listed) return { by: manifest, manifest, mediaType: '', error: listed.error }
    const { digest: by, mediaType } = listed.layer
    try {
      return { by, manifest, mediaType, signature: await listed.load({ signal }) }
    } catch (error) {
      return { by, manifest, mediaType, error }
    }
  }
  const list = (signal: AbortSignal) => verifier.attachment.list(store, subject, { signal })
  for await (const loaded of mapAhead(list, limits.parallelFetches, load, { signal })) {
    const { by, manifest, mediaType } = loaded
    const judged = async () => {
      if ('error' in loaded) throw loaded.error
      return verifier.verify(target, loaded.signature, context)
    }
    const result = await judged().catch((error: unknown) => refusalOf(error, target.digest, signal))
    yield { by, manifest, mediaType, result }
  }
}

/** A signature that was fetched, or the reason why it was not. */
type Loaded = Omit<Judgement, 'result'> & ({ readonly signature: Signature } | { readonly error: unknown })

/**
 * Resolves to proof that the artifact satisfies the requirement, as soon as it does; or throws who refused and why.
 *
 * The reference (a tag or a digest) is resolved once; the target of the proof is what it resolved to. Does not look at
 * the artifact's layers or at the manifests an index holds: {@link verifyArtifactTree} does.
 *
 * @throws UNTRUSTED_NO_SIGNATURE where every answer was a definite no
 * @throws UNAVAILABLE_VERIFICATION where something could not be found out
 * @throws INVALID_CONTENT | INVALID_DESCRIPTOR where the store resolves to what was not asked for
 * @throws UNAVAILABLE_LIMIT | UNAVAILABLE_DEADLINE | UNAVAILABLE_NOT_FOUND | UNTRUSTED_NO_POLICY | MISUSE_SCOPE
 */
export async function verifyArtifact<const R extends Requirement>(
  store: ReadableStore,
  reference: string,
  requirement: R,
  options: VerifyOptions = {},
): Promise<Verdict<ClaimsOf<R>>> {
  const wanted = requirement as unknown as Requirement<ClaimsOf<R>>
  return withDeadline(options, async (signal) => {
    const left = selectNeeded(wanted, { subject: 'artifact', scope: store.repository, signal })
    if ('decision' in left) return left
    const subject = await resolveSubject(store, reference, left, signal)
    return verifyDescriptor(store, subject, left, { ...options, signal, resolvedFrom: reference })
  })
}

/** Resolves what is verified next; where it is known by digest, its signatures may be listed at the same time. */
export function resolveSubject(
  store: ReadableStore,
  reference: string,
  requirement: Requirement,
  signal: AbortSignal,
): Promise<Descriptor> {
  const listsNext = 'verify' in requirement && isDigest(reference) ? requirement.attachment.artifactType : undefined
  return resolveReference(store, reference, { signal, ...(listsNext !== undefined && { listsNext }) })
}

/** Verifies what is already resolved; `requirement` holds only what is needed. Internal to the verbs. */
export async function verifyDescriptor<C>(
  store: ReadableStore,
  subject: Descriptor,
  requirement: Requirement<C>,
  options: VerifyOptions & { readonly resolvedFrom?: string | undefined },
): Promise<Accepted<C>> {
  const refusals: Refusal[] = []
  let objection: { readonly error: unknown } | undefined
  const refuse = (by: string, error: unknown) => {
    // The caller's own error is no answer about a signature.
    if (objection) throw objection.error
    refusals.push({ by, error: refusalOf(error, subject.digest, options.signal) })
  }
  const report = (judgement: Judgement) => {
    try {
      options.onJudgement?.(judgement)
    } catch (error) {
      objection = { error }
      throw error
    }
  }
  const judge = async function* (verifier: Verifier<C>) {
    for await (const judgement of judgeSignatures(store, subject, verifier, options)) {
      report(judgement)
      yield judgement
    }
  }
  const proofs = await prove(requirement, judge, refuse)
  if (proofs) return accept(targetOf(subject, options.userMetadata), proofs, refusals)
  const refusal = refuseAll(subject.digest, refusals)
  const { resolvedFrom, signal } = options
  if (resolvedFrom === undefined || !isHearsay(resolvedFrom, refusal, refusals)) throw refusal
  await readAll(store, subject, { signal }).catch((error: unknown) => refuse(subject.digest, error))
  throw refuseAll(subject.digest, refusals)
}

/**
 * A store's word for what a tag names and how long it is is enough for a proof, which says of what it is. For a no it is
 * not: a digest that nobody has has no signatures, and none is over a size that is not its own.
 */
const isHearsay = (reference: string, refusal: OcisignError, refusals: readonly Refusal[]) =>
  refusal.code === 'UNTRUSTED_NO_SIGNATURE' &&
  (!isDigest(reference) || refusals.some(({ error }) => isOcisignError(error, 'UNTRUSTED_TARGET')))
