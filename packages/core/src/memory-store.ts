// SPDX-License-Identifier: Apache-2.0
import { concatBytes } from './bytes.js'
import { type Descriptor, mediaTypes, type Target } from './descriptor.js'
import type { Digest } from './digest.js'
import { isOcisignError, OcisignError, printable } from './errors.js'
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject, requireExactNames } from './json.js'
import { limits } from './limits.js'
import { parseTagOrDigest } from './reference.js'
import { type ArtifactStore, checkedContent, type TagLister } from './store.js'

interface Entry {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  /** Read by the first listing, and kept: content never changes. */
  manifest?: Manifest | OcisignError
}

/** What {@link createMemoryStore} accepts. */
export interface MemoryStoreOptions {
  /** `host/path`: what trust policy scopes select by. */
  readonly repository?: string
  readonly signatureManifestForm?: 'artifact' | 'config'
}

const manifestTypes: readonly string[] = [mediaTypes.imageManifest, mediaTypes.imageIndex, mediaTypes.artifactManifest]

/**
 * Makes an empty store that lives in memory: for tests, and for signatures that never touch a disk.
 *
 * A listing yields what refers to the subject by digest, size and media type; a manifest that cannot be read makes it
 * fail at its end with UNAVAILABLE_STORE, unless it was pushed as another artifact type than asked for.
 *
 * @example
 * ```ts
 * import { createMemoryStore, digestBytes, encodeText, mediaTypes } from '@ocisign/core'
 *
 * const store = createMemoryStore({ repository: 'example.com/app' })
 * const bytes = encodeText('{"schemaVersion":2}')
 * const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
 * await store.push(image, bytes)
 * await store.tag(image, 'v1')
 * console.log((await store.resolve('v1')).digest === image.digest)
 * ```
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): ArtifactStore & TagLister {
  const entries = new Map<Digest, Entry>()
  const tags = new Map<string, Descriptor>()

  const find = (reference: string, descriptor: Descriptor | undefined): Entry => {
    const entry = descriptor && entries.get(descriptor.digest)
    if (entry) return entry
    throw new OcisignError('UNAVAILABLE_NOT_FOUND', `"${printable(reference)}" is not in this store`, {
      reference: printable(reference),
      retryable: false,
    })
  }

  return {
    repository: options.repository,
    ...(options.signatureManifestForm && { signatureManifestForm: options.signatureManifestForm }),

    async resolve(reference) {
      const parsed = parseTagOrDigest(reference)
      if ('tag' in parsed) return find(reference, tags.get(parsed.tag)).descriptor
      return find(reference, entries.get(parsed.digest)?.descriptor).descriptor
    },

    async fetch(target) {
      const { bytes } = find(target.digest, target)
      return (async function* () {
        yield bytes
      })()
    },

    async push(expected, content, callOptions) {
      const chunks: Uint8Array[] = []
      for await (const chunk of checkedContent(content, expected, callOptions)) chunks.push(new Uint8Array(chunk))
      const { mediaType, digest, size, artifactType } = expected
      const descriptor = { mediaType, digest, size, ...(artifactType !== undefined && { artifactType }) }
      // The first description stays: content already there must not change what it is said to be.
      if (!entries.has(digest)) entries.set(digest, { descriptor, bytes: concatBytes(...chunks) })
    },

    async *referrers(subject, callOptions = {}) {
      const { artifactType, signal } = callOptions
      const failures: OcisignError[] = []
      for (const entry of [...entries.values()]) {
        signal?.throwIfAborted()
        const { digest, mediaType } = entry.descriptor
        if (digest === subject.digest || !manifestTypes.includes(mediaType)) continue
        entry.manifest ??= readManifest(entry)
        const { manifest } = entry
        if (isOcisignError(manifest)) {
          const claimed = entry.descriptor.artifactType
          const isUnknown = !claimed || claimed === mediaTypes.empty
          if (artifactType === undefined || isUnknown || claimed === artifactType) failures.push(manifest)
        } else if (
          refersTo(manifest, subject) &&
          (artifactType === undefined || manifest.artifactType === artifactType)
        )
          yield describe(entry, manifest)
      }
      // What cannot be read may refer to the subject, too: it hides nothing else, and nothing looks unsigned.
      if (failures[0])
        throw new OcisignError(
          'UNAVAILABLE_STORE',
          `cannot tell whether ${failures.length} unreadable manifest${failures.length > 1 ? 's' : ''} refer to ${printable(subject.digest, 140)}: ${failures[0].message}`,
          { retryable: false },
          { cause: failures[0] },
        )
    },

    async *tags({ signal } = {}) {
      signal?.throwIfAborted()
      for (const tag of [...tags.keys()]) {
        signal?.throwIfAborted()
        yield tag
      }
    },

    async tag(target, tag) {
      if (!('tag' in parseTagOrDigest(tag)))
        throw new OcisignError('INVALID_REFERENCE', `"${printable(tag)}" is a digest, not a tag`, {
          reference: printable(tag),
        })
      tags.set(tag, find(tag, target).descriptor)
    },
  }
}

/** What a manifest says that listing needs. */
interface Manifest {
  /** A subject that is no descriptor is nobody's: it equals none. */
  readonly subject?: JsonObject
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

const subjectNames = ['mediaType', 'digest', 'size']
const manifestNames = ['mediaType', 'artifactType', 'config', 'layers', 'blobs', 'manifests', 'subject', 'annotations']

/** Reads a manifest that is the one thing it is said to be; the error is an answer, not thrown. */
function readManifest({ descriptor: { digest, mediaType, size }, bytes }: Entry): Manifest | OcisignError {
  const what = `manifest ${digest}`
  const invalid = (why: string) => new OcisignError('INVALID_MANIFEST', `${what} ${why}`, { digest })
  try {
    if (size > limits.manifestBytes) return invalid(`is larger than ${limits.manifestBytes} bytes`)
    const document = parseJsonObject(bytes, { what })
    requireExactNames(document, manifestNames, what)
    if (document.mediaType !== undefined && document.mediaType !== mediaType) return invalid('names another media type')
    if ('manifests' in document && ('layers' in document || 'config' in document)) return invalid('is an index as well')
    const { subject, annotations, artifactType = '', config } = document
    if (!isJsonObject(subject)) return {}
    const type = artifactType === '' && isJsonObject(config) ? config.mediaType : artifactType
    requireExactNames(subject, subjectNames, `the subject of ${what}`)
    return {
      subject,
      ...(typeof type === 'string' && type !== '' && { artifactType: type }),
      ...(isAnnotations(annotations) && { annotations }),
    }
  } catch (error) {
    if (isOcisignError(error)) return error
    throw error
  }
}

const isAnnotations = (value: JsonValue | undefined): value is Readonly<Record<string, string>> =>
  isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string')

function refersTo({ subject }: Manifest, { digest, size, mediaType }: Target): boolean {
  if (subject?.digest !== digest || subject.size !== size) return false
  return mediaType === undefined || subject.mediaType === mediaType
}

/** As a registry lists it: type and annotations are the manifest's own (distribution-spec, listing referrers). */
function describe({ descriptor }: Entry, { artifactType, annotations }: Manifest): Descriptor {
  const { mediaType, digest, size } = descriptor
  return {
    mediaType,
    digest,
    size,
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations: { ...annotations } }),
  }
}
