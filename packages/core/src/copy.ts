// SPDX-License-Identifier: Apache-2.0
import type { Lost } from './copy/collect.js'
import { confirmReferrers, withoutTakenTags, writeTag, writeTags } from './copy/confirm.js'
import { type Plan, planCopy } from './copy/plan.js'
import { blobsOf, type CopyProgress, findPresent, statedOf, writePlan } from './copy/write.js'
import { type DeadlineOptions, withDeadline } from './deadline.js'
import type { Descriptor } from './descriptor.js'
import type { Digest } from './digest.js'
import { isOcisignError, OcisignError, printable } from './errors.js'
import { limits } from './limits.js'
import type { ReadBackOptions } from './read-back.js'
import { isTag } from './reference.js'
import { resolveReference } from './resolve.js'
import type { ArtifactStore, ReadableStore } from './store.js'
import { requireCount } from './tree.js'
import type { NotRequired, Verdict } from './verdict.js'
import type { Requirement } from './verifier.js'
import { type VerifyOptions, verifyArtifact } from './verify.js'
import { type TreeAccepted, verifyArtifactTree } from './verify-tree.js'

/** What {@link copyArtifact} accepts; the deadline is 30 minutes by default. */
export interface CopyOptions extends DeadlineOptions, ReadBackOptions {
  /** What the destination calls it; the reference where that is a tag, nothing where that is a digest. */
  readonly tag?: string | undefined
  /** Of an index, only what is for these: exact, `linux/amd64`. A tag that is named then needs exactly one. */
  readonly platforms?: readonly string[] | undefined
  /** With what refers to it, and to that; by default. */
  readonly referrers?: boolean | undefined
  /** With what cosign finds by tags, `sha256-HEX.sig`, `.att` and `.sbom`; by default where referrers are copied. */
  readonly cosignTags?: boolean | undefined
  /**
   * Copies also where something that belongs to the artifact cannot be had at the destination: a signature perhaps.
   * What `platforms` and `referrers` leave out is asked for, and needs no more saying; but what refers to the index that
   * platforms are taken from is a loss, unless each of these has something of that type itself.
   */
  readonly allowLoss?: boolean | undefined
  /** Finds out what would be copied and lost, and writes nothing; fails where the copy would. */
  readonly dryRun?: boolean | undefined
  /** Has to hold at the source, or nothing is written; of an index copied in part, for each manifest that is copied. */
  readonly sourceRequirement?: Requirement | undefined
  /** Has to hold at the destination, or the tag is not written. */
  readonly destinationRequirement?: Requirement | undefined
  /** For both. */
  readonly verifyOptions?: Pick<VerifyOptions, 'maxSignatures' | 'userMetadata' | 'deadlineMilliseconds'> | undefined
  /** Levels of indexes, and of referrers; 4 by default. */
  readonly maxDepth?: number | undefined
  /** Manifests at most, all together; 1,000 by default. */
  readonly maxManifests?: number | undefined
  /** Blobs or manifests copied at the same time; 4 by default. */
  readonly concurrency?: number | undefined
  /** Hears of each blob and manifest. What it throws ends the call. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined
}

/** What was copied, and what was not. */
export interface CopyReport {
  /** What the reference resolved to. */
  readonly root: Descriptor
  /** What is at the destination for it: the same, or the manifests of the platforms. */
  readonly selected: readonly Descriptor[]
  /** The tag that was written, or would be. */
  readonly tag?: string
  /** What the tag named until then, where that is something else. */
  readonly replaced?: Digest
  /** Blobs and manifests that were written or mounted, or would be; of a dry run, all blobs. */
  readonly copied: readonly Descriptor[]
  /** What the destination had already. */
  readonly present: readonly Descriptor[]
  /** Without `allowLoss` only what was not asked for: an index of other platforms, and what is needless of it. */
  readonly lost: readonly Lost[]
  /** Was copied, but who asks the destination for what refers to its subject does not find it; none without `allowLoss`. */
  readonly unlisted: readonly Descriptor[]
  /** What the requirements came to. */
  readonly verified?: CopyVerdicts
}

/** The destination has one verdict for each that is selected. */
export interface CopyVerdicts {
  readonly source?: Verdict | TreeAccepted | NotRequired
  readonly destination?: readonly Verdict[]
}

/**
 * Copies an artifact between any two stores, with everything that belongs to it: what an index holds, and signatures,
 * SBOMs and their signatures.
 *
 * All of it is found first, so that a source that cannot be read leaves nothing half written; then blobs are streamed,
 * held to their digests, then manifests, what is held and referred to before what holds and refers. The tag comes last,
 * after the destination has satisfied its requirement. An artifact may not verify any more where something of it is
 * missing: that ends the call, before anything is written where it is known by then, and otherwise before the tag is.
 * Content is never fetched from the `urls` of a descriptor.
 *
 * @example
 * ```ts
 * import { copyArtifact, createMemoryStore, digestBytes, encodeText, mediaTypes } from '@ocisign/core'
 *
 * const quarantine = createMemoryStore()
 * const bytes = encodeText('{"schemaVersion":2,"layers":[]}')
 * const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
 * await quarantine.push(image, bytes)
 * await quarantine.tag(image, 'v1')
 * const production = createMemoryStore()
 * const { copied } = await copyArtifact(quarantine, 'v1', production)
 * console.log(copied.length, (await production.resolve('v1')).digest === image.digest)
 * ```
 *
 * @throws UNTRUSTED_NO_SIGNATURE and whatever else {@link verifyArtifact} throws, where a requirement does not hold
 * @throws UNAVAILABLE_NOT_FOUND where the artifact, a platform, or something that belongs into it is missing
 * @throws UNAVAILABLE_COPY where something of it cannot be copied, or the destination does not list it
 * @throws UNAVAILABLE_LIMIT where there is more, or it is deeper, than allowed
 * @throws INVALID_CONTENT | INVALID_MANIFEST | INVALID_INDEX | INVALID_DESCRIPTOR | INVALID_JSON | INVALID_TEXT
 * @throws UNSUPPORTED_MEDIA_TYPE for an artifact that is neither an image nor an index
 * @throws UNAVAILABLE_DEADLINE | MISUSE_OPTION | INVALID_REFERENCE, and what the stores throw
 */
export async function copyArtifact(
  source: ReadableStore,
  reference: string,
  destination: ArtifactStore,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const { deadlineMilliseconds = limits.copyDeadlineMilliseconds, referrers = true, allowLoss = false } = options
  for (const option of ['maxDepth', 'maxManifests', 'concurrency'] as const) requireCount(option, options[option])
  const tag = options.tag ?? (isTag(reference) ? reference : undefined)
  if (tag !== undefined && !isTag(tag))
    throw new OcisignError('INVALID_REFERENCE', `"${printable(tag)}" is not a tag`, { reference: printable(tag) })
  return withDeadline({ ...options, deadlineMilliseconds }, async (signal) => {
    const root = await resolveReference(source, reference, { signal })
    const planned = await planCopy(source, root, {
      platforms: options.platforms,
      referrers,
      cosignTags: options.cosignTags ?? referrers,
      maxDepth: options.maxDepth ?? 4,
      maxManifests: options.maxManifests ?? limits.manifests,
      signal,
    })
    if (options.tag !== undefined && planned.selected.length !== 1)
      throw new OcisignError(
        'MISUSE_OPTION',
        `"${printable(options.tag)}" cannot name ${planned.selected.length} manifests; copy one platform, or all of the index`,
        { option: 'tag' },
      )
    const verified = await verifySource(source, root, planned, options, signal)
    const { plan, present } = await lookAround(planned, destination, options, signal)
    const { selected, lost } = plan
    const begun = { root, selected, lost, unlisted: [], ...(verified && { verified: { source: verified } }) }
    const whole = (report: CopyReport) => (allowLoss ? report : requireWhole(report, plan))
    if (options.dryRun) {
      const report = whole({ ...begun, ...compare(plan, present) })
      return { ...report, ...(await writeTag(destination, plan, tag, { isDry: true, signal }).catch(withoutPlan)) }
    }
    whole({ ...begun, copied: [], present: [] })
    const { concurrency = limits.concurrency, onProgress = () => {} } = options
    const written = await writePlan(plan, present, { source, destination, concurrency, signal, onProgress })
    const taken = await writeTags(destination, plan, signal)
    const unlisted = await confirmReferrers(destination, plan, { ...options, signal })
    const report = whole({ ...begun, ...written, lost: [...lost, ...taken], unlisted })
    const proven = await verifyDestination(destination, selected, options, signal)
    const named = await writeTag(destination, plan, tag, { isDry: false, signal })
    return { ...report, ...named, ...(proven && { verified: { ...report.verified, destination: proven } }) }
  })
}

/** What the destination has. A copy finds out as it writes that it may not look there; a plan would be a guess. */
async function lookAround(
  planned: Plan,
  destination: ArtifactStore,
  { dryRun: isStrict = false }: CopyOptions,
  signal: AbortSignal,
) {
  const look = async () => {
    const plan = await withoutTakenTags(planned, destination, { isStrict, signal })
    return { plan, present: await findPresent(destination, plan, { isStrict, signal }) }
  }
  return look().catch(withoutPlan)
}

function withoutPlan(error: unknown): never {
  if (!isOcisignError(error)) throw error
  const message = `nobody could look at the destination, so there is no plan: ${error.message}`
  throw new OcisignError(error.code, message, error.details, { cause: error })
}

/** What a dry run says of what a copy would do. */
function compare(plan: Plan, present: ReadonlySet<Digest>): Pick<CopyReport, 'copied' | 'present'> {
  const manifests = plan.waves.flat().map(statedOf)
  const isPresent = ({ digest }: Descriptor) => present.has(digest)
  return {
    copied: [...blobsOf(plan), ...manifests.filter((each) => !isPresent(each))],
    present: manifests.filter(isPresent),
  }
}

/** @throws UNAVAILABLE_COPY where something is missing that nobody asked to leave out */
function requireWhole(report: CopyReport, { selected, referrers }: Plan): CopyReport {
  const { root, unlisted } = report
  const hasOwn = (type: string, { digest }: Descriptor) =>
    referrers.some(({ subject, planned }) => subject.digest === digest && statedOf(planned).artifactType === type)
  const lost = report.lost.filter(({ reason, descriptor: { artifactType } }) => {
    // That an index of other platforms stays behind was asked for. What belongs to it may be all there is of its kind.
    if (reason === 'subject') return !artifactType || !selected.every((each) => hasOwn(artifactType, each))
    return reason !== 'index'
  })
  if (lost.length + unlisted.length === 0) return report
  const reasons = [...new Set(lost.map(({ reason }) => reason))].join(', ')
  const missing = lost.length > 0 ? [`${lost.length} of what belongs to it cannot be copied (${reasons})`] : []
  const hidden = unlisted.length > 0 ? [`the destination does not list ${unlisted.length} of what it was given`] : []
  throw new OcisignError(
    'UNAVAILABLE_COPY',
    `${[...missing, ...hidden].join(', and ')}; allowLoss (--allow-loss) copies it all the same`,
    { subject: root.digest, report, retryable: lost.length === 0 },
    { cause: lost.find(({ error }) => error)?.error },
  )
}

async function verifySource(
  source: ReadableStore,
  { digest }: Descriptor,
  { selected }: Plan,
  { sourceRequirement, platforms, maxDepth, maxManifests = limits.manifests, verifyOptions }: CopyOptions,
  signal: AbortSignal,
): Promise<CopyVerdicts['source']> {
  if (!sourceRequirement) return undefined
  const options = { ...verifyOptions, signal }
  if (selected.some((each) => each.digest === digest)) return verifyArtifact(source, digest, sourceRequirement, options)
  // A signature of the index vouches for what is copied of it, too.
  return verifyArtifactTree(source, digest, sourceRequirement, { ...options, platforms, maxDepth, maxManifests })
}

async function verifyDestination(
  destination: ReadableStore,
  selected: readonly Descriptor[],
  { destinationRequirement, verifyOptions }: CopyOptions,
  signal: AbortSignal,
): Promise<CopyVerdicts['destination']> {
  if (!destinationRequirement) return undefined
  const verdicts: Verdict[] = []
  for (const { digest } of selected)
    verdicts.push(await verifyArtifact(destination, digest, destinationRequirement, { ...verifyOptions, signal }))
  return verdicts
}
