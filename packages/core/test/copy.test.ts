// SPDX-License-Identifier: Apache-2.0
// Copying artifacts with what belongs to them: what comes along, in which order, and what is lost.
import {
  type ArtifactStore,
  attachArtifact,
  type CopyProgress,
  copyArtifact,
  createMemoryStore,
  discoverReferrers,
  encodeText,
  OcisignError,
  type ReferrerTree,
  readAll,
  signArtifact,
  verifyArtifact,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import {
  attachment,
  cosignTag,
  digests,
  layerType,
  noting,
  putImage,
  putIndex,
  scene,
  stated,
  trusting,
} from './copy/scene.js'
import { caught, code, json, put, signerOf, verifierOf } from './families.js'

const wait = async () => {}

/** Digests only. */
const shape = ({ descriptor, referrers }: ReferrerTree): unknown => [
  descriptor.digest,
  ...referrers.map(shape).sort((a, b) => String(a).localeCompare(String(b))),
]

describe('an index', () => {
  test('is copied with everything that belongs to it', async () => {
    const { source, destination, root, amd, arm, ofRoot, ofAmd, sbom, ofSbom, cosigned } = await scene()
    const report = await copyArtifact(source, 'v1', destination)
    expect(report).toMatchObject({ root, selected: [root], tag: 'v1', present: [], lost: [], unlisted: [] })
    expect(report).not.toHaveProperty('verified')
    expect(stated(await destination.resolve('v1'))).toEqual(root)
    for (const each of [root, amd.manifest, arm.manifest]) {
      const [there, here] = [discoverReferrers(destination, each.digest), discoverReferrers(source, each.digest)]
      expect(shape(await there)).toEqual(shape(await here))
    }
    const manifests = [root, amd.manifest, arm.manifest, ofRoot, ofAmd, sbom, ofSbom, cosigned.manifest]
    const copied = digests(report.copied)
    expect(copied).toEqual(expect.arrayContaining(digests(manifests)))
    // Each once, though images share layers and signatures share their config.
    expect(new Set(copied).size).toBe(copied.length)
    for (const each of report.copied) expect(await readAll(destination, each)).toEqual(await readAll(source, each))
    expect((await destination.resolve(cosignTag(amd.manifest))).digest).toBe(cosigned.manifest.digest)
    for (const { digest } of [root, amd.manifest, sbom])
      expect(await verifyArtifact(destination, digest, trusting('a'))).toMatchObject({ decision: 'verified' })
  })

  test('is written so that whoever sees something finds all that it names; the tag comes last', async () => {
    const made = await scene()
    const { source, root, amd, arm, ofRoot, ofAmd, sbom, ofSbom, cosigned } = made
    const { store, written } = noting(made.destination)
    await copyArtifact(source, 'v1', store)
    const at = ({ digest }: { digest: string }) => {
      expect(written).toContain(digest)
      return written.indexOf(digest)
    }
    for (const each of [amd, arm, cosigned])
      for (const blob of each.blobs) expect(at(blob)).toBeLessThan(at(each.manifest))
    expect(at(amd.manifest)).toBeLessThan(at(root))
    expect(at(arm.manifest)).toBeLessThan(at(root))
    expect(at(root)).toBeLessThan(at(ofRoot))
    expect(at(amd.manifest)).toBeLessThan(at(ofAmd))
    expect(at(sbom)).toBeLessThan(at(ofSbom))
    expect(written.at(-1)).toBe('v1')
    expect(written.at(-2)).toBe(cosignTag(amd.manifest))
  })

  test('that is there already is not written again, and what is missing of it is', async () => {
    const made = await scene()
    const { source, sbom, ofRoot } = made
    await copyArtifact(source, 'v1', made.destination)
    const later = await made.sign(sbom.digest, 'b')
    const { store, written } = noting(made.destination)
    const report = await copyArtifact(source, 'v1', store)
    expect(digests(report.present)).toContain(ofRoot.digest)
    expect(digests(report.copied)).toContain(later.digest)
    expect(written).toContain(later.digest)
    expect(written).not.toContain(ofRoot.digest)
  })

  test('by digest gets no tag, and another tag where one is wanted', async () => {
    const { source, root, destination } = await scene()
    expect(await copyArtifact(source, root.digest, destination)).not.toHaveProperty('tag')
    expect(await copyArtifact(source, root.digest, destination, { tag: 'stable' })).toMatchObject({ tag: 'stable' })
    expect((await destination.resolve('stable')).digest).toBe(root.digest)
    for (const tag of ['a b', root.digest, ''])
      await expect(copyArtifact(source, 'v1', destination, { tag })).rejects.toMatchObject(code('INVALID_REFERENCE'))
  })

  test('in indexes in indexes, and the same manifest in several', async () => {
    const { source, destination, amd, arm, root } = await scene()
    const inner = await putIndex(source, [arm.manifest])
    const outer = await putIndex(source, [inner, root, amd.manifest])
    const { store, written } = noting(destination)
    await copyArtifact(source, outer.digest, store)
    const order = [arm.manifest, inner, outer].map(({ digest }) => written.indexOf(digest))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(written.filter((each) => each === arm.manifest.digest)).toHaveLength(1)
    expect(written.indexOf(amd.manifest.digest)).toBeLessThan(written.indexOf(root.digest))
  })
})

describe('without', () => {
  test('referrers', async () => {
    const { source, destination, root, amd, arm } = await scene()
    const report = await copyArtifact(source, 'v1', destination, { referrers: false })
    const all = [root, amd.manifest, arm.manifest, ...amd.blobs, ...arm.blobs]
    expect(digests(report.copied)).toEqual([...new Set(digests(all))])
    await expect(destination.resolve(cosignTag(amd.manifest))).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  })

  test('cosign’s tags, or with these only', async () => {
    const { source, destination, amd, ofAmd } = await scene()
    const unasked: ArtifactStore = {
      ...source,
      resolve: async (reference, options) => {
        if (reference.includes('-')) expect.fail('asked')
        return source.resolve(reference, options)
      },
    }
    const tagless = await copyArtifact(unasked, 'v1', destination, { cosignTags: false })
    expect(digests(tagless.copied)).toContain(ofAmd.digest)
    const other = createMemoryStore()
    const tags = await copyArtifact(source, 'v1', other, { referrers: false, cosignTags: true })
    expect(digests(tags.copied)).not.toContain(ofAmd.digest)
    expect((await other.resolve(cosignTag(amd.manifest))).size).toBeGreaterThan(0)
  })
})

describe('platforms', () => {
  test('one is copied with what refers to it, and gets the tag; the index and its signature are lost', async () => {
    const { source, destination, root, amd, arm, ofRoot, ofAmd, sbom, ofSbom } = await scene()
    const report = await copyArtifact(source, 'v1', destination, { platforms: ['linux/amd64'] })
    expect(report).toMatchObject({ root, selected: [amd.manifest], tag: 'v1', unlisted: [] })
    expect(report.lost.map(({ descriptor, reason }) => [descriptor.digest, reason])).toEqual([
      [root.digest, 'index'],
      [ofRoot.digest, 'subject'],
    ])
    expect((await destination.resolve('v1')).digest).toBe(amd.manifest.digest)
    expect(digests(report.copied)).toEqual(expect.arrayContaining(digests([ofAmd, sbom, ofSbom])))
    for (const { digest } of [root, arm.manifest, ofRoot])
      await expect(destination.resolve(digest)).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  })

  test('what is attached to the index alone is a loss, and what each platform has of its own is none', async () => {
    const { source, destination, root } = await scene()
    const { store, written } = noting(destination)
    const arm = { platforms: ['linux/arm64/v8'], tag: 'arm' }
    await expect(copyArtifact(source, 'v1', store, arm)).rejects.toMatchObject(code('UNAVAILABLE_COPY'))
    await attachArtifact(source, root.digest, { artifactType: 'application/vnd.example.scan', blobs: [] })
    for (const dryRun of [true, false]) {
      const error = await caught(copyArtifact(source, 'v1', store, { platforms: ['linux/amd64'], dryRun }))
      expect(error).toMatchObject(code('UNAVAILABLE_COPY'))
    }
    expect(written).toEqual([])
    expect(await copyArtifact(source, 'v1', store, { ...arm, allowLoss: true })).toMatchObject({ tag: 'arm' })
  })

  test('several are copied without a tag, and all of them with the index', async () => {
    const { source, destination, root, amd, arm } = await scene()
    const other = await putImage(source, 's390x')
    const outer = await putIndex(source, [root, other.manifest])
    await source.tag(outer, 'v2')
    const platforms = ['linux/amd64', 'linux/arm64/v8']
    const several = await copyArtifact(source, 'v2', destination, { platforms })
    expect(several).not.toHaveProperty('tag')
    expect(several.selected).toEqual([amd.manifest, arm.manifest])
    // An index inside of it that lacks nothing is copied whole.
    expect(digests(several.copied)).toContain(root.digest)
    expect(several.lost.map(({ descriptor }) => descriptor.digest)).toEqual([outer.digest])
    const all = await copyArtifact(source, 'v2', destination, { platforms: [...platforms, 'linux/s390x'] })
    expect(all).toMatchObject({ selected: [outer], tag: 'v2', lost: [] })
  })

  test('several get no tag that is asked for by name: nothing is written', async () => {
    const { source, destination, root, amd } = await scene()
    const other = await putImage(source, 's390x')
    const outer = await putIndex(source, [root, other.manifest])
    const { store, written } = noting(destination)
    const options = { tag: 'v9', platforms: ['linux/amd64', 'linux/arm64/v8'] }
    for (const dryRun of [false, true])
      await expect(copyArtifact(source, outer.digest, store, { ...options, dryRun })).rejects.toMatchObject(
        code('MISUSE_OPTION'),
      )
    expect(written).toEqual([])
    const one = await copyArtifact(source, outer.digest, store, { ...options, platforms: ['linux/amd64'] })
    expect(one).toMatchObject({ tag: 'v9', selected: [amd.manifest] })
  })

  test('that are not there are not passed over; an image that is no index is of any', async () => {
    const { source, destination, amd } = await scene()
    const { store, written } = noting(destination)
    for (const platforms of [['linux/s390x'], ['linux/amd64', 'linux/arm64'], []]) {
      const ask = copyArtifact(source, 'v1', store, { platforms })
      await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    }
    expect(written).toEqual([])
    const report = await copyArtifact(source, amd.manifest.digest, store, { platforms: ['linux/s390x'] })
    expect(report.selected).toHaveLength(1)
  })

  test('provenance in the index about an image that is copied is lost, and said so', async () => {
    const { source, destination, amd, arm } = await scene()
    const provenance = (of: { digest: string }, architecture: string) =>
      putImage(source, architecture).then(({ manifest }) => ({
        ...manifest,
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: { 'vnd.docker.reference.digest': of.digest },
      }))
    const [ofAmd, ofArm] = [await provenance(amd.manifest, 'p1'), await provenance(arm.manifest, 'p2')]
    const root = await putIndex(source, [amd.manifest, arm.manifest, ofAmd, ofArm])
    const report = await copyArtifact(source, root.digest, destination, { platforms: ['linux/amd64'] })
    expect(report.lost).toMatchObject([
      { descriptor: root, reason: 'index' },
      { descriptor: { digest: ofAmd.digest }, reason: 'index' },
    ])
  })
})

describe('requirements', () => {
  test('that hold are reported', async () => {
    const { source, destination, root } = await scene()
    const requirement = trusting('a')
    const options = { sourceRequirement: requirement, destinationRequirement: requirement }
    const { verified } = await copyArtifact(source, 'v1', destination, options)
    expect(verified).toMatchObject({
      source: { decision: 'verified', target: { digest: root.digest } },
      destination: [{ decision: 'verified', target: { digest: root.digest } }],
    })
    expect(requirement.calls.map(({ scope }) => scope)).toEqual(['example.com/app', 'registry.internal/app'])
  })

  test('that do not hold at the source leave nothing written', async () => {
    const { source, destination } = await scene()
    const { store, written } = noting(destination)
    const ask = copyArtifact(source, 'v1', store, { sourceRequirement: trusting('somebody') })
    await expect(ask).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    expect(written).toEqual([])
  })

  test('that do not hold at the destination leave no tag', async () => {
    const { source, destination } = await scene()
    const { store, written } = noting(destination)
    const ask = copyArtifact(source, 'v1', store, { referrers: false, destinationRequirement: trusting('a') })
    await expect(ask).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    expect(written.length).toBeGreaterThan(0)
    await expect(destination.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  })

  test('of platforms hold for what is copied, at the source also by the index', async () => {
    const { source, destination, amd } = await scene()
    const options = { platforms: ['linux/amd64'], destinationRequirement: trusting('a') }
    const amdReport = await copyArtifact(source, 'v1', destination, {
      ...options,
      sourceRequirement: trusting('a'),
    })
    expect(amdReport.verified).toMatchObject({
      source: { decision: 'verified', root: {} },
      destination: [{ target: { digest: amd.manifest.digest } }],
    })
    // The index's signature vouches for it, and stays behind.
    const arm = { ...options, platforms: ['linux/arm64/v8'], sourceRequirement: trusting('a'), tag: 'arm' }
    await expect(copyArtifact(source, 'v1', destination, arm)).rejects.toMatchObject(code('UNAVAILABLE_COPY'))
    const ask = copyArtifact(source, 'v1', destination, { ...arm, allowLoss: true })
    await expect(ask).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    await expect(destination.resolve('arm')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  })

  test('that policy does not have are no proof', async () => {
    const { source, destination } = await scene()
    const exempt = verifierOf([], { attachment, skip: 'registry.internal/app' })
    const { verified } = await copyArtifact(source, 'v1', destination, { destinationRequirement: exempt })
    expect(verified).toEqual({ destination: [{ decision: 'not-required', policy: 'skip' }] })
  })
})

describe('a dry run', () => {
  test('tells what would be copied and lost, and writes nothing', async () => {
    const made = await scene()
    const { source, destination } = made
    const { store, written } = noting(destination)
    const options = { platforms: ['linux/amd64'], sourceRequirement: trusting('a') }
    const dry = await copyArtifact(source, 'v1', store, { ...options, dryRun: true })
    expect(written).toEqual([])
    const real = await copyArtifact(source, 'v1', store, options)
    expect(digests(dry.copied)).toEqual(digests(real.copied))
    expect(dry).toMatchObject({ root: real.root, selected: real.selected, tag: 'v1', lost: real.lost, unlisted: [] })
    expect(dry.verified?.source).toMatchObject({ decision: 'verified' })
    const again = await copyArtifact(source, 'v1', store, { ...options, dryRun: true })
    expect(digests(again.present)).toEqual(expect.arrayContaining(digests([made.amd.manifest, made.sbom])))
  })
})

describe('what does not come along', () => {
  test('is foreign layers, which are fetched from nowhere', async () => {
    const { source, destination } = await scene()
    const foreign = (digit: string, mediaType: string) => ({
      mediaType,
      digest: `sha256:${digit.repeat(64)}`,
      size: 9,
      urls: ['https://example.com/layer'],
    })
    const types = [
      'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    ]
    const own = await put(source, layerType, encodeText('with urls'))
    const layers = [...types.map((type, index) => foreign(`${index}`, type)), { ...stated(own), urls: ['file:///x'] }]
    const image = await putImage(source, 'windows', { layers })
    const report = await copyArtifact(source, image.manifest.digest, destination, { allowLoss: true })
    expect(report.lost.map(({ descriptor, reason }) => [descriptor.mediaType, reason])).toEqual(
      types.map((type) => [type, 'foreign']),
    )
    expect(digests(report.copied)).toContain(own.digest)
  })

  test('is referrers that are none, with what refers to them', async () => {
    const { source, destination, amd, ofRoot } = await scene()
    const subject = stated(amd.manifest)
    const config = { mediaType: 'a/b', digest: amd.blobs[0]!.digest, size: amd.blobs[0]!.size }
    const base = { schemaVersion: 2, artifactType: 'test/x', config, layers: [] as unknown[], subject }
    const broken = await put(source, amd.manifest.mediaType, json({ ...base, layers: {} }))
    const onBroken = await put(source, amd.manifest.mediaType, json({ ...base, subject: stated(broken) }))
    const lying: ArtifactStore = {
      ...source,
      async *referrers(of, options) {
        if (of.digest === amd.manifest.digest) {
          yield { ...broken, digest: `sha256:${'0'.repeat(64)}` }
          yield { ...ofRoot }
          yield { ...broken, digest: `sha256:${'1'.repeat(64)}`, size: 5 * 1024 * 1024 }
          yield { ...broken, digest: `sha256:${'2'.repeat(64)}`, mediaType: 'text/html', size: 2 }
        }
        yield* source.referrers(of, options)
      },
    }
    const html: ArtifactStore = {
      ...lying,
      fetch: async (target, options) => {
        if (target.mediaType !== 'text/html') return source.fetch(target, options)
        throw new OcisignError('UNSUPPORTED_MEDIA_TYPE', 'html', { mediaType: 'text/html', supported: [] })
      },
    }
    const report = await copyArtifact(html, amd.manifest.digest, destination, { allowLoss: true })
    expect(report.lost.map(({ reason }) => reason).sort()).toEqual([
      'invalid',
      'invalid',
      'missing',
      'subject',
      'too-large',
      'unknown-type',
    ])
    const reasons = new Map(report.lost.map(({ descriptor, reason }) => [descriptor.digest, reason]))
    expect(reasons.get(broken.digest)).toBe('invalid')
    expect(reasons.get(onBroken.digest)).toBe('subject')
    // Of another subject than it is listed for.
    expect(reasons.get(ofRoot.digest)).toBe('invalid')
    expect(report.lost.find(({ reason }) => reason === 'missing')).toMatchObject({
      error: code('UNAVAILABLE_NOT_FOUND'),
    })
  })

  test('is a tag of cosign’s under which the destination has signatures of its own', async () => {
    const { source, destination, amd, cosigned } = await scene()
    const own = await putImage(destination, 'own')
    await destination.tag(own.manifest, cosignTag(amd.manifest))
    for (const dryRun of [true, false]) {
      const report = await copyArtifact(source, 'v1', destination, { dryRun, allowLoss: true })
      expect(report.lost).toMatchObject([{ descriptor: { digest: cosigned.manifest.digest }, reason: 'tag' }])
      expect(digests(report.copied)).not.toContain(cosigned.manifest.digest)
    }
    expect((await destination.resolve(cosignTag(amd.manifest))).digest).toBe(own.manifest.digest)
  })

  test('is listed: what the destination stores and does not list is written again, and reported', async () => {
    const { source, destination, ofRoot } = await scene()
    const { store, written } = noting(destination)
    const forgetful: ArtifactStore = {
      ...store,
      async *referrers(of, options) {
        for await (const each of destination.referrers(of, options)) if (each.digest !== ofRoot.digest) yield each
      },
    }
    const report = await copyArtifact(source, 'v1', forgetful, { wait, allowLoss: true })
    expect(digests(report.unlisted)).toEqual([ofRoot.digest])
    expect(written.filter((each) => each === ofRoot.digest)).toHaveLength(2)
  })

  test('ends the copy before anything is written, or a plan, unless the loss is allowed', async () => {
    const { source, destination, amd, cosigned } = await scene()
    const own = await putImage(destination, 'own')
    await destination.tag(own.manifest, cosignTag(amd.manifest))
    const { store, written } = noting(destination)
    const lossy: ArtifactStore = {
      ...source,
      async *referrers(of, options) {
        if (of.digest === amd.manifest.digest) yield { ...amd.manifest, digest: `sha256:${'0'.repeat(64)}` }
        yield* source.referrers(of, options)
      },
    }
    for (const dryRun of [true, false]) {
      const error = await caught(copyArtifact(lossy, 'v1', store, { dryRun }))
      expect(error).toMatchObject(code('UNAVAILABLE_COPY', { details: { retryable: false } }))
      const { report } = (error as OcisignError<'UNAVAILABLE_COPY'>).details
      expect(report.lost.map(({ reason }) => reason)).toEqual(['missing', 'tag'])
      expect(report).not.toHaveProperty('tag')
      expect(report.copied.length > 0).toBe(dryRun)
    }
    expect(written).toEqual([])
    const report = await copyArtifact(lossy, 'v1', store, { allowLoss: true })
    expect(report).toMatchObject({ tag: 'v1', lost: [{}, { descriptor: { digest: cosigned.manifest.digest } }] })
  })

  test('and is not listed: the tag is not written, unless the loss is allowed', async () => {
    const { source, destination, root, ofRoot } = await scene()
    const { store, written } = noting(destination)
    const deaf: ArtifactStore = { ...store, async *referrers() {} }
    const requirement = { destinationRequirement: trusting('a') }
    const error = await caught(copyArtifact(source, 'v1', deaf, { wait, ...requirement }))
    expect(error).toMatchObject(code('UNAVAILABLE_COPY', { details: { retryable: true } }))
    const { report } = (error as OcisignError<'UNAVAILABLE_COPY'>).details
    expect(digests(report.unlisted)).toContain(ofRoot.digest)
    expect(digests(report.copied)).toContain(root.digest)
    expect(written).not.toContain('v1')
    await copyArtifact(source, 'v1', deaf, { wait, allowLoss: true })
    expect(written).toContain('v1')
  })

  test('by a tag that somebody takes meanwhile: the tag of the artifact is not written', async () => {
    const { source, destination, amd } = await scene()
    const { store, written } = noting(destination)
    const own = await putImage(destination, 'own')
    let asked = 0
    const racing: ArtifactStore = {
      ...store,
      resolve: async (reference, options) =>
        reference === cosignTag(amd.manifest) && ++asked > 1 ? own.manifest : store.resolve(reference, options),
    }
    await expect(copyArtifact(source, 'v1', racing)).rejects.toMatchObject(code('UNAVAILABLE_COPY'))
    expect(written).not.toContain('v1')
    expect(written).not.toContain(cosignTag(amd.manifest))
  })

  test('fails the copy where nobody knows', async () => {
    const { source, destination, amd, ofAmd } = await scene()
    const { store, written } = noting(destination)
    const down = new OcisignError('UNAVAILABLE_STORE', 'status 500', { retryable: true, status: 500 })
    const unless = <T>(fails: boolean, otherwise: () => T): T => {
      if (fails) throw down
      return otherwise()
    }
    const failing: readonly Partial<ArtifactStore>[] = [
      { referrers: (of, options) => unless(of.digest === amd.manifest.digest, () => source.referrers(of, options)) },
      {
        resolve: async (reference, options) =>
          unless(reference === cosignTag(amd.manifest, 'att'), () => source.resolve(reference, options)),
      },
      {
        fetch: async (target, options) => unless(target.digest === ofAmd.digest, () => source.fetch(target, options)),
      },
    ]
    for (const change of failing) await expect(copyArtifact({ ...source, ...change }, 'v1', store)).rejects.toBe(down)
    expect(written).toEqual([])
  })
})

describe('a destination that cannot be asked', () => {
  const down = new OcisignError('UNAVAILABLE_STORE', 'status 500', { retryable: true, status: 500 })
  const unreadable = (store: ArtifactStore): ArtifactStore => ({
    ...store,
    resolve: () => Promise.reject(down),
  })

  test('leaves no plan, and says whose failure it is', async () => {
    const { source, destination } = await scene()
    const error = await caught(copyArtifact(source, 'v1', unreadable(destination), { dryRun: true }))
    expect(error).toMatchObject({ ...code('UNAVAILABLE_STORE', { details: down.details }), cause: down })
    expect((error as Error).message).toMatch(/^nobody could look at the destination/)
  })

  test('but may be written to: then nothing is lost', async () => {
    const { source, destination } = await scene()
    const report = await copyArtifact(source, 'v1', unreadable(destination), { cosignTags: false })
    expect(report).toMatchObject({ tag: 'v1', lost: [], unlisted: [] })
  })

  test('for cosign’s tags does not lose what it may have under them', async () => {
    const { source, destination } = await scene()
    const { store, written } = noting(destination)
    await expect(copyArtifact(source, 'v1', unreadable(store))).rejects.toBe(down)
    expect(written).not.toContain('v1')
  })
})

test('tags that are right are not written again', async () => {
  const { source, destination, amd } = await scene()
  const { store, written } = noting(destination)
  await copyArtifact(source, 'v1', store)
  expect(written.filter((each) => each === 'v1' || each === cosignTag(amd.manifest))).toHaveLength(2)
  written.length = 0
  const again = await copyArtifact(source, 'v1', store)
  expect(again).toMatchObject({ tag: 'v1', lost: [] })
  expect(written.filter((each) => !each.startsWith('sha256:'))).toEqual([])
  expect(again).not.toHaveProperty('replaced')
  await destination.tag(amd.manifest, 'v1')
  const { digest: replaced } = amd.manifest
  expect(await copyArtifact(source, 'v1', store, { dryRun: true })).toMatchObject({ tag: 'v1', replaced })
  expect(await copyArtifact(source, 'v1', store)).toMatchObject({ tag: 'v1', replaced })
  expect(written.at(-1)).toBe('v1')
})

describe('limits', () => {
  test('of manifests and levels, before anything is written', async () => {
    const { source, destination, root } = await scene()
    const { store, written } = noting(destination)
    expect((await copyArtifact(source, 'v1', store, { dryRun: true, maxManifests: 8, maxDepth: 2 })).lost).toEqual([])
    for (const options of [{ maxManifests: 7 }, { maxDepth: 1 }])
      await expect(copyArtifact(source, 'v1', store, options)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    let last = root
    for (let level = 1; level <= 5; level++)
      last = (await attachArtifact(source, last.digest, { artifactType: 'test/x', blobs: [] })).manifest
    await expect(copyArtifact(source, 'v1', store)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(written).toEqual([])
  })

  test.each(['maxDepth', 'maxManifests', 'concurrency'])('%s is a number above 0', async (option) => {
    const { source, destination } = await scene()
    for (const value of [0, -1, 1.5, Number.NaN])
      await expect(copyArtifact(source, 'v1', destination, { [option]: value })).rejects.toMatchObject(
        code('MISUSE_OPTION'),
      )
  })
})

test('progress is told, and who hears it may end the call', async () => {
  const { source, destination, amd } = await scene()
  const heard: CopyProgress[] = []
  const onProgress = (progress: CopyProgress) => void heard.push(progress)
  const report = await copyArtifact(source, 'v1', destination, { onProgress })
  const of = (digest: string) => heard.filter(({ descriptor }) => descriptor.digest === digest)
  const [config] = amd.blobs
  expect(of(config!.digest)).toMatchObject([
    { kind: 'planned' },
    { kind: 'begun' },
    { kind: 'bytes', bytes: config!.size },
    { kind: 'copied' },
  ])
  expect(of(amd.manifest.digest)).toMatchObject([{ kind: 'planned' }, { kind: 'begun' }, { kind: 'copied' }])
  expect(heard.filter(({ kind }) => kind === 'copied')).toHaveLength(report.copied.length)
  const last = heard.findLastIndex(({ kind }) => kind === 'planned')
  expect(last).toBe(report.copied.length - 1)
  const objection = new Error('stop here')
  const stop = () => {
    throw objection
  }
  expect(await caught(copyArtifact(source, 'v1', createMemoryStore(), { onProgress: stop }))).toBe(objection)
})

test('signing at the destination does not disturb what is copied later', async () => {
  const { source, destination } = await scene()
  await copyArtifact(source, 'v1', destination)
  await signArtifact(destination, 'v1', signerOf('mirror', attachment))
  await copyArtifact(source, 'v1', destination)
  const both = { threshold: 2, of: [trusting('a', 'mirror')] }
  expect(await verifyArtifact(destination, 'v1', both)).toMatchObject({ decision: 'verified' })
})
