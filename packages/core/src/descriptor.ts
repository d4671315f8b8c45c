// SPDX-License-Identifier: Apache-2.0
import type { Digest } from './digest.js'

/** What a signature is over, or must be over: every member given has to match. */
export interface Target {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly mediaType?: string
  /** When signing, the user metadata to sign; when verifying, the user metadata that must be among what was signed. */
  readonly annotations?: Readonly<Record<string, string>>
}

/** Where an image manifest in an index runs. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** An OCI descriptor (image-spec, descriptor.md). */
export interface Descriptor extends Target {
  readonly mediaType: string
  readonly artifactType?: string
  readonly platform?: Platform
}

/** What every call that waits accepts; the signal reaches every await below it. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Content at hand or streamed; a stream is read once. */
export type Content = Uint8Array | AsyncIterable<Uint8Array>

/** Only what a signature covers of a descriptor: annotations that an index added are not part of it. */
export function targetOf(
  { mediaType, digest, size }: Descriptor,
  userMetadata?: Readonly<Record<string, string>>,
): Target & { readonly mediaType: string } {
  return { mediaType, digest, size, ...(userMetadata && { annotations: userMetadata }) }
}

export const mediaTypes = {
  imageIndex: 'application/vnd.oci.image.index.v1+json',
  imageManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  empty: 'application/vnd.oci.empty.v1+json',
} as const
