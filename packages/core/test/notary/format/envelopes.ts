// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NotaryCorpus, NotaryCorpusCase } from '../../../../conformance/src/corpus/index.js'
import { coseDecoder } from '../../../src/notary/format/cose-decoder.js'
import { jwsDecoder } from '../../../src/notary/format/jws-decoder.js'

/** A signature of the corpus: the bytes and what they are said to be. */
export interface CorpusEnvelope {
  readonly mediaType: string
  readonly bytes: Uint8Array
}

interface Manifest {
  readonly subject?: { readonly digest: string }
  readonly layers?: readonly { readonly mediaType: string; readonly digest: string }[]
}

/** The decoder for a media type of the corpus; undefined for those that no one reads. */
export const decoderFor = (mediaType: string) => [jwsDecoder, coseDecoder].find((each) => each.mediaType === mediaType)

/** Finds the envelopes of every case: a simple reader of layouts, for the corpus only. */
export async function openEnvelopes(corpus: NotaryCorpus) {
  const blob = (digest: string) => readFile(join(corpus.layout, 'blobs', digest.replace(':', '/')))
  const index: { manifests: { digest: string }[] } = JSON.parse(
    await readFile(join(corpus.layout, 'index.json'), 'utf8'),
  )
  const bySubject = new Map<string, Manifest[]>()
  for (const { digest } of index.manifests) {
    const manifest: Manifest | null = await blob(digest).then(
      (bytes) => JSON.parse(bytes.toString()),
      () => null,
    )
    if (!manifest?.subject) continue
    bySubject.set(manifest.subject.digest, [...(bySubject.get(manifest.subject.digest) ?? []), manifest])
  }
  return async function envelopesOf({ digest }: NotaryCorpusCase): Promise<CorpusEnvelope[]> {
    const layers = (bySubject.get(digest) ?? []).flatMap(({ layers }) => layers ?? [])
    const envelopes = layers.map(async ({ mediaType, digest }) => {
      const bytes = await blob(digest).catch(() => undefined)
      return bytes ? [{ mediaType, bytes: new Uint8Array(bytes) }] : []
    })
    return (await Promise.all(envelopes)).flat()
  }
}
