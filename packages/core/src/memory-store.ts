// SPDX-License-Identifier: Apache-2.0
import { concatBytes } from './bytes.js'
import { type Descriptor, mediaTypes } from './descriptor.js'
import type { Digest } from './digest.js'
import { OcisignError, printable } from './errors.js'
import { isJsonObject, parseJsonObject } from './json.js'
import { parseTagOrDigest } from './reference.js'
import { type ArtifactStore, checkedContent } from './store.js'

interface Entry {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
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
export function createMemoryStore(options: MemoryStoreOptions = {}): ArtifactStore {
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

    async *referrers(subject, callOptions) {
      for (const { descriptor, bytes } of [...entries.values()]) {
        callOptions?.signal?.throwIfAborted()
        if (!manifestTypes.includes(descriptor.mediaType)) continue
        const manifest = parseJsonObject(bytes, { what: `manifest ${descriptor.digest}` })
        if (!isJsonObject(manifest.subject) || manifest.subject.digest !== subject.digest) continue
        const config = isJsonObject(manifest.config) ? manifest.config.mediaType : undefined
        const artifactType = typeof manifest.artifactType === 'string' ? manifest.artifactType : config
        if (callOptions?.artifactType !== undefined && artifactType !== callOptions.artifactType) continue
        yield { ...descriptor, ...(typeof artifactType === 'string' && { artifactType }) }
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
