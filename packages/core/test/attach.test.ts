// SPDX-License-Identifier: Apache-2.0
// Attaching SBOMs and the like: what is written, byte for byte, and what the store says of it.
import {
  type ArtifactStore,
  type Attached,
  type AttachOptions,
  attachArtifact,
  type Descriptor,
  decodeText,
  digestBytes,
  encodeText,
  mediaTypes,
  readAll,
} from '@ocisign/core'
import { expect, test } from 'vitest'
import { code, setup } from './families.js'

const clock = () => new Date('2026-02-03T04:05:06.789Z')
const spdx = 'application/spdx+json'
const emptyDigest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
const content = encodeText('{"spdxVersion":"SPDX-2.3"}')
const sbom: Attached = { artifactType: spdx, blobs: [{ mediaType: spdx, content }] }

async function scene(change: Partial<ArtifactStore> = {}) {
  const { store, subject } = await setup()
  const waits: number[] = []
  const pushed: Descriptor[] = []
  const noting: ArtifactStore = {
    ...store,
    push: async (descriptor, bytes, options) => {
      pushed.push(descriptor)
      return store.push(descriptor, bytes, options)
    },
    ...change,
  }
  const wait = async (milliseconds: number) => void waits.push(milliseconds)
  const attach = (artifact: Attached = sbom, options: AttachOptions = {}) =>
    attachArtifact(noting, 'v1', artifact, { clock, wait, ...options })
  const read = async (manifest: Descriptor) => JSON.parse(decodeText(await readAll(store, manifest)))
  return { store, subject, waits, pushed, attach, read }
}

test('an image manifest with an artifact type, the empty config and a subject', async () => {
  const { store, subject, attach, pushed } = await scene()
  const attached = await attach({
    ...sbom,
    blobs: [{ mediaType: spdx, content, annotations: { 'org.opencontainers.image.title': 'sbom.json' } }],
  })
  const layer = { mediaType: spdx, digest: await digestBytes(content), size: content.length }
  const text = decodeText(await readAll(store, attached.manifest))
  expect(text).toBe(
    `{"schemaVersion":2,"mediaType":"${mediaTypes.imageManifest}","artifactType":"${spdx}",` +
      `"config":{"mediaType":"${mediaTypes.empty}","digest":"${emptyDigest}","size":2},` +
      `"layers":[{"mediaType":"${spdx}","digest":"${layer.digest}","size":${layer.size},` +
      '"annotations":{"org.opencontainers.image.title":"sbom.json"}}],' +
      `"subject":{"mediaType":"${mediaTypes.imageManifest}","digest":"${subject.digest}","size":${subject.size}},` +
      '"annotations":{"org.opencontainers.image.created":"2026-02-03T04:05:06Z"}}',
  )
  expect(attached).toMatchObject({ subject: { digest: subject.digest }, listing: 'listed' })
  expect(attached.manifest).toMatchObject({ digest: await digestBytes(encodeText(text)), artifactType: spdx })
  // What it names comes before it.
  expect(pushed.map(({ digest }) => digest)).toEqual([emptyDigest, layer.digest, attached.manifest.digest])
  const listed: string[] = []
  for await (const each of store.referrers(subject, { artifactType: spdx })) listed.push(each.digest)
  expect(listed).toEqual([attached.manifest.digest])
})

test('without blobs has the empty one as its only layer', async () => {
  const { attach, read } = await scene()
  const { manifest } = await attach({
    artifactType: 'application/x.note',
    blobs: [],
    annotations: { note: 'reviewed' },
  })
  const { layers, annotations } = await read(manifest)
  expect(layers).toEqual([{ mediaType: mediaTypes.empty, digest: emptyDigest, size: 2 }])
  expect(annotations).toEqual({ 'org.opencontainers.image.created': '2026-02-03T04:05:06Z', note: 'reviewed' })
})

test('a config of its own, a time of its own, and a stream', async () => {
  const { store, attach, read } = await scene()
  const stream = async function* () {
    yield content.subarray(0, 5)
    yield content.subarray(5)
  }
  const digest = await digestBytes(content, 'sha512')
  const { manifest } = await attach({
    artifactType: 'application/vnd.cncf.helm.chart.v1+json',
    config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', content: encodeText('{"name":"chart"}') },
    blobs: [{ mediaType: spdx, content: stream(), digest, size: content.length }],
    annotations: { 'org.opencontainers.image.created': '2020-01-01T00:00:00Z' },
  })
  const { config, layers, annotations } = await read(manifest)
  expect(config.mediaType).toBe('application/vnd.cncf.helm.config.v1+json')
  expect(decodeText(await readAll(store, config))).toBe('{"name":"chart"}')
  expect(layers[0].digest).toBe(digest)
  expect(annotations).toEqual({ 'org.opencontainers.image.created': '2020-01-01T00:00:00Z' })
})

test('content that is not what was stated of it leaves no manifest', async () => {
  const { attach, pushed } = await scene()
  const lies = [{ digest: await digestBytes(encodeText('x')) }, { size: content.length + 1 }]
  for (const lie of lies) {
    const ask = attach({ ...sbom, blobs: [{ mediaType: spdx, content, ...lie }] })
    await expect(ask).rejects.toMatchObject(code('INVALID_CONTENT'))
  }
  expect(pushed.map(({ mediaType }) => mediaType)).not.toContain(mediaTypes.imageManifest)
})

test.each<[string, object]>([
  ['no type', { artifactType: '' }],
  ['a type without a subtype', { artifactType: 'sbom' }],
  ['a type with parameters', { artifactType: `${spdx}; charset=utf-8` }],
  ['a type that is no text', { artifactType: 5 }],
  ['a blob of no type', { blobs: [{ mediaType: 'json', content }] }],
  ['a config of no type', { config: { mediaType: '', content } }],
  [
    'a stream of unknown size',
    { blobs: [{ mediaType: spdx, content: (async function* () {})(), digest: emptyDigest }] },
  ],
  ['a stream of unknown digest', { blobs: [{ mediaType: spdx, content: (async function* () {})(), size: 0 }] }],
  ['a digest that is none', { blobs: [{ mediaType: spdx, content, digest: 'sha256:../x' }] }],
  ['a size that is none', { blobs: [{ mediaType: spdx, content, size: -1 }] }],
])('%s is misuse, and reaches no store', async (_, change) => {
  const { attach } = await scene({ resolve: () => expect.fail('asked') })
  await expect(attach({ ...sbom, ...change } as Attached)).rejects.toMatchObject(code('MISUSE_OPTION'))
})

test('a subject that is not there gets nothing', async () => {
  const { store } = await setup()
  await expect(attachArtifact(store, 'v2', sbom)).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
})

test('what the store does not list is unlisted, after it was attached twice', async () => {
  const { attach, pushed, waits } = await scene({ async *referrers() {} })
  expect(await attach()).toMatchObject({ listing: 'unlisted' })
  expect(waits).toHaveLength(3)
  expect(pushed.filter(({ mediaType }) => mediaType === mediaTypes.imageManifest)).toHaveLength(2)
})

test('a listing that fails is no answer', async () => {
  const { attach } = await scene({
    // biome-ignore lint/correctness/useYield: it fails before it yields.
    async *referrers() {
      throw new Error('socket hang up')
    },
  })
  await expect(attach()).rejects.toThrow('socket hang up')
})

test('giving up leaves no manifest', async () => {
  const stop = new AbortController()
  const { attach, pushed } = await scene()
  const stream = async function* () {
    stop.abort()
    yield content
  }
  const blob = { mediaType: spdx, content: stream(), digest: await digestBytes(content), size: content.length }
  await expect(attach({ ...sbom, blobs: [blob] }, { signal: stop.signal })).rejects.toMatchObject({
    name: 'AbortError',
  })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(pushed.map(({ mediaType }) => mediaType)).not.toContain(mediaTypes.imageManifest)
})
