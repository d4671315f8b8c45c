// SPDX-License-Identifier: Apache-2.0
// Where signatures lie, byte for byte, and what is not one of them.
import { createHash } from 'node:crypto'
import {
  type ArtifactStore,
  createMemoryStore,
  createNotaryAttachment,
  type Descriptor,
  decodeText,
  encodeText,
  type Listed,
  mediaTypes,
  OcisignError,
  readAll,
  type Signature,
  signatureArtifactType,
  thumbprintAnnotation,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { caught, code, json, put } from '../families.js'
import { createScene } from './scene.js'

const { imageManifest, imageIndex, artifactManifest, empty } = mediaTypes
const emptyDigest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
const signature: Signature = {
  mediaType: 'application/jose+json',
  bytes: encodeText('{"a":1}'),
  annotations: { b: 'c' },
}

async function scene(options: Parameters<typeof createMemoryStore>[0] = {}) {
  const store = createMemoryStore(options)
  const subject = await put(store, imageManifest, json({ schemaVersion: 2 }))
  const { mediaType, digest, size } = subject
  const layer = await put(store, signature.mediaType, signature.bytes)
  const complete = {
    schemaVersion: 2,
    mediaType: imageManifest,
    artifactType: signatureArtifactType,
    config: { mediaType: empty, digest: emptyDigest, size: 2 },
    layers: [layer],
    subject: { mediaType, digest, size },
  }
  const attach = (change: object, type: string = imageManifest, extra: Partial<Descriptor> = {}) =>
    put(store, type, json({ ...complete, ...change }), extra)
  const list = async (from: ArtifactStore = store) => {
    const all: Listed[] = []
    for await (const each of createNotaryAttachment().list(from, subject)) all.push(each)
    return all
  }
  return { store, subject, layer, attach, list }
}

describe('what is written', () => {
  test('exactly the manifest that Notation writes and reads: artifactType and the empty config', async () => {
    const { store, subject, layer } = await scene()
    const { manifest } = await createNotaryAttachment().attach(store, subject, signature)
    const text = decodeText(await readAll(store, manifest))
    expect(text).toBe(
      `{"schemaVersion":2,"mediaType":"${imageManifest}","artifactType":"${signatureArtifactType}",` +
        `"config":{"mediaType":"${empty}","digest":"${emptyDigest}","size":2},` +
        `"layers":[{"mediaType":"${layer.mediaType}","digest":"${layer.digest}","size":${layer.size}}],` +
        `"subject":{"mediaType":"${imageManifest}","digest":"${subject.digest}","size":${subject.size}},` +
        `"annotations":{"b":"c"}}`,
    )
    expect(manifest).toMatchObject({ artifactType: signatureArtifactType, annotations: { b: 'c' } })
    expect(decodeText(await readAll(store, { mediaType: empty, digest: emptyDigest, size: 2 }))).toBe('{}')
  })

  test('and its other form: config.mediaType, which released versions find in a layout', async () => {
    const { store, subject } = await scene()
    const { manifest } = await createNotaryAttachment({ manifestForm: 'config' }).attach(store, subject, signature)
    const document = JSON.parse(decodeText(await readAll(store, manifest)))
    expect(document).not.toHaveProperty('artifactType')
    expect(document.config).toEqual({ mediaType: signatureArtifactType, digest: emptyDigest, size: 2 })
  })

  test('in the form that the store asks for, unless another is wanted', async () => {
    const { store, subject } = await scene({ signatureManifestForm: 'config' })
    const formOf = async (options?: Parameters<typeof createNotaryAttachment>[0]) => {
      const { manifest } = await createNotaryAttachment(options).attach(store, subject, signature)
      return 'artifactType' in JSON.parse(decodeText(await readAll(store, manifest))) ? 'artifact' : 'config'
    }
    expect(await formOf()).toBe('config')
    expect(await formOf({ manifestForm: 'artifact' })).toBe('artifact')
  })

  test('the manifest comes last, and not at all once the caller gave up', async () => {
    const { store, subject } = await scene()
    const stop = new AbortController()
    const pushed: string[] = []
    const noting: ArtifactStore = {
      ...store,
      async push(descriptor) {
        pushed.push(descriptor.mediaType)
        if (descriptor.mediaType === signature.mediaType) stop.abort()
      },
    }
    await createNotaryAttachment().attach(noting, subject, signature)
    expect(pushed).toEqual([empty, signature.mediaType, imageManifest])
    pushed.length = 0
    const attached = createNotaryAttachment().attach(noting, subject, signature, { signal: stop.signal })
    await expect(attached).rejects.toMatchObject({ name: 'AbortError' })
    expect(pushed).toEqual([empty, signature.mediaType])
  })

  test('annotations: thumbprints of the chain, leaf first, and when it was made', async () => {
    const { sign, store, chain } = await createScene()
    const now = new Date(Math.floor(Date.now() / 1000) * 1000 + 678)
    const { manifest } = await sign({ clock: () => now })
    const { annotations } = JSON.parse(decodeText(await readAll(store, manifest)))
    const thumbprints = chain.map((der) => createHash('sha256').update(der).digest('hex'))
    expect(annotations[thumbprintAnnotation]).toBe(JSON.stringify(thumbprints))
    expect(thumbprintAnnotation).toBe('io.cncf.notary.x509chain.thumbprint#S256')
    expect(annotations['org.opencontainers.image.created']).toBe(`${now.toISOString().slice(0, 19)}Z`)
  })
})

describe('what is read', () => {
  const forms: readonly [string, object, string?][] = [
    ['artifactType with the empty config', {}],
    ['config.mediaType', { artifactType: undefined, config: { mediaType: signatureArtifactType } }],
    [
      'config.mediaType beside an empty artifactType',
      { artifactType: '', config: { mediaType: signatureArtifactType } },
    ],
    ['an image manifest that does not name its type', { mediaType: undefined }],
    [
      'the artifact manifest of the release candidate',
      { mediaType: artifactManifest, config: undefined, layers: undefined },
      artifactManifest,
    ],
  ]

  test.each(forms)('%s', async (_, change, type = imageManifest) => {
    const { layer, attach, list } = await scene()
    const manifest = await attach(type === artifactManifest ? { ...change, blobs: [layer] } : change, type)
    const [listed] = await list()
    expect(listed).toMatchObject({ manifest: { digest: manifest.digest }, layer: { digest: layer.digest } })
    expect(await (listed as { load(): Promise<Signature> }).load()).toMatchObject({
      mediaType: signature.mediaType,
      bytes: signature.bytes,
    })
  })

  test.each<[string, object, string?]>([
    ['another artifact type', { artifactType: 'application/spdx+json' }],
    ['another config type', { artifactType: undefined, config: { mediaType: 'application/spdx+json' } }],
    ['no type at all', { artifactType: undefined }],
    ['an index', { mediaType: imageIndex, layers: undefined, config: undefined, manifests: [] }, imageIndex],
    ['the type in another case', { artifactType: signatureArtifactType.toUpperCase() }],
  ])('%s is no signature', async (_, change, type = imageManifest) => {
    const { attach, list } = await scene()
    await attach(change, type)
    expect(await list()).toEqual([])
  })

  test('a listing that states no type, the empty one or that of the config leaves the manifest to decide', async () => {
    const { store, attach, list } = await scene()
    const [signed, sbom] = [await attach({}), await attach({ artifactType: 'application/spdx+json' })]
    for (const artifactType of [undefined, '', empty]) {
      const listing: ArtifactStore = {
        ...store,
        async *referrers() {
          for (const { mediaType, digest, size } of [sbom, signed])
            yield { mediaType, digest, size, ...(artifactType !== undefined && { artifactType }) }
        },
      }
      expect(await list(listing)).toMatchObject([{ manifest: { digest: signed.digest }, layer: {} }])
    }
  })

  test('the store hears which type is wanted; what it lists of another is not fetched', async () => {
    const { store, subject, attach, list } = await scene()
    const sbom = await attach({ artifactType: 'application/spdx+json' })
    const asked: unknown[] = []
    const careless: ArtifactStore = {
      ...store,
      fetch: () => expect.fail('fetched'),
      async *referrers(of, options) {
        asked.push(of, options?.artifactType)
        yield { ...sbom, artifactType: 'application/spdx+json' }
      },
    }
    expect(await list(careless)).toEqual([])
    expect(asked).toEqual([subject, signatureArtifactType])
  })

  test('an SBOM that cannot be read does not make the artifact unavailable; a signature that cannot does', async () => {
    const { store, list } = await scene()
    await put(store, imageManifest, encodeText('junk'), { artifactType: 'application/spdx+json' })
    expect(await list()).toEqual([])
    await put(store, imageManifest, encodeText('more junk'), { artifactType: signatureArtifactType })
    await expect(list()).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
  })
})

describe('one bad manifest is one refusal and hides no other', () => {
  /** What a store that does not look lists for the subject. */
  const listing = async (...documents: readonly (readonly [Uint8Array, Partial<Descriptor>?])[]) => {
    const made = await scene()
    const good = await made.attach({})
    const listed: Descriptor[] = []
    for (const [bytes, extra] of documents)
      listed.push({ ...(await put(made.store, 'test/blob', bytes)), mediaType: imageManifest, ...extra })
    const careless: ArtifactStore = {
      ...made.store,
      async *referrers() {
        yield* [...listed, { ...good, artifactType: signatureArtifactType }]
      },
    }
    return { ...made, careless, all: await made.list(careless) }
  }
  const base = { artifactType: signatureArtifactType, config: { mediaType: empty }, layers: [] as unknown[] }
  const subjectOf = async () => {
    const { mediaType, digest, size } = (await scene()).subject
    return { mediaType, digest, size }
  }

  test.each<[string, (subject: object, layer: object) => object, string]>([
    [
      'another subject',
      (subject, layer) => ({ ...base, layers: [layer], subject: { ...subject, digest: emptyDigest } }),
      'INVALID_MANIFEST',
    ],
    ['no subject', (_, layer) => ({ ...base, layers: [layer] }), 'INVALID_DESCRIPTOR'],
    ['no layer', (subject) => ({ ...base, subject }), 'INVALID_MANIFEST'],
    ['two layers', (subject, layer) => ({ ...base, layers: [layer, layer], subject }), 'INVALID_MANIFEST'],
    ['layers that are no list', (subject) => ({ ...base, layers: {}, subject }), 'INVALID_MANIFEST'],
    [
      'a layer with a digest that is a path',
      (subject, layer) => ({ ...base, layers: [{ ...layer, digest: 'sha256:../x' }], subject }),
      'INVALID_DESCRIPTOR',
    ],
    [
      'a config of a type of its own',
      (subject, layer) => ({ ...base, config: { mediaType: 'a/b' }, layers: [layer], subject }),
      'INVALID_MANIFEST',
    ],
    [
      'an index as well',
      (subject, layer) => ({ ...base, layers: [layer], subject, manifests: [] }),
      'INVALID_MANIFEST',
    ],
    [
      'another media type than it is listed as',
      (subject, layer) => ({ ...base, mediaType: imageIndex, layers: [layer], subject }),
      'INVALID_MANIFEST',
    ],
    [
      'E1: a member in another case',
      (subject, layer) => ({ ...base, layers: [layer], Layers: [], subject }),
      'INVALID_JSON',
    ],
  ])('%s', async (_, make, expected) => {
    const { layer } = await scene()
    const { all } = await listing([json(make(await subjectOf(), layer))])
    expect(all).toMatchObject([{ error: code(expected) }, { layer: {} }])
  })

  test('no JSON, other content than stated, more than is read, nothing at all', async () => {
    const text = encodeText('{}')
    const { all } = await listing(
      [encodeText('<html>')],
      [text, { digest: `sha256:${'0'.repeat(64)}` }],
      [text, { size: 3 }],
      [text, { size: 4 * 1024 * 1024 + 1 }],
    )
    expect(all).toMatchObject([
      { error: code('INVALID_JSON') },
      { error: code('UNAVAILABLE_NOT_FOUND') },
      { error: code('INVALID_CONTENT') },
      { error: code('UNAVAILABLE_LIMIT') },
      { layer: {} },
    ])
  })

  test('CVE-2023-42816: an envelope that is larger than envelopes are is not fetched', async () => {
    const { layer } = await scene()
    const large = { ...layer, size: 1024 * 1024 + 1 }
    const { all } = await listing([json({ ...base, layers: [large], subject: await subjectOf() })])
    const [listed] = all
    const error = await caught((listed as { load(): Promise<Signature> }).load())
    expect(error).toMatchObject(code('UNAVAILABLE_LIMIT'))
  })
})

test('a listing that fails throws; one without end ends at a limit', async () => {
  const { store, attach, list } = await scene()
  const sbom = await attach({ artifactType: 'application/spdx+json' })
  const failing: ArtifactStore = {
    ...store,
    async *referrers() {
      yield sbom
      throw new OcisignError('UNAVAILABLE_STORE', 'page 2', { retryable: true, status: 500 })
    },
  }
  await expect(list(failing)).rejects.toMatchObject(code('UNAVAILABLE_STORE'))
  const endless: ArtifactStore = {
    ...store,
    async *referrers() {
      for (;;) yield { ...sbom, artifactType: 'application/spdx+json' }
    },
  }
  await expect(list(endless)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
})
