// SPDX-License-Identifier: Apache-2.0
import {
  type Digest,
  decodeText,
  isOcisignError,
  type JsonObject,
  mediaTypes,
  OcisignError,
  parseJsonObject,
  printable,
  requireExactNames,
} from '@ocisign/core'
import { type Entry, parseEntry } from './entry.js'
import { notFound } from './errors.js'

/** What an `index.json` says. */
export interface IndexFile {
  readonly text: string
  readonly entries: readonly Entry[]
  readonly byRefName: ReadonlyMap<string, readonly Entry[]>
  readonly byDigest: ReadonlyMap<Digest, readonly Entry[]>
}

const indexNames = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'manifests',
  'subject',
  'annotations',
  'layers',
  'config',
]

/** The index of a new layout. */
export const emptyIndex = `{"schemaVersion":2,"mediaType":"${mediaTypes.imageIndex}","manifests":[]}`

/**
 * Reads the entries of an index document, be it `index.json` or nested.
 * `"manifests": null` is an empty list: that is how Go writes one.
 * @throws INVALID_INDEX | INVALID_JSON
 */
export function parseEntries(document: JsonObject, what: string): readonly Entry[] {
  requireExactNames(document, indexNames, what)
  const { manifests } = document
  if ('layers' in document || 'config' in document)
    throw new OcisignError('INVALID_INDEX', `${what} is both an index and an image manifest`, {})
  if (manifests === null) return []
  if (!Array.isArray(manifests)) throw new OcisignError('INVALID_INDEX', `${what} has no list of manifests`, {})
  return manifests.map((each, position) => parseEntry(each, `manifests[${position}] of ${what}`))
}

/**
 * Reads `index.json` (image-spec, image-layout.md) in one meaning only.
 * @throws INVALID_INDEX
 */
export function parseIndexFile(bytes: Uint8Array): IndexFile {
  try {
    const text = decodeText(bytes, 'index.json')
    const document = parseJsonObject(text, { what: 'index.json', integersOnly: true })
    if (document.schemaVersion !== 2)
      throw new OcisignError('INVALID_INDEX', 'index.json is not of schemaVersion 2', {})
    if (document.mediaType !== undefined && document.mediaType !== mediaTypes.imageIndex)
      throw new OcisignError('INVALID_INDEX', 'index.json is not an OCI image index', {})
    const entries = parseEntries(document, 'index.json')
    const byRefName = new Map<string, Entry[]>()
    const byDigest = new Map<Digest, Entry[]>()
    for (const entry of entries) {
      if (entry.refName !== undefined) append(byRefName, entry.refName, entry)
      append(byDigest, entry.digest, entry)
    }
    return { text, entries, byRefName, byDigest }
  } catch (cause) {
    if (!isOcisignError(cause) || isOcisignError(cause, 'INVALID_INDEX')) throw cause
    throw new OcisignError('INVALID_INDEX', cause.message, {}, { cause })
  }
}

function append<K>(map: Map<K, Entry[]>, key: K, entry: Entry): void {
  const list = map.get(key)
  if (list) list.push(entry)
  else map.set(key, [entry])
}

/**
 * What a tag names: one thing, or nothing.
 * @throws UNAVAILABLE_NOT_FOUND
 * @throws INVALID_INDEX where entries disagree about what it names
 */
export function findTag({ byRefName, byDigest }: Pick<IndexFile, 'byRefName' | 'byDigest'>, tag: string): Entry {
  const named = byRefName.get(tag)
  if (!named) throw notFound(tag, 'is not a tag of this layout')
  return requireOne(tag, [...named, ...(byDigest.get(named[0]!.digest) ?? [])])
}

/**
 * What `index.json` says of a digest; undefined where it does not list it.
 * @throws INVALID_INDEX where entries disagree
 */
export function findDigest({ byDigest }: Pick<IndexFile, 'byDigest'>, digest: Digest): Entry | undefined {
  const listed = byDigest.get(digest)
  return listed && requireOne(digest, listed)
}

function requireOne(reference: string, entries: readonly Entry[]): Entry {
  const [first] = entries as readonly [Entry]
  if (entries.every((each) => each.key === first.key)) return first
  throw new OcisignError(
    'INVALID_INDEX',
    `index.json does not agree with itself on what "${printable(reference)}" is`,
    {
      digest: first.digest,
    },
  )
}
