// SPDX-License-Identifier: Apache-2.0
import { type Digest, isDigest } from './digest.js'
import { OcisignError, printable } from './errors.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'

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

/**
 * Reads a descriptor out of a manifest or an index; members it does not know are left out.
 *
 * The media type may be missing, which reads as the empty text; whoever needs one has to compare it.
 * @throws INVALID_DESCRIPTOR
 */
export function parseDescriptor(value: JsonValue | undefined, what: string): Descriptor {
  const invalid = (why: string) => new OcisignError('INVALID_DESCRIPTOR', `${what} ${why}`, { what })
  if (!isJsonObject(value)) throw invalid('is not a descriptor')
  const { mediaType = '', digest, size, artifactType, annotations, platform } = value
  if (typeof mediaType !== 'string') throw invalid('has a media type that is not text')
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalid('has no usable digest')
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw invalid('has no usable size')
  if (artifactType !== undefined && typeof artifactType !== 'string')
    throw invalid('has an artifact type that is not text')
  return {
    mediaType,
    digest,
    size: size as number,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && annotations !== null && { annotations: parseAnnotations(annotations, what) }),
    ...(isJsonObject(platform) && parsePlatform(platform)),
  }
}

/** Reads annotations: text by name. @throws INVALID_DESCRIPTOR */
export function parseAnnotations(value: JsonValue, what: string): Readonly<Record<string, string>> {
  const invalid = (why: string) => new OcisignError('INVALID_DESCRIPTOR', `${what} ${why}`, { what })
  if (!isJsonObject(value)) throw invalid('has annotations that are not an object')
  for (const name in value)
    if (typeof value[name] !== 'string') throw invalid(`has an annotation "${printable(name)}" that is not text`)
  return value as Readonly<Record<string, string>>
}

function parsePlatform({ os, architecture, variant }: JsonObject): { readonly platform?: Platform } {
  if (typeof os !== 'string' || typeof architecture !== 'string') return {}
  return { platform: { os, architecture, ...(typeof variant === 'string' && { variant }) } }
}

/** Media types of OCI documents that are known here. */
export const mediaTypes = {
  imageIndex: 'application/vnd.oci.image.index.v1+json',
  imageManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  /** Of image-spec 1.1 release candidates only; signatures in it still exist. */
  artifactManifest: 'application/vnd.oci.artifact.manifest.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
} as const
