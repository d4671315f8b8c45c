// SPDX-License-Identifier: Apache-2.0
// Indexes and what they hold: what all verbs on trees share.
import { type CallOptions, type Descriptor, mediaTypes, parseDescriptor } from './descriptor.js'
import { OcisignError, printable } from './errors.js'
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject, requireExactNames } from './json.js'
import { type ContentReader, readAll } from './store.js'

/** How far to look into an index. */
export interface TreeLimits {
  /** Exact: `linux/amd64`, `linux/arm/v7`; all where left out. */
  readonly platforms?: readonly string[] | undefined
  /** Levels of indexes; 4 by default. */
  readonly maxDepth?: number | undefined
  /** Manifests at most; 200 by default. */
  readonly maxManifests?: number | undefined
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

/** Tells whether this is an index, by its media type. */
export function isIndex({ mediaType }: Descriptor): boolean {
  return indexTypes.includes(mediaType)
}

/** Reads what an index holds. @throws INVALID_INDEX | INVALID_DESCRIPTOR | INVALID_JSON | INVALID_TEXT, and what reading throws */
export async function readIndex(
  store: ContentReader,
  index: Descriptor,
  options?: CallOptions,
): Promise<readonly Descriptor[]> {
  return parseIndex(await readAll(store, index, options), index)
}

/**
 * Reads what an index holds out of its bytes, whose digest somebody has proven.
 * @throws INVALID_INDEX | INVALID_DESCRIPTOR | INVALID_JSON | INVALID_TEXT
 */
export function parseIndex(bytes: Uint8Array, index: Descriptor): readonly Descriptor[] {
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
      { digest: index.digest },
    )
  return parseEntries(manifests, `manifests of ${what}`)
}

/** Reads a list of descriptors as it stands in a manifest. @throws INVALID_DESCRIPTOR | INVALID_JSON */
export function parseEntries(values: readonly JsonValue[], what: string): readonly Descriptor[] {
  return values.map((each, position) => {
    const entry = `entry ${position} of the ${what}`
    if (isJsonObject(each)) requireExactNames(each as JsonObject, entryNames, entry)
    return parseDescriptor(each, entry)
  })
}

/** As it is written in options: `linux/arm/v7`; undefined where the descriptor names none. */
function formatPlatform({ platform }: Descriptor): string | undefined {
  return platform && [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')
}

/** Tells whether a manifest is of one of the platforms; one that names none is of all. */
export function isSelected(descriptor: Descriptor, platforms: readonly string[] | undefined): boolean {
  const platform = formatPlatform(descriptor)
  return !platforms || platform === undefined || platforms.includes(platform)
}

/**
 * Refuses a platform that no manifest of an index is for: nobody asks for it and wants nothing.
 * @throws UNAVAILABLE_NOT_FOUND
 */
export function requirePlatforms(
  root: Descriptor,
  selected: readonly Descriptor[],
  platforms: readonly string[] | undefined,
): void {
  if (!platforms || !isIndex(root)) return
  const found = selected.map(formatPlatform)
  const missing =
    platforms.find((each) => !found.includes(each)) ?? (platforms.length === 0 ? 'no platform' : undefined)
  if (missing === undefined) return
  const reference = printable(`${root.digest} for ${missing}`)
  throw new OcisignError('UNAVAILABLE_NOT_FOUND', `the index holds nothing for ${printable(missing)}`, {
    reference,
    retryable: false,
  })
}

/** Nothing is above a limit that is no number. @throws MISUSE_OPTION */
export function requireCount(option: string, count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count > 0)) return
  throw new OcisignError('MISUSE_OPTION', `${option} is a whole number above 0`, { option })
}

/** The error for a tree that is deeper or wider than allowed. */
export function treeLimit(root: Descriptor, maxDepth: number, maxManifests: number): OcisignError {
  const levels = maxDepth === 1 ? '1 level' : `${maxDepth} levels`
  return new OcisignError('UNAVAILABLE_LIMIT', `it has more than ${levels}, or more than ${maxManifests} manifests`, {
    target: root.digest,
    refusals: [],
    retryable: false,
  })
}
