// SPDX-License-Identifier: Apache-2.0
// After writing: does the destination list what refers to what, and may the tags be written that cosign looks for?
import type { Descriptor } from '../descriptor.js'
import type { Digest } from '../digest.js'
import { limits } from '../limits.js'
import { mapAhead } from '../parallel.js'
import { attachListed, findUnlisted, type ReadBackOptions } from '../read-back.js'
import type { ArtifactStore } from '../store.js'
import type { Lost, Planned } from './collect.js'
import { findDescriptor, type Looking } from './find.js'
import type { CosignTag, Plan } from './plan.js'
import { pushManifest, statedOf } from './write.js'

/** Reads the listings back, and writes once more what they do not name; returns what they still do not. */
export async function confirmReferrers(
  destination: ArtifactStore,
  { referrers }: Plan,
  options: ReadBackOptions & { readonly signal: AbortSignal },
): Promise<readonly Descriptor[]> {
  const { signal } = options
  let missing = groupBySubject(referrers)
  const rewrite = async (isAgain: boolean) => {
    if (isAgain)
      for (const each of missing.flatMap(({ planned }) => planned)) await pushManifest(destination, each, signal)
  }
  const check = async ({ subject, planned }: Group, given: AbortSignal | undefined): Promise<Group> => {
    const listing = destination.referrers(subject, { signal: given })
    const unlisted = await findUnlisted(listing, subject, planned.map(statedOf), given)
    const digests = new Set(unlisted.map(({ digest }) => digest))
    return { subject, planned: planned.filter(({ descriptor }) => digests.has(descriptor.digest)) }
  }
  const isListed = async () => {
    const left: Group[] = []
    for await (const each of mapAhead(missing, limits.parallelFetches, check, { signal }))
      if (each.planned.length > 0) left.push(each)
    missing = left
    return left.length === 0
  }
  await attachListed(rewrite, isListed, options)
  return missing.flatMap(({ planned }) => planned.map(statedOf))
}

interface Group {
  readonly subject: Descriptor
  readonly planned: readonly Planned[]
}

function groupBySubject(referrers: Plan['referrers']): readonly Group[] {
  const groups = new Map<Digest, { readonly subject: Descriptor; readonly planned: Planned[] }>()
  for (const { subject, planned } of referrers) {
    const group = groups.get(subject.digest) ?? { subject, planned: [] }
    group.planned.push(planned)
    groups.set(subject.digest, group)
  }
  return [...groups.values()]
}

/** Drops the tags that the destination has for something else. */
export async function withoutTakenTags(plan: Plan, destination: ArtifactStore, looking: Looking): Promise<Plan> {
  const { taken } = await findTags(destination, plan.tags, looking)
  if (taken.length === 0) return plan
  const tags = plan.tags.filter((each) => !taken.includes(each))
  const isUseful = ({ descriptor: { digest } }: Planned) =>
    !taken.some(({ descriptor }) => descriptor.digest === digest) ||
    tags.some(({ descriptor }) => descriptor.digest === digest) ||
    plan.referrers.some(({ planned }) => planned.descriptor.digest === digest)
  return {
    ...plan,
    tags,
    waves: plan.waves.map((wave) => wave.filter(isUseful)).filter((wave) => wave.length > 0),
    lost: [...plan.lost, ...taken.map(lostTag)],
  }
}

/**
 * Writes the tags that cosign looks for, and leaves the destination its own: what it put there under such a tag, its
 * own signatures perhaps, would be gone if the tag named something else.
 */
export async function writeTags(
  destination: ArtifactStore,
  { tags }: Plan,
  signal: AbortSignal,
): Promise<readonly Lost[]> {
  const { taken, right } = await findTags(destination, tags, { isStrict: true, signal })
  for (const each of tags)
    if (!taken.includes(each) && !right.includes(each)) await destination.tag(each.descriptor, each.tag, { signal })
  return taken.map(lostTag)
}

/** Writes the tag that was asked for, unless it says that already, and tells what it named until then. */
export async function writeTag(
  destination: ArtifactStore,
  { selected: [target, ...more] }: Plan,
  tag: string | undefined,
  { isDry, signal }: { readonly isDry: boolean; readonly signal: AbortSignal },
): Promise<{ readonly tag?: string; readonly replaced?: Digest }> {
  if (tag === undefined || !target || more.length > 0) return {}
  const found = await findDescriptor(destination, tag, { isStrict: isDry, signal })
  if (found?.digest === target.digest) return { tag }
  if (!isDry) await destination.tag(target, tag, { signal })
  return { tag, ...(found && { replaced: found.digest }) }
}

const lostTag = ({ descriptor }: CosignTag): Lost => ({ descriptor, reason: 'tag' })

/** Of these tags, what the destination has for something else, and what it has as it should be. */
async function findTags(destination: ArtifactStore, tags: readonly CosignTag[], { isStrict, signal }: Looking) {
  const [taken, right]: [CosignTag[], CosignTag[]] = [[], []]
  const find = async (each: CosignTag, given: AbortSignal | undefined) => {
    const found = await findDescriptor(destination, each.tag, { isStrict, signal: given })
    return found && { each, isRight: found.digest === each.descriptor.digest }
  }
  for await (const { each, isRight } of mapAhead(tags, limits.parallelFetches, find, { signal }))
    (isRight ? right : taken).push(each)
  return { taken, right }
}
