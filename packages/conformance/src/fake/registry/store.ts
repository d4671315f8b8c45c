// SPDX-License-Identifier: Apache-2.0
// What a registry keeps, without the network: to fill it before a test, and to look at it afterwards.
import {
  type ArtifactStore,
  checkedContent,
  concatBytes,
  type Descriptor,
  type Digest,
  decodeText,
  encodeText,
  mediaTypes,
  OcisignError,
} from '@ocisign/core'
import { keepManifest, type RegistryContent, repositoryOf, type StoredManifest, sha256Of } from './content.js'
import { findManifest } from './manifests.js'
import type { EndpointContext } from './options.js'

const isManifestType = (mediaType: string) => /manifest|image\.index/.test(mediaType)

/** Content to put somewhere, whatever it is. */
export interface SeedOptions {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** The true one by default. */
  readonly digest?: string | undefined
  readonly tag?: string | undefined
}

/** Puts content into a repository: manifests by their type, everything else as a blob. Nothing is checked. */
export function putContent(content: RegistryContent, name: string, options: SeedOptions): Descriptor {
  const { bytes, mediaType, digest = sha256Of(bytes), tag } = options
  const repository = repositoryOf(content, name)
  if (isManifestType(mediaType)) keepManifest(repository, digest, mediaType, bytes)
  else repository.blobs.set(digest, bytes)
  if (tag !== undefined) repository.tags.set(tag, digest)
  return { mediaType, digest: digest as Digest, size: bytes.length }
}

/** Puts an image with one layer there, which the note makes different from others. */
export function putImage(content: RegistryContent, name: string, tag: string | undefined, note: string): Descriptor {
  const put = (mediaType: string, text: string) =>
    putContent(content, name, { mediaType, bytes: encodeText(text) }) as Descriptor
  const config = put('application/vnd.oci.image.config.v1+json', `{"architecture":"amd64","os":"linux","n":"${note}"}`)
  const layer = put('application/vnd.oci.image.layer.v1.tar', `layer of ${note}`)
  const mediaType = mediaTypes.imageManifest
  const bytes = encodeText(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }))
  return putContent(content, name, { bytes, mediaType, tag })
}

/** The repository as a store that asks nobody. Where there is no Referrers API, it keeps the tag schema's index. */
export function storeOf(context: EndpointContext, name: string, host: () => string): ArtifactStore {
  const { content } = context
  const notFound = (reference: string) =>
    new OcisignError('UNAVAILABLE_NOT_FOUND', `"${reference}" is not in ${name}`, { reference, retryable: false })
  return {
    get repository() {
      return `${host()}/${name}`
    },
    async resolve(reference) {
      const found = findManifest(repositoryOf(content, name), reference)
      if (!found) throw notFound(reference)
      return describe(found)
    },
    async fetch({ digest }) {
      const { manifests, blobs } = repositoryOf(content, name)
      const bytes = manifests.get(digest)?.bytes ?? blobs.get(digest)
      if (!bytes) throw notFound(digest)
      return (async function* () {
        yield bytes
      })()
    },
    async push(expected, bytes) {
      const chunks: Uint8Array[] = []
      for await (const chunk of checkedContent(bytes, expected)) chunks.push(new Uint8Array(chunk))
      putContent(content, name, { ...expected, bytes: concatBytes(...chunks) })
      const manifest = content.get(name)?.manifests.get(expected.digest)
      if (manifest && !context.features.referrersApi) addToIndex(content, name, manifest)
    },
    async *referrers({ digest }, { artifactType } = {}) {
      const { referrers, manifests } = repositoryOf(content, name)
      for (const each of referrers.get(digest) ?? []) {
        const descriptor = describe(manifests.get(each)!)
        if (artifactType === undefined || descriptor.artifactType === artifactType) yield descriptor
      }
    },
    async tag({ digest }, tag) {
      repositoryOf(content, name).tags.set(tag, digest)
    },
  }
}

function describe({ digest, mediaType, bytes, artifactType, annotations }: StoredManifest): Descriptor {
  return {
    mediaType,
    digest: digest as Digest,
    size: bytes.length,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  }
}

/** As a client does it that pushes a manifest with a subject (distribution-spec, pushing manifests with subject). */
function addToIndex(content: RegistryContent, name: string, manifest: StoredManifest): void {
  if (manifest.subject === undefined) return
  const tag = manifest.subject.replace(':', '-').slice(0, 71)
  const repository = repositoryOf(content, name)
  const index = findManifest(repository, tag)
  const listed = index ? (JSON.parse(decodeText(index.bytes)) as { manifests: Descriptor[] }).manifests : []
  if (listed.some(({ digest }) => digest === manifest.digest)) return
  const mediaType = mediaTypes.imageIndex
  const document = { schemaVersion: 2, mediaType, manifests: [...listed, describe(manifest)] }
  putContent(content, name, { bytes: encodeText(JSON.stringify(document)), mediaType, tag })
}
