// SPDX-License-Identifier: Apache-2.0
// Content for the cases: bytes with the descriptor that fits them.
import {
  type ArtifactStore,
  type Descriptor,
  type DigestAlgorithm,
  digestBytes,
  encodeText,
  mediaTypes,
  type Target,
} from '@ocisign/core'

/** Bytes and what they are. */
export interface Item {
  readonly bytes: Uint8Array
  readonly descriptor: Descriptor
}

/** Describes bytes. */
export async function itemOf(
  bytes: Uint8Array,
  mediaType = 'application/octet-stream',
  algorithm: DigestAlgorithm = 'sha256',
): Promise<Item> {
  return { bytes, descriptor: { mediaType, digest: await digestBytes(bytes, algorithm), size: bytes.length } }
}

/** A blob of so many bytes, which the text makes different from others of that length. */
export async function blobOf(text: string, length = text.length, algorithm: DigestAlgorithm = 'sha256'): Promise<Item> {
  const seed = encodeText(text)
  const bytes = new Uint8Array(length).map((_, index) => seed[index % seed.length]! ^ (index >> 8))
  return itemOf(bytes, 'application/octet-stream', algorithm)
}

/** Members of a manifest that the cases vary. */
export interface ManifestOptions {
  readonly subject?: Target & { readonly mediaType: string }
  readonly artifactType?: string
  readonly configType?: string
  /** Makes a manifest different from others. */
  readonly note?: string
}

/** The config of the image-spec that says nothing. */
const emptyConfig = encodeText('{}')

/** An image manifest. */
export async function manifestOf(options: ManifestOptions = {}): Promise<Item> {
  const { subject, artifactType, note = '' } = options
  const config = (await itemOf(emptyConfig, options.configType ?? mediaTypes.empty)).descriptor
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    ...(artifactType !== undefined && { artifactType }),
    config,
    layers: [config],
    ...(subject && { subject }),
    annotations: { note },
  }
  return itemOf(encodeText(JSON.stringify(document)), mediaTypes.imageManifest)
}

/** An index without manifests. */
export async function indexOf({ subject, artifactType, note = '' }: ManifestOptions = {}): Promise<Item> {
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageIndex,
    ...(artifactType !== undefined && { artifactType }),
    manifests: [],
    ...(subject && { subject }),
    annotations: { note },
  }
  return itemOf(encodeText(JSON.stringify(document)), mediaTypes.imageIndex)
}

/** Pushes what a manifest needs, and the manifest. */
export async function pushManifest(store: ArtifactStore, options: ManifestOptions = {}): Promise<Item> {
  const manifest = await manifestOf(options)
  await store.push((await itemOf(emptyConfig, options.configType ?? mediaTypes.empty)).descriptor, emptyConfig)
  await store.push(manifest.descriptor, manifest.bytes)
  return manifest
}

/** Collects an iteration. */
export async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** The bytes in chunks of that length, as a stream. */
export async function* chunksOf(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let offset = 0; offset < bytes.length; offset += length) yield bytes.slice(offset, offset + length)
}
