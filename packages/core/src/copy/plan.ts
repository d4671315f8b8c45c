// SPDX-License-Identifier: Apache-2.0
// What belongs to an artifact: found before anything is written.
import type { Descriptor } from '../descriptor.js'
import type { Digest } from '../digest.js'
import { limits } from '../limits.js'
import { mapAhead } from '../parallel.js'
import { tooManyReferrers } from '../read-back.js'
import type { ReadableStore } from '../store.js'
import { requirePlatforms } from '../tree.js'
import { type Collection, collectTrees, type Lost, type Planned, requireRoom } from './collect.js'
import { findDescriptor } from './find.js'

/** What is to be found. */
export interface PlanOptions {
  readonly platforms?: readonly string[] | undefined
  readonly referrers: boolean
  readonly cosignTags: boolean
  readonly maxDepth: number
  readonly maxManifests: number
  readonly signal: AbortSignal
}

/** All that is to be written. */
export interface Plan {
  /** What was asked for: the artifact itself, or the manifests of the platforms. */
  readonly selected: readonly Descriptor[]
  /** What one holds or refers to is in those before it. */
  readonly waves: readonly (readonly Planned[])[]
  readonly referrers: readonly { readonly subject: Descriptor; readonly planned: Planned }[]
  readonly tags: readonly CosignTag[]
  readonly lost: readonly Lost[]
}

/** A tag that says by itself what it belongs to: `sha256-HEX.sig`. */
export interface CosignTag {
  readonly tag: string
  readonly descriptor: Descriptor
}

/** Something that belongs to a subject: by its own word, or by the name of a tag. */
interface Belonging {
  readonly descriptor: Descriptor
  readonly subject: Descriptor
  readonly tag?: string
}

const cosignSuffixes = ['sig', 'att', 'sbom'] as const
const signatureSuffix = /\.(?:sig|att)$/
// Of Notary's signatures, Sigstore's bundles, and what cosign 2 attaches to a subject.
const signatureType = /^application\/vnd\.(?:cncf\.notary\.signature$|dev\.sigstore\.bundle|dev\.cosign\.artifact\.sig)/

/** Finds everything that belongs to an artifact. @throws what reading and listing throw, and UNAVAILABLE_LIMIT */
export async function planCopy(store: ReadableStore, root: Descriptor, options: PlanOptions): Promise<Plan> {
  const { platforms, maxDepth, maxManifests, signal } = options
  const collection: Collection = { store, root, maxDepth, maxManifests, signal, seen: new Map(), lost: [], bytes: 0 }
  const { seen, lost } = collection
  const isPlanned = ({ digest }: Descriptor) => seen.get(digest)?.planned !== undefined

  const waves = [...(await collectTrees(collection, [{ descriptor: root }], { platforms, isStrict: true }))]
  const leaves = waves.flat().filter(({ document }) => !document.children)
  const images = leaves.map(({ descriptor }) => descriptor)
  requirePlatforms(root, images, platforms)
  const selected = isPlanned(root) ? [root] : images

  const belongings: Belonging[] = []
  // Nobody signs signatures with cosign: for these no tags are looked for, three each.
  const signatures = new Set<Digest>()
  const isSignature = ({ descriptor: { digest }, tag }: Belonging) =>
    tag === undefined
      ? signatureType.test(seen.get(digest)?.planned?.document.artifactType ?? '')
      : signatureSuffix.test(tag)
  let subjects = [...seen.values()].map(({ descriptor }) => descriptor)
  for (let level = 1; subjects.length > 0; level++) {
    const found = await findBelongings(collection, subjects, options, signatures)
    const fresh = new Map(found.map((each) => [each.descriptor.digest, each]))
    for (const digest of fresh.keys()) if (seen.has(digest)) fresh.delete(digest)
    requireRoom(collection, fresh.size, fresh.size > 0 && level > maxDepth)
    const before = seen.size
    const kept = [...fresh.values()].filter(({ subject }) => isPlanned(subject))
    for (const { descriptor, subject } of fresh.values())
      if (!isPlanned(subject)) {
        seen.set(descriptor.digest, { descriptor })
        lost.push({ descriptor, reason: 'subject' })
      }
    const beginnings = kept.map(({ descriptor, subject, tag }) => ({
      descriptor,
      ...(tag === undefined && { subject }),
    }))
    waves.push(...(await collectTrees(collection, beginnings, { isStrict: false })))
    belongings.push(...found.filter(({ subject }) => isPlanned(subject)))
    for (const each of found) if (isSignature(each)) signatures.add(each.descriptor.digest)
    subjects = [...seen.values()].slice(before).map(({ descriptor }) => descriptor)
  }
  return {
    selected,
    waves,
    lost,
    referrers: belongings.flatMap(({ descriptor, subject, tag }) => {
      const planned = seen.get(descriptor.digest)?.planned
      return planned && tag === undefined ? [{ subject, planned }] : []
    }),
    tags: belongings.flatMap(({ descriptor, tag }) =>
      tag !== undefined && isPlanned(descriptor) ? [{ tag, descriptor }] : [],
    ),
  }
}

/** What belongs to each of these, as far as the source says so. */
async function findBelongings(
  { store, signal, maxManifests }: Collection,
  subjects: readonly Descriptor[],
  { referrers, cosignTags }: PlanOptions,
  signatures: ReadonlySet<Digest>,
): Promise<readonly Belonging[]> {
  const all: Belonging[] = []
  const list = (subject: Descriptor, given: AbortSignal | undefined) =>
    listReferrers(store, subject, maxManifests, given)
  if (referrers)
    for await (const found of mapAhead(subjects, limits.parallelFetches, list, { signal })) all.push(...found)
  if (!cosignTags) return all
  const tags = subjects
    .filter(({ digest }) => !signatures.has(digest))
    .flatMap((subject) =>
      cosignSuffixes.map((suffix) => ({ subject, tag: `${subject.digest.replace(':', '-')}.${suffix}` })),
    )
  const find = async ({ subject, tag }: (typeof tags)[number], given: AbortSignal | undefined) => {
    const descriptor = await findDescriptor(store, tag, { isStrict: true, signal: given })
    return descriptor && { subject, tag, descriptor }
  }
  for await (const found of mapAhead(tags, limits.parallelFetches, find, { signal })) all.push(found)
  return all
}

async function listReferrers(
  store: ReadableStore,
  subject: Descriptor,
  maxManifests: number,
  signal: AbortSignal | undefined,
): Promise<readonly Belonging[]> {
  const found = new Map<Digest, Belonging>()
  let seen = 0
  for await (const descriptor of store.referrers(subject, { signal })) {
    if (seen++ >= limits.referrers) throw tooManyReferrers(subject)
    found.set(descriptor.digest, { descriptor, subject })
    // One more than fits is enough to be told of.
    if (found.size > maxManifests) break
  }
  return [...found.values()]
}
