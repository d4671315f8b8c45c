// SPDX-License-Identifier: Apache-2.0
import { encodeText } from './bytes.js'
import { type DeadlineOptions, withDeadline } from './deadline.js'
import { type Content, type Descriptor, mediaTypes } from './descriptor.js'
import { type Digest, digestBytes, isDigest } from './digest.js'
import { OcisignError, printable } from './errors.js'
import { attachListed, isReferrerListed, type Listing, type ReadBackOptions } from './read-back.js'
import { resolveReference } from './resolve.js'
import type { ArtifactStore } from './store.js'

/** Something to attach; a stream needs its digest and size stated. */
export interface AttachedBlob {
  readonly mediaType: string
  readonly content: Content
  readonly digest?: Digest | undefined
  /** In bytes. */
  readonly size?: number | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

/** What {@link attachArtifact} attaches: an SBOM, a scan result, provenance. */
export interface Attached {
  /** A media type, `application/spdx+json`: readers ask for it. */
  readonly artifactType: string
  /** May be none, where the annotations say it all. */
  readonly blobs: readonly AttachedBlob[]
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** The empty one where left out. */
  readonly config?: { readonly mediaType: string; readonly content: Uint8Array } | undefined
}

/** What {@link attachArtifact} accepts. */
export interface AttachOptions extends DeadlineOptions, ReadBackOptions {
  /** When it was made, unless the annotations say so. */
  readonly clock?: (() => Date) | undefined
}

/** Where it is; `unlisted` was stored, but who asks for what refers to the subject does not find it. */
export interface AttachedArtifact {
  readonly subject: Descriptor
  readonly manifest: Descriptor
  readonly listing: Listing
}

const createdAnnotation = 'org.opencontainers.image.created'

// RFC 6838 section 4.2, with a type and a subtype.
const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/

/**
 * Attaches an artifact to what the reference resolves to now, as an image manifest with a subject (image-spec 1.1,
 * guidelines for artifact usage), and asks the store whether it lists it.
 *
 * Does not sign it: {@link signArtifact} does, by the digest of the manifest. Does not look into the content.
 *
 * @example
 * ```ts
 * import { attachArtifact, createMemoryStore, digestBytes, encodeText, mediaTypes } from '@ocisign/core'
 *
 * const store = createMemoryStore()
 * const bytes = encodeText('{"schemaVersion":2}')
 * const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
 * await store.push(image, bytes)
 * const sbom = { mediaType: 'application/spdx+json', content: encodeText('{"spdxVersion":"SPDX-2.3"}') }
 * const attached = await attachArtifact(store, image.digest, { artifactType: sbom.mediaType, blobs: [sbom] })
 * console.log(attached.listing)
 * ```
 *
 * @throws MISUSE_OPTION for a type that is none, or a stream without digest and size
 * @throws INVALID_CONTENT where content is not what was stated of it
 * @throws UNAVAILABLE_DEADLINE | UNAVAILABLE_NOT_FOUND, and what the store throws
 */
export async function attachArtifact(
  store: ArtifactStore,
  reference: string,
  artifact: Attached,
  options: AttachOptions = {},
): Promise<AttachedArtifact> {
  const { clock = () => new Date() } = options
  requireMediaType('artifactType', artifact.artifactType)
  const config = await describe(artifact.config ?? empty, 'config')
  const layers: Described[] = []
  for (const [position, blob] of artifact.blobs.entries()) layers.push(await describe(blob, `blobs[${position}]`))
  // Readers and registries take a manifest without layers for a broken one.
  if (layers.length === 0) layers.push(await describe(empty, 'blobs'))
  return withDeadline(options, async (signal) => {
    const { mediaType, digest, size } = await resolveReference(store, reference, { signal })
    const subject = { mediaType, digest, size }
    const annotations = { [createdAnnotation]: formatTime(clock()), ...artifact.annotations }
    const { artifactType } = artifact
    const bytes = encodeText(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.imageManifest,
        artifactType,
        config: config.descriptor,
        layers: layers.map(({ descriptor }) => descriptor),
        subject,
        annotations,
      }),
    )
    const described = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
    const manifest = { ...described, artifactType, annotations }
    for (const { descriptor, content } of [config, ...layers]) {
      signal.throwIfAborted()
      const { annotations: _, ...expected } = descriptor
      await store.push(expected, content, { signal })
    }
    const { listing } = await attachListed(
      async () => {
        signal.throwIfAborted()
        // The manifest comes last: whoever sees it finds everything it names.
        await store.push(manifest, bytes, { signal })
      },
      () => isReferrerListed(store, subject, manifest, { signal }),
      { ...options, signal },
    )
    return { subject, manifest, listing }
  })
}

interface Described {
  readonly descriptor: Descriptor
  readonly content: Content
}

const empty = { mediaType: mediaTypes.empty, content: encodeText('{}') } as const

async function describe(blob: AttachedBlob, option: string): Promise<Described> {
  const { mediaType, content, annotations } = blob
  requireMediaType(`${option}.mediaType`, mediaType)
  const { digest, size } =
    content instanceof Uint8Array
      ? { digest: blob.digest ?? (await digestBytes(content)), size: blob.size ?? content.length }
      : blob
  if (digest === undefined || !isDigest(digest) || size === undefined || !(Number.isSafeInteger(size) && size >= 0))
    throw new OcisignError(
      'MISUSE_OPTION',
      `${option} is a stream and states no digest and size, or one that is none`,
      {
        option,
      },
    )
  return { descriptor: { mediaType, digest, size, ...(annotations && { annotations }) }, content }
}

/** @throws MISUSE_OPTION */
function requireMediaType(option: string, mediaType: string): void {
  if (typeof mediaType === 'string' && mediaTypePattern.test(mediaType)) return
  const shown = printable(String(mediaType))
  throw new OcisignError('MISUSE_OPTION', `${option} "${shown}" is not a media type; write type/subtype`, { option })
}

const formatTime = (time: Date) => `${time.toISOString().slice(0, 19)}Z`
