// SPDX-License-Identifier: Apache-2.0
// Attacks by whoever holds the store: it names other content, lists without end, fails in the middle, or replays.
import {
  type ArtifactStore,
  createMemoryStore,
  type Descriptor,
  limits,
  mediaTypes,
  OcisignError,
  parseTrustPolicy,
  readAll,
  signatureArtifactType,
  verifyArtifact,
  verifyArtifactTree,
} from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { beforeAll, describe, expect, test } from 'vitest'
import { describe as describeContent, manifest, tagged, writeLayout } from '../../../layout/test/support/layout.js'
import { accepted, caught, code, exchanging, json, put, repository } from '../families.js'
import { createScene, refusedBy } from '../notary/scene.js'

type Scene = Awaited<ReturnType<typeof createScene>>
const emptyDigest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'

/** Attaches bytes as a signature of the image, as anybody can who may write to the repository. */
async function attachJunk({ store, image }: Scene, note: string): Promise<Descriptor> {
  const layer = await put(store, 'application/jose+json', json({ junk: note }))
  const { mediaType, digest, size } = image
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType: signatureArtifactType,
    config: { mediaType: mediaTypes.empty, digest: emptyDigest, size: 2 },
    layers: [layer],
    subject: { mediaType, digest, size },
  }
  return put(store, mediaTypes.imageManifest, json(manifest))
}

/** Counts what is fetched. */
function counting(store: ArtifactStore) {
  const fetched: string[] = []
  const fetch: ArtifactStore['fetch'] = (target, options) => {
    fetched.push(target.digest)
    return store.fetch(target, options)
  }
  return { fetched, store: { ...store, fetch } }
}

const unavailable = new OcisignError('UNAVAILABLE_STORE', 'status 429', { retryable: true, status: 429 })

describe('CVE-2023-33959, GHSA-xhg5-42rf-296r: the wrong artifact', () => {
  test('another manifest than the digest asked for, with a valid signature of its own', async () => {
    const scene = await createScene()
    await scene.sign()
    const wanted = await put(scene.store, mediaTypes.imageManifest, json({ wanted: true }))
    const { fetched, store } = counting({ ...scene.store, resolve: async () => scene.image })
    for (const verify of [verifyArtifact, verifyArtifactTree])
      await expect(verify(store, wanted.digest, scene.verifierOf())).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(fetched).toEqual([])
  })

  test('a signature that is listed for it, and is of another', async () => {
    const [scene, other] = [await createScene(), await createScene()]
    const { layer } = await other.sign()
    const bytes = await readAll(other.store, layer)
    await put(scene.store, layer.mediaType, bytes)
    const manifest = await attachJunk(scene, 'x')
    const { layers: _, ...document } = JSON.parse(new TextDecoder().decode(await readAll(scene.store, manifest)))
    await put(scene.store, mediaTypes.imageManifest, json({ ...document, layers: [layer] }))
    const changed = await put(scene.store, mediaTypes.imageManifest, json({ changed: true }))
    await scene.store.tag(changed, 'v1')
    await expect(scene.verify({ trustStore: other.trustStore })).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })
})

describe('CVE-2023-33957, CVE-2023-33958, GHSA-9m3v-v4r5-ppx7, GHSA-rvrx-rrwh-r9p6: signatures without end', () => {
  let scene: Scene
  let junk: Descriptor
  beforeAll(async () => {
    scene = await createScene()
    junk = await attachJunk(scene, 'endless')
  })
  /** Lists the same junk for ever. */
  const endless = (store: ArtifactStore): ArtifactStore => ({
    ...store,
    async *referrers() {
      for (;;) yield junk
    },
  })

  test('stop at the limit, with few requests, and are not "unsigned"', async () => {
    const { fetched, store } = counting(endless(scene.store))
    await expect(verifyArtifact(store, 'v1', scene.verifierOf())).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    // The manifest and the envelope of each, and the manifest of the one too many.
    expect(fetched).toHaveLength(2 * limits.signatures + 1)
  })

  test('stop at a lower limit, too', async () => {
    const { fetched, store } = counting(endless(scene.store))
    const verification = verifyArtifact(store, 'v1', scene.verifierOf(), { maxSignatures: 3 })
    await expect(verification).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(fetched).toHaveLength(7)
  })

  test('stop where nothing listed is a signature', async () => {
    const store: ArtifactStore = {
      ...scene.store,
      async *referrers() {
        for (;;) yield { ...junk, artifactType: 'application/spdx+json' }
      },
    }
    await expect(verifyArtifact(store, 'v1', scene.verifierOf())).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('stop at the deadline where each takes its time', async () => {
    const slow: ArtifactStore = {
      ...scene.store,
      async *referrers() {
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 5))
          yield junk
        }
      },
    }
    const verification = verifyArtifact(slow, 'v1', scene.verifierOf(), { deadlineMilliseconds: 60 })
    await expect(verification).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE'))
  })
})

describe('hazards in the reference: who may push a referrer may not deny', () => {
  test('hazard "one bad referrer": junk of every kind before and after the good one', async () => {
    const scene = await createScene()
    await attachJunk(scene, 'before')
    const broken = await attachJunk(scene, 'broken')
    const missing = await attachJunk(scene, 'missing')
    await scene.sign()
    await attachJunk(scene, 'after')
    const store: ArtifactStore = {
      ...exchanging(scene.store, { [broken.digest]: new Uint8Array(broken.size) }),
      async *referrers(subject, options) {
        yield { ...missing, digest: `sha256:${'0'.repeat(64)}` }
        yield { ...missing, size: limits.manifestBytes + 1 }
        yield { ...broken }
        yield* scene.store.referrers(subject, options)
      },
    }
    const verdict = accepted(await verifyArtifact(store, 'v1', scene.verifierOf()))
    expect(verdict.decision).toBe('verified')
    expect(verdict.refusals.length).toBeGreaterThanOrEqual(4)
  })

  test('hazard "junk first": a hundred before the good one are a limit reached, never "unsigned"', async () => {
    const scene = await createScene()
    for (let count = 0; count < limits.signatures; count++) await attachJunk(scene, String(count))
    await scene.sign()
    await expect(scene.verify()).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect((await scene.verify({ verify: { maxSignatures: 101 } })).decision).toBe('verified')
  })
})

test('CVE-2022-47633, GHSA-m3cq-xcx9-3gvm: R1: a tag is resolved once, and what it was is what was verified', async () => {
  const scene = await createScene()
  await scene.sign()
  const evil = await put(scene.store, mediaTypes.imageManifest, json({ evil: true }))
  let asked = 0
  const store: ArtifactStore = {
    ...scene.store,
    resolve: async () => (++asked === 1 ? scene.image : evil),
  }
  const verdict = accepted(await verifyArtifact(store, 'v1', scene.verifierOf()))
  expect(asked).toBe(1)
  expect(verdict.target.digest).toBe(scene.image.digest)
  expect(verdict.proofs[0].claims.target.digest).toBe(scene.image.digest)
})

test('CVE-2023-47630, GHSA-3hfq-cx9j-923w: content under a digest that is not its own is not read', async () => {
  const scene = await createScene()
  const index = await put(scene.store, mediaTypes.imageIndex, json({ schemaVersion: 2, manifests: [scene.image] }))
  await scene.sign()
  const evil = json({ schemaVersion: 2, manifests: [], "ev'l": 1 })
  const padded = new Uint8Array(index.size).fill(0x20)
  padded.set(evil.subarray(0, index.size))
  for (const bytes of [evil, padded, new Uint8Array()]) {
    const store = exchanging(scene.store, { [index.digest]: bytes })
    const verification = verifyArtifactTree(store, index.digest, scene.verifierOf())
    await expect(verification).rejects.toMatchObject(code('INVALID_CONTENT'))
  }
})

describe('CVE-2023-42813, CVE-2023-42814, CVE-2023-42815, CVE-2023-42816: content without end', () => {
  /** A store whose content goes on and on, whatever was said of its size. */
  function gushing(store: ArtifactStore, digest: string) {
    let chunks = 0
    const fetch: ArtifactStore['fetch'] = async (target, options) => {
      if (target.digest !== digest) return store.fetch(target, options)
      return (async function* () {
        for (; chunks < 100_000; chunks++) yield new Uint8Array(64 * 1024)
      })()
    }
    return { store: { ...store, fetch }, chunks: () => chunks }
  }

  test('a manifest and an envelope that say little and stream much are left at once', async () => {
    const scene = await createScene()
    const { manifest, layer } = await scene.sign()
    for (const { digest } of [manifest, layer]) {
      const { store, chunks } = gushing(scene.store, digest)
      expect(await refusedBy(verifyArtifact(store, 'v1', scene.verifierOf()))).toEqual({ '': 'INVALID_CONTENT' })
      expect(chunks()).toBeLessThan(2)
    }
  })

  test('an index of 4 MiB and a byte is not fetched', async () => {
    const scene = await createScene()
    const large = { ...scene.image, mediaType: mediaTypes.imageIndex, size: limits.manifestBytes + 1 }
    const { store, fetched } = counting({ ...scene.store, resolve: async () => large })
    const verification = verifyArtifactTree(store, large.digest, scene.verifierOf())
    await expect(verification).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(fetched).toEqual([])
  })

  test('a size that no memory has takes none', async () => {
    const scene = await createScene()
    const before = process.memoryUsage().arrayBuffers
    const huge = { ...scene.image, size: Number.MAX_SAFE_INTEGER }
    const error = await caught(readAll(scene.store, huge))
    expect(error).toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })
})

describe('R3: a manifest that is listed for one artifact and belongs to another', () => {
  test('is refused on its own, and noted', async () => {
    const [scene, other] = [await createScene(), await createScene()]
    const changed = await put(other.store, mediaTypes.imageManifest, json({ other: true }))
    await other.store.tag(changed, 'v1')
    const { manifest } = await other.sign()
    const bytes = await readAll(other.store, manifest)
    await put(scene.store, mediaTypes.imageManifest, bytes)
    const store: ArtifactStore = {
      ...scene.store,
      async *referrers(subject, options) {
        yield manifest
        yield* scene.store.referrers(subject, options)
      },
    }
    expect(await refusedBy(verifyArtifact(store, 'v1', scene.verifierOf()))).toEqual({ '': 'INVALID_MANIFEST' })
    await scene.sign()
    expect(accepted(await verifyArtifact(store, 'v1', scene.verifierOf())).refusals).toHaveLength(1)
  })
})

describe('R4: a signature whose manifest is right and whose payload is of something else', () => {
  test.each([
    ['digest', { digest: `sha256:${'1'.repeat(64)}` }],
    ['R2: digest of another algorithm', { digest: `sha512:${'1'.repeat(128)}` }],
    ['size', { size: 1 }],
    ['media type', { mediaType: mediaTypes.imageIndex }],
  ] as const)('%s', async (_, change) => {
    const scene = await createScene()
    const signer = scene.signerOf()
    const { mediaType, digest, size } = scene.image
    const signature = await signer.sign({ mediaType, digest, size, ...change })
    await signer.attachment.attach(scene.store, scene.image, signature)
    for (const level of ['strict', 'audit'])
      expect(await refusedBy(scene.verify({ level }))).toEqual({ '': 'UNTRUSTED_TARGET' })
  })
})

test('R5: a signature names no repository: copied to another it holds only where that one’s policy trusts the signer', async () => {
  const scene = await createScene()
  const { manifest, layer } = await scene.sign()
  const elsewhere = createMemoryStore({ repository: 'evil.example/repo' })
  for (const each of [scene.image, layer, manifest]) await elsewhere.push(each, await readAll(scene.store, each))
  await elsewhere.tag(scene.image, 'v1')
  await expect(verifyArtifact(elsewhere, 'v1', scene.verifierOf())).rejects.toMatchObject(code('UNTRUSTED_NO_POLICY'))
  const policyFor = (identity: string) =>
    parseTrustPolicy(
      {
        version: '1.0',
        trustPolicies: [
          {
            name: 'elsewhere',
            registryScopes: ['evil.example/repo'],
            signatureVerification: { level: 'strict' },
            trustStores: ['ca:test'],
            trustedIdentities: [identity],
          },
        ],
      },
      'oci',
    )
  const judge = (identity: string) => verifyArtifact(elsewhere, 'v1', scene.verifierOf({ policy: policyFor(identity) }))
  await expect(judge('x509.subject: C=US, ST=WA, O=Other')).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  expect((await judge('x509.subject: C=US, ST=WA, O=Test')).decision).toBe('verified')
})

describe('R6: a listing of which only a part could be had', () => {
  const partial = (store: ArtifactStore, error: unknown): ArtifactStore => ({
    ...store,
    async *referrers(subject, options) {
      yield* store.referrers(subject, options)
      throw error
    },
  })

  test.each([
    ['429', unavailable],
    ['401', new OcisignError('DENIED_FILE', 'denied', { path: '/v2' })],
    ['a broken connection', new TypeError('terminated')],
  ])('%s: could not find out, never "unsigned"', async (_, error) => {
    const scene = await createScene()
    const ask = () => verifyArtifact(partial(scene.store, error), 'v1', scene.verifierOf())
    await expect(ask()).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
    await attachJunk(scene, 'x')
    await expect(ask()).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
    await scene.sign()
    expect((await ask()).decision).toBe('verified')
    // A threshold that is not reached may be reached by what was not listed.
    const two = { threshold: 2, of: [scene.verifierOf()] }
    await expect(verifyArtifact(partial(scene.store, error), 'v1', two)).rejects.toMatchObject(
      code('UNAVAILABLE_VERIFICATION'),
    )
  })
})

describe('R6: an unreadable entry of a layout', () => {
  const ask = async (artifactType?: string) => {
    const missing = { mediaType: mediaTypes.imageManifest, digest: `sha256:${'0'.repeat(64)}`, size: 9 }
    const entry = { ...missing, ...(artifactType !== undefined && { artifactType }) }
    const image = manifest()
    const root = await writeLayout([tagged(describeContent(image), 'v1'), entry], [image])
    const layout = await openLayout(root, { repository })
    return verifyArtifact(layout, 'v1', (await createScene()).verifierOf())
  }

  test.each([undefined, '', mediaTypes.empty, signatureArtifactType])('of type %j may be a signature', async (type) => {
    await expect(ask(type)).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
  })

  test('of another type is none, and makes nobody wait', async () => {
    await expect(ask('application/spdx+json')).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })
})
