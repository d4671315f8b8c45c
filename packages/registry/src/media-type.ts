// SPDX-License-Identifier: Apache-2.0
import { mediaTypes } from '@ocisign/core'

/** What is stored as a manifest; everything else is a blob. */
export const manifestTypes: readonly string[] = [
  mediaTypes.imageManifest,
  mediaTypes.imageIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.artifactManifest,
]

/** Tells whether content of this type is stored as a manifest. */
export function isManifestType(mediaType: string): boolean {
  return manifestTypes.includes(mediaType)
}

/** A `Content-Type` without its parameters and in lower case, which is how registries mean it; undefined for none. */
export function parseContentType(header: string | null): string | undefined {
  const type = header?.split(';', 1)[0]?.trim().toLowerCase()
  return type && /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(type) ? type : undefined
}
