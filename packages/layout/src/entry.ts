// SPDX-License-Identifier: Apache-2.0
import {
  type Descriptor,
  isJsonObject,
  type JsonValue,
  mediaTypes,
  OcisignError,
  parseDescriptor,
  requireExactNames,
} from '@ocisign/core'

/** Names a tag in `index.json` (image-spec, image-layout.md); in a nested index it names nothing. */
export const refNameAnnotation = 'org.opencontainers.image.ref.name'

/** Media types that stand for documents which list other content; pushing one lists it in `index.json`. */
export const documentTypes: readonly string[] = [
  mediaTypes.imageManifest,
  mediaTypes.imageIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.artifactManifest,
]

export const indexTypes: readonly string[] = [mediaTypes.imageIndex, mediaTypes.dockerManifestList]

/** A descriptor as an index lists it. */
export interface Entry extends Descriptor {
  /** The same for entries that describe the same content alike. */
  readonly key: string
  /** Its name in `index.json`, a tag or whatever else was written there. */
  readonly refName?: string
}

const descriptorNames = ['mediaType', 'digest', 'size', 'annotations', 'artifactType', 'platform', 'urls', 'data']

/**
 * Reads one entry of an index; its digest is safe in a path from here on.
 * @throws INVALID_INDEX | INVALID_DESCRIPTOR | INVALID_JSON
 */
export function parseEntry(value: JsonValue, where: string): Entry {
  if (isJsonObject(value)) requireExactNames(value, descriptorNames, where)
  const descriptor = parseDescriptor(value, where)
  if (descriptor.mediaType === '') throw new OcisignError('INVALID_INDEX', `${where} has no media type`, {})
  const { mediaType, digest, size, annotations } = descriptor
  const refName = annotations?.[refNameAnnotation]
  return { ...descriptorOf(descriptor), key: `${digest} ${size} ${mediaType}`, ...(refName && { refName }) }
}

/** The descriptor alone; annotations of an index are not part of what is signed. */
export function descriptorOf({ mediaType, digest, size, artifactType, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(artifactType && { artifactType }), ...(platform && { platform }) }
}
