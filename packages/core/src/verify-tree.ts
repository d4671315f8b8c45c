// SPDX-License-Identifier: Apache-2.0
import { withDeadline } from './deadline.js'
import type { Descriptor } from './descriptor.js'
import type { Digest } from './digest.js'
import { isOcisignError, type OcisignError } from './errors.js'
import { refusalOf, refuseAll, selectNeeded } from './requirement.js'
import type { ReadableStore } from './store.js'
import { isIndex, isSelected, readIndex, requireCount, requirePlatforms, type TreeLimits, treeLimit } from './tree.js'
import type { Accepted, NotRequired, Verified } from './verdict.js'
import type { ClaimsOf, Requirement } from './verifier.js'
import { resolveSubject, type VerifyOptions, verifyDescriptor } from './verify.js'

/** One manifest of a tree; `covered` where a satisfied index contains it. */
export interface TreeNode<Claims = unknown> {
  readonly descriptor: Descriptor
  /** 1 for the root; nodes come in the order of the tree, each before what it holds. */
  readonly depth: number
  readonly covered: boolean
  readonly verdict: Accepted<Claims> | OcisignError
}

declare const proof: unique symbol

/** Proof that each selected manifest satisfies the requirement, itself or through an index that contains it. */
export interface TreeAccepted<Claims = unknown> {
  readonly [proof]: Verified<Claims>
  readonly decision: 'verified' | 'tolerated'
  readonly root: Descriptor
  readonly nodes: readonly TreeNode<Claims>[]
}

/** How far to look. */
export interface TreeOptions extends VerifyOptions, TreeLimits {
  /** Hears of each manifest as it is judged, also where the call ends in an error. What it throws ends the call. */
  readonly onNode?: ((node: TreeNode) => void) | undefined
}

const ranks = ['refused', 'tolerated', 'verified'] as const

/**
 * Verifies an index with everything in it, or the platforms selected; an index that holds nothing selected proves nothing.
 *
 * @throws what {@link verifyArtifact} throws, UNAVAILABLE_LIMIT for a tree deeper or wider than allowed,
 * UNAVAILABLE_NOT_FOUND for a platform that the index does not hold, and
 * INVALID_INDEX | INVALID_DESCRIPTOR | INVALID_JSON | INVALID_TEXT for an index that is none
 */
export async function verifyArtifactTree<const R extends Requirement>(
  store: ReadableStore,
  reference: string,
  requirement: R,
  options: TreeOptions = {},
): Promise<TreeAccepted<ClaimsOf<R>> | NotRequired> {
  const wanted = requirement as unknown as Requirement<ClaimsOf<R>>
  return withDeadline(options, async (signal) => {
    requireCount('maxDepth', options.maxDepth)
    requireCount('maxManifests', options.maxManifests)
    const left = selectNeeded(wanted, { subject: 'artifact', scope: store.repository, signal })
    if ('decision' in left) return left
    const root = await resolveSubject(store, reference, left, signal)
    return verifyTree(store, root, left, { ...options, signal, resolvedFrom: reference })
  })
}

async function verifyTree<C>(
  store: ReadableStore,
  root: Descriptor,
  requirement: Requirement<C>,
  { resolvedFrom, ...options }: TreeOptions & { readonly resolvedFrom: string },
): Promise<TreeAccepted<C>> {
  const { maxDepth = 4, maxManifests = 200, signal } = options
  const nodes: TreeNode<C>[] = []
  // A child that several indexes hold is judged once.
  const judged = new Map<Digest, Promise<Accepted<C> | OcisignError>>()

  const judge = (descriptor: Descriptor) => {
    let verdict = judged.get(descriptor.digest)
    if (!verdict) {
      // What an index says of its children is as certain as the index.
      const hearsay = descriptor === root ? { resolvedFrom } : {}
      verdict = verifyDescriptor(store, descriptor, requirement, { ...options, ...hearsay }).catch((error: unknown) =>
        refusalOf(error, descriptor.digest, signal),
      )
      judged.set(descriptor.digest, verdict)
    }
    return verdict
  }

  const visit = async (descriptor: Descriptor, depth: number, inherited: number): Promise<number> => {
    if (depth > maxDepth || nodes.length >= maxManifests) throw treeLimit(root, maxDepth, maxManifests)
    const verdict = await judge(descriptor)
    const node = { descriptor, depth, covered: inherited > 0, verdict }
    nodes.push(node)
    options.onNode?.(node)
    const rank = Math.max(inherited, isOcisignError(verdict) ? 0 : ranks.indexOf(verdict.decision))
    if (!isIndex(descriptor)) return rank
    const children: number[] = []
    for (const child of await readIndex(store, descriptor, { signal }))
      if (isSelected(child, options.platforms)) children.push(await visit(child, depth + 1, rank))
    return Math.max(rank, children.length > 0 ? Math.min(...children) : 0)
  }

  const rank = await visit(root, 1, 0)
  // What is not in the index has not been looked at, whatever is signed, and its signatures are not missing either.
  const found = nodes.map(({ descriptor }) => descriptor).filter((each) => !isIndex(each))
  requirePlatforms(root, found, options.platforms)
  if (rank > 0) return { decision: ranks[rank], root, nodes } as unknown as TreeAccepted<C>
  throw refuseAll(
    root.digest,
    nodes.flatMap(({ descriptor, covered, verdict }) =>
      !covered && isOcisignError(verdict) ? [{ by: descriptor.digest, error: verdict }] : [],
    ),
  )
}
