// SPDX-License-Identifier: Apache-2.0
import {
  type Descriptor,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  mediaTypes,
  OcisignError,
  parseJsonObject,
  requireExactNames,
  type Target,
} from '@ocisign/core'
import { type Entry, indexTypes } from './entry.js'
import { parseEntries } from './index-file.js'

/** What a manifest or an index says that listing needs. */
export interface Document {
  readonly subject?: { readonly digest: string; readonly size: number; readonly mediaType: string }
  readonly artifactType?: string
  /** Of a document with a subject. */
  readonly annotations?: Readonly<Record<string, string>>
  /** What an index lists. */
  readonly children: readonly Entry[]
}

const names = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'blobs',
  'manifests',
  'subject',
  'annotations',
]
const subjectNames = ['mediaType', 'digest', 'size']

/**
 * Reads a manifest or an index, and holds it to being the one thing its descriptor says: a document that names another
 * media type, or that could be read as an index as well as an image manifest, would be two things to two readers.
 * @throws INVALID_MANIFEST | INVALID_INDEX | INVALID_JSON | INVALID_TEXT
 */
export function parseDocument(bytes: Uint8Array, { digest, mediaType }: Descriptor): Document {
  const what = `manifest ${digest}`
  const document = parseJsonObject(bytes, { what })
  requireExactNames(document, names, what)
  const isIndex = indexTypes.includes(mediaType)
  const foreign = isIndex
    ? ['layers', 'config', 'blobs']
    : ['manifests', ...(mediaType === mediaTypes.artifactManifest ? ['layers', 'config'] : ['blobs'])]
  // Docker's and the release candidate's documents must name their type; OCI's may leave it out.
  const mayOmit = mediaType === mediaTypes.imageManifest || mediaType === mediaTypes.imageIndex
  if (document.mediaType === undefined ? !mayOmit : document.mediaType !== mediaType)
    throw new OcisignError('INVALID_MANIFEST', `${what} is not the ${mediaType} it is listed as`, { digest })
  for (const name of foreign)
    if (name in document)
      throw new OcisignError('INVALID_MANIFEST', `${what} has "${name}", which its media type does not`, { digest })
  const subject = parseSubject(document.subject, what)
  const artifactType = artifactTypeOf(document)
  return {
    ...(subject && { subject, ...(isAnnotations(document.annotations) && { annotations: document.annotations }) }),
    ...(artifactType && { artifactType }),
    children: isIndex ? parseEntries(document, what) : [],
  }
}

/** distribution-spec, listing referrers: the media type of the config stands in for an absent artifactType. */
function artifactTypeOf({ artifactType, config }: JsonObject): string | undefined {
  if (typeof artifactType === 'string' && artifactType !== '') return artifactType
  return isJsonObject(config) && typeof config.mediaType === 'string' ? config.mediaType : undefined
}

function isAnnotations(value: JsonValue | undefined): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string')
}

/** A subject that is no descriptor is nobody's: it cannot equal one. */
function parseSubject(value: JsonValue | undefined, what: string): Document['subject'] {
  if (!isJsonObject(value)) return undefined
  requireExactNames(value, subjectNames, `subject of ${what}`)
  const { digest, size, mediaType } = value
  if (typeof digest !== 'string' || typeof size !== 'number' || typeof mediaType !== 'string') return undefined
  return { digest, size, mediaType }
}

/** Tells whether a document is attached to a target, by everything that the target states. */
export function isAttachedTo({ subject }: Document, { digest, size, mediaType }: Target): boolean {
  if (subject?.digest !== digest || subject.size !== size) return false
  return mediaType === undefined || subject.mediaType === mediaType
}

/**
 * The media type of a document that nothing lists, from the document itself; only OCI's two can be told from their form.
 * @throws INVALID_MANIFEST | INVALID_JSON | INVALID_TEXT
 */
export function mediaTypeOf(bytes: Uint8Array, digest: string): string {
  const document = parseJsonObject(bytes, { what: `manifest ${digest}` })
  if (typeof document.mediaType === 'string' && document.mediaType !== '') return document.mediaType
  const [index, image] = ['manifests' in document, 'layers' in document]
  if (document.mediaType === undefined && index !== image)
    return index ? mediaTypes.imageIndex : mediaTypes.imageManifest
  throw new OcisignError('INVALID_MANIFEST', `${digest} does not say which kind of manifest it is`, { digest })
}
