// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { decodeText, isDigest } from '@ocisign/core'

/** A manifest with what lists need of it. */
export interface StoredManifest {
  readonly digest: string
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly subject?: string | undefined
  readonly artifactType?: string | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** So many listings of the subject do not have it yet. */
  hiddenListings: number
}

/** What one repository keeps. */
export interface RepositoryContent {
  readonly blobs: Map<string, Uint8Array>
  readonly manifests: Map<string, StoredManifest>
  readonly tags: Map<string, string>
  /** From a subject's digest to those of the manifests that name it, in the order of their arrival. */
  readonly referrers: Map<string, Set<string>>
}

/** What a registry keeps, by the path of the repository. */
export type RegistryContent = Map<string, RepositoryContent>

/** The repository, made where it is not there. */
export function repositoryOf(content: RegistryContent, name: string): RepositoryContent {
  const found = content.get(name)
  if (found) return found
  const made: RepositoryContent = { blobs: new Map(), manifests: new Map(), tags: new Map(), referrers: new Map() }
  content.set(name, made)
  return made
}

/** The digest of bytes by the algorithm of another digest; undefined where the other is none. */
export function digestLike(digest: string, bytes: Uint8Array): string | undefined {
  if (!isDigest(digest)) return undefined
  const algorithm = digest.slice(0, digest.indexOf(':'))
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

export function sha256Of(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export interface ManifestFacts {
  readonly mediaType?: string | undefined
  readonly subject?: string | undefined
  readonly artifactType?: string | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** Digests of what has to be there: blobs of an image manifest, manifests of an index. */
  readonly blobs: readonly string[]
  readonly manifests: readonly string[]
}

/** What a manifest names, as far as the types of the image-spec are known; undefined where it is not a manifest. */
export function readFacts(bytes: Uint8Array, contentType: string): ManifestFacts | undefined {
  if (!/^application\/vnd\.(oci\.image\.(manifest|index)|docker\.distribution\.manifest(\.list)?)\.v/.test(contentType))
    return { blobs: [], manifests: [] }
  const isIndex = /index|list/.test(contentType)
  try {
    const document = JSON.parse(decodeText(bytes)) as Document
    if (typeof document !== 'object' || document === null || document.schemaVersion !== 2) return undefined
    const listed = isIndex ? document.manifests : document.layers
    if (!Array.isArray(listed) || (!isIndex && typeof document.config?.mediaType !== 'string')) return undefined
    const digests = [...(isIndex ? [] : [document.config]), ...listed].map((each) => each?.digest)
    // Layers that may not be distributed are somewhere else (image-spec, layer).
    const elsewhere = listed.filter((each) => /nondistributable|foreign/.test(each?.mediaType ?? ''))
    const { subject } = document
    if (![...digests, ...(subject ? [subject.digest] : [])].every((each) => typeof each === 'string' && isDigest(each)))
      return undefined
    return {
      mediaType: document.mediaType,
      subject: subject?.digest,
      artifactType: document.artifactType || (isIndex ? undefined : document.config?.mediaType),
      annotations: document.annotations,
      blobs: isIndex ? [] : (digests as string[]).filter((each) => elsewhere.every(({ digest }) => digest !== each)),
      manifests: isIndex ? (digests as string[]) : [],
    }
  } catch {
    return undefined
  }
}

interface Document {
  readonly schemaVersion?: number
  readonly mediaType?: string
  readonly artifactType?: string
  readonly config?: { readonly mediaType?: string; readonly digest?: string }
  readonly layers?: readonly { readonly mediaType?: string; readonly digest?: string }[]
  readonly manifests?: readonly { readonly mediaType?: string; readonly digest?: string }[]
  readonly subject?: { readonly digest?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/** Keeps a manifest, whatever it says; the first of a digest stays. */
export function keepManifest(
  repository: RepositoryContent,
  digest: string,
  mediaType: string,
  bytes: Uint8Array,
  hiddenListings = 0,
): StoredManifest {
  const found = repository.manifests.get(digest)
  if (found) return found
  const { subject, artifactType, annotations } = readFacts(bytes, mediaType) ?? {}
  const manifest = { digest, mediaType, bytes, subject, artifactType, annotations, hiddenListings }
  repository.manifests.set(digest, manifest)
  if (subject !== undefined)
    repository.referrers.set(subject, (repository.referrers.get(subject) ?? new Set()).add(digest))
  return manifest
}

/** Takes a manifest away, and the tags that point at it. */
export function dropManifest(repository: RepositoryContent, { digest, subject }: StoredManifest): void {
  repository.manifests.delete(digest)
  if (subject !== undefined) repository.referrers.get(subject)?.delete(digest)
  for (const [tag, target] of repository.tags) if (target === digest) repository.tags.delete(tag)
}
