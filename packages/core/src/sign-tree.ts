// SPDX-License-Identifier: Apache-2.0
import { withDeadline } from './deadline.js'
import type { Descriptor } from './descriptor.js'
import type { Digest } from './digest.js'
import { OcisignError, printable } from './errors.js'
import { limits } from './limits.js'
import { mapAhead } from './parallel.js'
import { resolveReference } from './resolve.js'
import { type SignedArtifact, type SignOptions, signDescriptor } from './sign.js'
import type { Signer } from './signer.js'
import type { ArtifactStore } from './store.js'
import { isIndex, isSelected, readIndex, requireCount, requirePlatforms, type TreeLimits, treeLimit } from './tree.js'

/** What {@link signArtifactTree} accepts; the deadline is for all signatures together. */
export interface SignTreeOptions extends SignOptions, TreeLimits {
  /** Signatures made at the same time; 4 by default. */
  readonly concurrency?: number | undefined
  /** Hears of each signature as soon as it is listed, in any order. What it throws ends the call. */
  readonly onSigned?: ((signed: SignedArtifact) => void) | undefined
}

/**
 * Signs an index and everything in it, each manifest once, what an index holds before the index.
 *
 * Nothing is signed unless all of it is there and is what the index says. With `platforms`, only manifests of these are
 * signed, and an index only where that leaves nothing of it out: its signature vouches for all that it holds.
 * Where a signature fails, those made before stay; `onSigned` has told of them.
 *
 * @example
 * ```ts
 * import { type ArtifactStore, type Signer, signArtifactTree } from '@ocisign/core'
 *
 * async function release(store: ArtifactStore, signer: Signer) {
 *   const signed = await signArtifactTree(store, 'v1', signer, { onSigned: ({ subject }) => console.log(subject.digest) })
 *   return signed.length
 * }
 * console.log(typeof release)
 * ```
 *
 * @throws UNAVAILABLE_LIMIT for a tree deeper or wider than allowed
 * @throws UNAVAILABLE_NOT_FOUND where something that the index holds, or a platform, is missing
 * @throws INVALID_INDEX | INVALID_DESCRIPTOR | INVALID_JSON | INVALID_TEXT for an index that is none
 * @throws what {@link signArtifact} throws
 */
export async function signArtifactTree(
  store: ArtifactStore,
  reference: string,
  signer: Signer,
  options: SignTreeOptions = {},
): Promise<readonly SignedArtifact[]> {
  const { concurrency = limits.concurrency, onSigned } = options
  for (const option of ['maxDepth', 'maxManifests', 'concurrency'] as const) requireCount(option, options[option])
  return withDeadline(options, async (signal) => {
    const root = await resolveReference(store, reference, { signal })
    const levels = await collectLevels(store, root, { ...options, signal })
    for await (const _ of mapAhead(
      levels.flat().filter(({ digest }) => digest !== root.digest),
      limits.parallelFetches,
      (descriptor, given) => requireAsStated(store, descriptor, given),
      { signal },
    ));
    const signed: SignedArtifact[] = []
    const sign = async (descriptor: Descriptor, given: AbortSignal | undefined) => {
      // Of its own: clients listen to it several times over, and many at once look like a leak to Node, which says so.
      const own = given && AbortSignal.any([given])
      const each = await signDescriptor(store, descriptor, signer, { ...options, signal: own })
      onSigned?.(each)
      return each
    }
    for (const level of levels)
      for await (const each of mapAhead(level, concurrency, sign, { signal })) signed.push(each)
    return signed
  })
}

/** What is to be signed: first what holds nothing, then what holds only that, and so on. */
async function collectLevels(
  store: ArtifactStore,
  root: Descriptor,
  options: SignTreeOptions,
): Promise<readonly (readonly Descriptor[])[]> {
  const { maxDepth = 4, maxManifests = 200, platforms, signal } = options
  const levels: Descriptor[][] = []
  const selected: Descriptor[] = []
  const known = new Map<Digest, { readonly height: number; readonly isWhole: boolean }>()

  const visit = async (descriptor: Descriptor, depth: number): Promise<{ height: number; isWhole: boolean }> => {
    const before = known.get(descriptor.digest)
    if (depth + (before?.height ?? 0) > maxDepth || (!before && known.size >= maxManifests))
      throw treeLimit(root, maxDepth, maxManifests)
    if (before) return before
    const found = { height: 0, isWhole: true }
    known.set(descriptor.digest, found)
    for (const child of isIndex(descriptor) ? await readIndex(store, descriptor, { signal }) : []) {
      const inner = isSelected(child, platforms) ? await visit(child, depth + 1) : { height: 0, isWhole: false }
      found.height = Math.max(found.height, inner.height + 1)
      found.isWhole &&= inner.isWhole
    }
    if (!isIndex(descriptor)) selected.push(descriptor)
    if (found.isWhole) {
      levels[found.height] ??= []
      levels[found.height]?.push(descriptor)
    }
    return found
  }
  await visit(root, 1)
  requirePlatforms(root, selected, platforms)
  return levels.filter(Boolean)
}

/** An index may lie about what it holds; a signature would be made over the lie. @throws INVALID_DESCRIPTOR */
async function requireAsStated(store: ArtifactStore, stated: Descriptor, signal: AbortSignal | undefined) {
  const { mediaType, size } = await resolveReference(store, stated.digest, { signal })
  if (mediaType === stated.mediaType && size === stated.size) return
  const what = `the index's entry for ${stated.digest}`
  throw new OcisignError(
    'INVALID_DESCRIPTOR',
    `${what} says ${printable(stated.mediaType)} of ${stated.size} bytes; it is ${printable(mediaType)} of ${size}`,
    { what },
  )
}
