// SPDX-License-Identifier: Apache-2.0
import { withDeadline } from './deadline.js'
import { type Descriptor, mediaTypes, parseDescriptor } from './descriptor.js'
import type { Digest } from './digest.js'
import { isOcisignError, OcisignError, printable } from './errors.js'
import { isJsonObject, type JsonValue, parseJsonObject, requireExactNames } from './json.js'
import { refusalOf, refuseAll, selectNeeded } from './requirement.js'
import { type ReadableStore, readAll } from './store.js'
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
export interface TreeOptions extends VerifyOptions {
  /** Exact: `linux/amd64`, `linux/arm/v7`; all where left out. */
  readonly platforms?: readonly string[] | undefined
  /** Levels of indexes; 4 by default. */
  readonly maxDepth?: number | undefined
  /** Manifests to verify at most; 200 by default. */
  readonly maxManifests?: number | undefined
  /** Hears of each manifest as it is judged, also where the call ends in an error. What it throws ends the call. */
  readonly onNode?: ((node: TreeNode) => void) | undefined
}

const indexTypes: readonly string[] = [mediaTypes.imageIndex, mediaTypes.dockerManifestList]
const indexNames = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'manifests',
  'config',
  'layers',
  'subject',
  'annotations',
]
const entryNames = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'artifactType', 'platform']
const ranks = ['refused', 'tolerated', 'verified'] as const

/**
 * Verifies an index with everything in it, or the platforms selected; an index that holds nothing selected proves nothing.
 *
 * @throws what {@link verifyArtifact} throws, UNAVAILABLE_LIMIT for a tree deeper or wider than allowed, and
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
    return verifyTree(store, root, left, { ...options, signal })
  })
}

/** Nothing is deeper than a limit that is no number. @throws MISUSE_OPTION */
function requireCount(option: string, count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count > 0)) return
  throw new OcisignError('MISUSE_OPTION', `${option} is a whole number above 0`, { option })
}

async function verifyTree<C>(
  store: ReadableStore,
  root: Descriptor,
  requirement: Requirement<C>,
  options: TreeOptions,
): Promise<TreeAccepted<C>> {
  const { maxDepth = 4, maxManifests = 200, signal } = options
  const nodes: TreeNode<C>[] = []
  // A child that several indexes hold is judged once.
  const judged = new Map<Digest, Promise<Accepted<C> | OcisignError>>()

  const judge = (descriptor: Descriptor) => {
    let verdict = judged.get(descriptor.digest)
    if (!verdict) {
      verdict = verifyDescriptor(store, descriptor, requirement, options).catch((error: unknown) =>
        refusalOf(error, descriptor.digest, signal),
      )
      judged.set(descriptor.digest, verdict)
    }
    return verdict
  }

  const visit = async (descriptor: Descriptor, depth: number, inherited: number): Promise<number> => {
    if (depth > maxDepth || nodes.length >= maxManifests)
      throw new OcisignError('UNAVAILABLE_LIMIT', `more than ${maxDepth} levels or ${maxManifests} manifests`, {
        target: root.digest,
        refusals: [],
        retryable: false,
      })
    const verdict = await judge(descriptor)
    const node = { descriptor, depth, covered: inherited > 0, verdict }
    nodes.push(node)
    options.onNode?.(node)
    const rank = Math.max(inherited, isOcisignError(verdict) ? 0 : ranks.indexOf(verdict.decision))
    if (!indexTypes.includes(descriptor.mediaType)) return rank
    const children: number[] = []
    for (const child of await readChildren(store, descriptor, options))
      children.push(await visit(child, depth + 1, rank))
    return Math.max(rank, children.length > 0 ? Math.min(...children) : 0)
  }

  const rank = await visit(root, 1, 0)
  if (rank > 0) return { decision: ranks[rank], root, nodes } as unknown as TreeAccepted<C>
  throw refuseAll(
    root.digest,
    nodes.flatMap(({ descriptor, covered, verdict }) =>
      !covered && isOcisignError(verdict) ? [{ by: descriptor.digest, error: verdict }] : [],
    ),
  )
}

/** The descriptors that an index holds, of the platforms selected. @throws INVALID_INDEX */
async function readChildren(
  store: ReadableStore,
  index: Descriptor,
  options: TreeOptions,
): Promise<readonly Descriptor[]> {
  const bytes = await readAll(store, index, { signal: options.signal })
  const what = `index ${index.digest}`
  const document = parseJsonObject(bytes, { what, integersOnly: true })
  // Readers that ignore letter case would see another index.
  requireExactNames(document, indexNames, what)
  const { manifests } = document
  if (
    !Array.isArray(manifests) ||
    'layers' in document ||
    'config' in document ||
    (document.mediaType !== undefined && document.mediaType !== index.mediaType)
  )
    throw new OcisignError(
      'INVALID_INDEX',
      `${index.digest} is not the ${printable(index.mediaType)} it is said to be`,
      {
        digest: index.digest,
      },
    )
  return manifests
    .map((each: JsonValue, position) => {
      const entry = `manifests[${position}] of ${what}`
      if (isJsonObject(each)) requireExactNames(each, entryNames, entry)
      return parseDescriptor(each, entry)
    })
    .filter((child) => isSelected(child, options))
}

function isSelected({ platform }: Descriptor, { platforms }: TreeOptions): boolean {
  if (!platforms || !platform) return true
  return platforms.includes([platform.os, platform.architecture, platform.variant].filter(Boolean).join('/'))
}
