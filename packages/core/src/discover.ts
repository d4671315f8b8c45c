// SPDX-License-Identifier: Apache-2.0
import { type DeadlineOptions, withDeadline } from './deadline.js'
import type { Descriptor } from './descriptor.js'
import { type Digest, isDigest } from './digest.js'
import { limits } from './limits.js'
import { mapAhead } from './parallel.js'
import { resolveReference } from './resolve.js'
import type { ReferrerLister, Resolver } from './store.js'
import { requireCount, treeLimit } from './tree.js'

/** A manifest with what refers to it. */
export interface ReferrerTree {
  readonly descriptor: Descriptor
  readonly referrers: readonly ReferrerTree[]
}

/** What {@link discoverReferrers} accepts. */
export interface DiscoverOptions extends DeadlineOptions {
  /** Of what refers to the artifact itself; what refers to that is listed whatever it is. */
  readonly artifactType?: string | undefined
  /** Levels of referrers; 4 by default. What lies deeper is UNAVAILABLE_LIMIT, never left out. */
  readonly maxDepth?: number | undefined
  /** Referrers at most, all together; 1,000 by default. */
  readonly maxManifests?: number | undefined
}

/**
 * Lists what refers to an artifact, what refers to that, and so on: signatures, SBOMs, signatures of SBOMs.
 *
 * Verifies nothing and reads no content: types and annotations are what the store says they are.
 *
 * @example
 * ```ts
 * import { discoverReferrers, type ReadableStore, type ReferrerTree } from '@ocisign/core'
 *
 * async function print(store: ReadableStore, reference: string) {
 *   const line = ({ descriptor, referrers }: ReferrerTree, indent = '') => {
 *     console.log(`${indent}${descriptor.artifactType ?? descriptor.mediaType} ${descriptor.digest}`)
 *     for (const each of referrers) line(each, `${indent}  `)
 *   }
 *   line(await discoverReferrers(store, reference))
 * }
 * console.log(typeof print)
 * ```
 *
 * @throws UNAVAILABLE_LIMIT where there are more, or deeper ones, than allowed
 * @throws UNAVAILABLE_DEADLINE | UNAVAILABLE_NOT_FOUND, and what a listing that fails throws
 */
export async function discoverReferrers(
  store: Resolver & ReferrerLister,
  reference: string,
  options: DiscoverOptions = {},
): Promise<ReferrerTree> {
  const { maxDepth = 4, maxManifests = limits.manifests, artifactType } = options
  for (const option of ['maxDepth', 'maxManifests'] as const) requireCount(option, options[option])
  const listsNext = isDigest(reference) ? (artifactType ?? '') : undefined
  const resolve = (signal: AbortSignal) => resolveReference(store, reference, { signal, listsNext })
  return withDeadline(options, async (signal) => {
    const root: Growing = { descriptor: await resolve(signal), referrers: [] }
    // Whatever a store lists, nothing is listed twice: not even the artifact itself.
    const known = new Set<Digest>([root.descriptor.digest])
    const limit = () => treeLimit(root.descriptor, maxDepth, maxManifests)

    const grow = async (node: Growing, given: AbortSignal | undefined): Promise<readonly Growing[]> => {
      const type = node === root ? artifactType : undefined
      let seen = 0
      for await (const descriptor of store.referrers(node.descriptor, {
        signal: given,
        ...(type !== undefined && { artifactType: type }),
      })) {
        if (depth > maxDepth || seen++ >= limits.referrers) throw limit()
        if (known.has(descriptor.digest)) continue
        if (known.size > maxManifests) throw limit()
        known.add(descriptor.digest)
        node.referrers.push({ descriptor, referrers: [] })
      }
      return node.referrers
    }
    let depth = 1
    for (let level: readonly Growing[] = [root]; level.length > 0; depth++) {
      const next: Growing[] = []
      for await (const found of mapAhead(level, limits.parallelFetches, grow, { signal })) next.push(...found)
      level = next
    }
    return root
  })
}

interface Growing extends ReferrerTree {
  readonly referrers: Growing[]
}
