// SPDX-License-Identifier: Apache-2.0
// Writing what was planned: content before what names it.
import { type Descriptor, mediaTypes } from '../descriptor.js'
import type { Digest } from '../digest.js'
import { isOcisignError } from '../errors.js'
import { limits } from '../limits.js'
import { mapAhead } from '../parallel.js'
import type { ArtifactStore, ContentWriter, ReadableStore } from '../store.js'
import { isIndex } from '../tree.js'
import type { Planned } from './collect.js'
import { findDescriptor, type Looking } from './find.js'
import type { Plan } from './plan.js'

/** What happens to one blob or manifest, of which all are `planned` first; `bytes` are those of it so far. */
export type CopyProgress =
  | { readonly kind: 'planned' | 'begun' | 'copied' | 'mounted' | 'present'; readonly descriptor: Descriptor }
  | { readonly kind: 'bytes'; readonly descriptor: Descriptor; readonly bytes: number }

/** Where to, and how. */
export interface Copying {
  readonly source: ReadableStore
  readonly destination: ArtifactStore
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly onProgress: (progress: CopyProgress) => void
}

/** What became of everything that was planned. */
export interface Written {
  readonly copied: readonly Descriptor[]
  readonly present: readonly Descriptor[]
}

const manifestTypes: readonly string[] = [
  mediaTypes.imageManifest,
  mediaTypes.dockerManifest,
  mediaTypes.artifactManifest,
]

/** What the plan names beside manifests, each once. */
export function blobsOf({ waves }: Plan): readonly Descriptor[] {
  const blobs = new Map<Digest, Descriptor>()
  for (const { document } of waves.flat())
    for (const { mediaType, digest, size } of document.blobs) {
      // Stores tell manifests by their type; a layer of such a type is content like any other.
      const isManifest = manifestTypes.includes(mediaType) || isIndex({ mediaType, digest, size })
      if (!blobs.has(digest))
        blobs.set(digest, { mediaType: isManifest ? 'application/octet-stream' : mediaType, digest, size })
    }
  return [...blobs.values()]
}

/** The manifests that the destination has, by digest. */
export async function findPresent(
  destination: ArtifactStore,
  plan: Plan,
  { isStrict, signal }: Looking,
): Promise<ReadonlySet<Digest>> {
  const present = new Set<Digest>()
  const find = async ({ descriptor: { digest, size, mediaType } }: Planned, given: AbortSignal | undefined) => {
    const found = await findDescriptor(destination, digest, { isStrict, signal: given })
    if (found?.size === size && found.mediaType === mediaType) present.add(digest)
  }
  for await (const _ of mapAhead(plan.waves.flat(), limits.parallelFetches, find, { signal }));
  return present
}

/** Writes blobs, then manifests, each after what it holds and refers to. */
export async function writePlan(plan: Plan, present: ReadonlySet<Digest>, copying: Copying): Promise<Written> {
  const { destination, concurrency, signal, onProgress } = copying
  const written = { copied: [] as Descriptor[], present: [] as Descriptor[] }
  const note = (descriptor: Descriptor, kind: 'copied' | 'mounted' | 'present') => {
    written[kind === 'present' ? 'present' : 'copied'].push(descriptor)
    onProgress({ kind, descriptor })
  }
  const copyBlob = async (blob: Descriptor, given: AbortSignal | undefined) =>
    note(blob, await copyContent(blob, copying, given))
  const blobs = blobsOf(plan)
  for (const descriptor of [...blobs, ...plan.waves.flat().map((each) => each.descriptor)])
    onProgress({ kind: 'planned', descriptor })
  for await (const _ of mapAhead(blobs, concurrency, copyBlob, { signal }));
  const copyManifest = async (planned: Planned, given: AbortSignal | undefined) => {
    const { descriptor } = planned
    if (present.has(descriptor.digest)) return note(descriptor, 'present')
    onProgress({ kind: 'begun', descriptor })
    await pushManifest(destination, planned, given)
    note(descriptor, 'copied')
  }
  for (const wave of plan.waves) for await (const _ of mapAhead(wave, concurrency, copyManifest, { signal }));
  return written
}

/** What a listing says of a manifest that refers to something, and no more than that. */
export function statedOf({ descriptor: { mediaType, digest, size }, document }: Planned): Descriptor {
  const { artifactType, annotations } = document
  return { mediaType, digest, size, ...(artifactType && { artifactType }), ...(annotations && { annotations }) }
}

/** Writes one manifest. */
export async function pushManifest(
  destination: ContentWriter,
  planned: Planned,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted()
  await destination.push(statedOf(planned), planned.bytes, { signal })
}

async function copyContent(
  blob: Descriptor,
  { source, destination, onProgress }: Copying,
  signal: AbortSignal | undefined,
): Promise<'copied' | 'mounted' | 'present'> {
  onProgress({ kind: 'begun', descriptor: blob })
  const from = neighbour(source, destination)
  if (from !== undefined && (await destination.mount?.(blob, from, { signal }))) return 'mounted'
  for (let tried = 1; ; tried++) {
    let state = 'unread' as 'unread' | 'reading' | 'lost'
    // Begun only by who needs it: a store that has the blob need not read it again.
    const content = async function* () {
      state = 'reading'
      let bytes = 0
      const chunks = read(source, blob, signal, () => {
        state = 'lost'
      })
      for await (const chunk of chunks) {
        bytes += chunk.length
        onProgress({ kind: 'bytes', descriptor: blob, bytes })
        yield chunk
      }
    }
    try {
      await destination.push(blob, content(), { signal })
      return state === 'unread' ? 'present' : 'copied'
    } catch (error) {
      signal?.throwIfAborted()
      if (state !== 'lost' || tried === maxDownloads || !isPassing(error)) throw error
    }
  }
}

/** A connection that is lost in the middle of a layer: nobody else can ask for it again. */
const maxDownloads = 3

const isPassing = (error: unknown) =>
  isOcisignError(error) && (error.details as { readonly retryable?: boolean }).retryable === true

async function* read(
  source: ReadableStore,
  blob: Descriptor,
  signal: AbortSignal | undefined,
  lost: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* await source.fetch(blob, { signal })
  } catch (error) {
    lost()
    throw error
  }
}

/** The source's repository, where it is on the host of the destination's. */
function neighbour(source: ReadableStore & Partial<ContentWriter>, destination: ArtifactStore): string | undefined {
  // A layout is on no host, whatever repository it is said to be of.
  if (!source.mount || !destination.mount) return undefined
  const [from, to] = [source.repository, destination.repository]
  return from !== undefined && to !== undefined && hostOf(from) === hostOf(to) ? from : undefined
}

const hostOf = (repository: string) => repository.slice(0, repository.indexOf('/'))
