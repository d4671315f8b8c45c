// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, mediaTypes, parseAnnotations, parseDescriptor } from '../descriptor.js'
import type { Digest } from '../digest.js'
import { OcisignError, printable } from '../errors.js'
import { isJsonObject, type JsonObject, parseJsonObject, requireExactNames } from '../json.js'
import { isIndex, parseEntries, parseIndex } from '../tree.js'

/** What a manifest or an index says that copying needs. */
export interface CopiedDocument {
  /** What an index holds; undefined for a manifest. */
  readonly children?: readonly Descriptor[]
  /** Config and layers. */
  readonly blobs: readonly Descriptor[]
  /** Layers that registries do not keep: they are to be had from whoever may distribute them. */
  readonly foreign: readonly Descriptor[]
  readonly subject?: Digest
  /** As a listing of referrers states it, of a document with a subject. */
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

const manifestTypes: readonly string[] = [
  mediaTypes.imageManifest,
  mediaTypes.dockerManifest,
  mediaTypes.artifactManifest,
]
const manifestNames = ['mediaType', 'artifactType', 'config', 'layers', 'blobs', 'manifests', 'subject', 'annotations']
// image-spec, layer.md; the second is Docker's name of the same.
const foreignTypes = [
  'application/vnd.oci.image.layer.nondistributable.',
  'application/vnd.docker.image.rootfs.foreign.',
] as const

/**
 * Reads what a manifest or index names, out of bytes whose digest somebody has proven.
 *
 * `urls` are not read: content comes from where the manifest came from, or from nowhere.
 * @throws INVALID_MANIFEST | INVALID_INDEX | INVALID_DESCRIPTOR | INVALID_JSON | INVALID_TEXT
 * @throws UNSUPPORTED_MEDIA_TYPE for a document of another kind: nobody knows what belongs to it
 */
export function parseCopiedDocument(bytes: Uint8Array, descriptor: Descriptor): CopiedDocument {
  const { mediaType, digest } = descriptor
  const what = `manifest ${digest}`
  if (isIndex(descriptor)) {
    const children = parseIndex(bytes, descriptor)
    return { children, blobs: [], foreign: [], ...parseReferrer(parseJsonObject(bytes, { what }), what) }
  }
  if (!manifestTypes.includes(mediaType)) {
    const shown = printable(mediaType)
    const supported = [...manifestTypes, mediaTypes.imageIndex, mediaTypes.dockerManifestList]
    const message = `${what} is of the type "${shown}", and nobody knows what belongs to it`
    throw new OcisignError('UNSUPPORTED_MEDIA_TYPE', message, { mediaType: shown, supported })
  }
  const document = parseJsonObject(bytes, { what, integersOnly: true })
  requireExactNames(document, manifestNames, what)
  const isArtifact = mediaType === mediaTypes.artifactManifest
  const layers = (isArtifact ? document.blobs : document.layers) ?? []
  if (
    !Array.isArray(layers) ||
    'manifests' in document ||
    (document.mediaType !== undefined && document.mediaType !== mediaType)
  )
    throw new OcisignError('INVALID_MANIFEST', `${digest} is not the ${printable(mediaType)} it is said to be`, {
      digest,
    })
  const config = isArtifact || document.config === undefined ? [] : [document.config]
  const all = [...parseEntries(config, `config of ${what}`), ...parseEntries(layers, `layers of ${what}`)]
  const isForeign = (each: Descriptor) => foreignTypes.some((type) => each.mediaType.startsWith(type))
  return {
    blobs: all.filter((each) => !isForeign(each)),
    foreign: all.filter(isForeign),
    ...parseReferrer(document, what),
  }
}

function parseReferrer(
  { subject, artifactType, config, annotations }: JsonObject,
  what: string,
): Pick<CopiedDocument, 'subject' | 'artifactType' | 'annotations'> {
  if (subject === undefined || subject === null) return {}
  const type = artifactType || (isJsonObject(config) ? config.mediaType : undefined)
  return {
    subject: parseDescriptor(subject, `the subject of ${what}`).digest,
    ...(typeof type === 'string' && type !== '' && { artifactType: type }),
    ...(isJsonObject(annotations) && { annotations: parseAnnotations(annotations, what) }),
  }
}
