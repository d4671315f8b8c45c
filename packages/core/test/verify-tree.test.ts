// SPDX-License-Identifier: Apache-2.0
// Indexes with what is in them.
import {
  createMemoryStore,
  type Descriptor,
  isOcisignError,
  mediaTypes,
  signArtifact,
  type TreeNode,
  type TreeOptions,
  verifyArtifactTree,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { audit, caught, code, json, put, repository, setup, signerOf, verifierOf } from './families.js'

const { imageIndex, imageManifest, dockerManifestList } = mediaTypes

async function forest() {
  const store = createMemoryStore({ repository })
  const image = (architecture: string, variant?: string) =>
    put(store, imageManifest, json({ schemaVersion: 2, annotations: { architecture, variant } }), {
      platform: { os: 'linux', architecture, ...(variant && { variant }) },
    })
  const index = async (manifests: readonly unknown[], more: object = {}, mediaType: string = imageIndex) =>
    put(store, mediaType, json({ schemaVersion: 2, mediaType, manifests, ...more }))
  const sign = (digest: string, who = 'a') => signArtifact(store, digest, signerOf(who))
  const verify = (digest: string, options: TreeOptions = {}, trusts = ['a']) =>
    verifyArtifactTree(store, digest, verifierOf(trusts), options)
  return { store, image, index, sign, verify }
}

async function pair() {
  const scene = await forest()
  const [amd, arm] = [await scene.image('amd64'), await scene.image('arm64', 'v8')]
  return { ...scene, amd, arm, root: (await scene.index([amd, arm])).digest }
}

describe('a tree holds', () => {
  test('where every child does', async () => {
    const { sign, verify, amd, arm, root } = await pair()
    await sign(amd.digest)
    const heard: (readonly [number, boolean])[] = []
    const onNode = ({ depth, verdict }: TreeNode) => void heard.push([depth, isOcisignError(verdict)])
    const error = await caught(verify(root, { onNode }))
    expect(error).toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    expect(heard).toEqual([
      [1, true],
      [2, false],
      [2, true],
    ])
    const by = isOcisignError(error, 'UNTRUSTED_NO_SIGNATURE') ? error.details.refusals.map((each) => each.by) : []
    expect(by).toEqual([root, arm.digest])
    await sign(arm.digest)
    const tree = await verify(root)
    expect(tree).toMatchObject({ decision: 'verified', root: { digest: root }, nodes: [{}, {}, {}] })
  })

  test('where the index does, which covers its children', async () => {
    const { sign, verify, arm, root } = await pair()
    await sign(root, 'owner')
    await sign(arm.digest, 'somebody')
    const tree = await verify(root, {}, ['owner'])
    expect(tree).toMatchObject({
      decision: 'verified',
      nodes: [{ covered: false }, { covered: true }, { covered: true }],
    })
  })

  test('where an index in it covers what it holds', async () => {
    const { index, sign, verify, amd, arm } = await pair()
    const inner = await index([arm])
    const outer = await index([amd, inner])
    await sign(amd.digest)
    await expect(verify(outer.digest)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    await sign(inner.digest)
    expect(await verify(outer.digest)).toMatchObject({ decision: 'verified' })
  })

  test('where it is one image', async () => {
    const { sign, verify, amd } = await pair()
    await expect(verify(amd.digest)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    await sign(amd.digest)
    expect(await verify(amd.digest)).toMatchObject({ decision: 'verified', nodes: [{ covered: false }] })
  })

  test('as a list of Docker’s', async () => {
    const { index, sign, verify, amd } = await pair()
    const list = await index([amd], {}, dockerManifestList)
    await sign(amd.digest)
    expect(await verify(list.digest)).toMatchObject({ decision: 'verified' })
  })

  test('and is tolerated where the least of it is', async () => {
    const { store, sign, amd, root } = await pair()
    await sign(amd.digest)
    await sign(root, 'x')
    const lax = verifierOf(['a'], { level: audit })
    expect(await verifyArtifactTree(store, root, lax)).toMatchObject({ decision: 'tolerated' })
  })
})

describe('platforms', () => {
  test('are selected exactly', async () => {
    const { sign, verify, amd, arm, root } = await pair()
    await sign(amd.digest)
    expect(await verify(root, { platforms: ['linux/amd64'] })).toMatchObject({ nodes: [{}, { covered: false }] })
    await expect(verify(root, { platforms: ['linux/arm64/v8'] })).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    for (const platform of ['linux/arm64', 'linux/AMD64', 'linux', 'linux/amd64/v1', 'linux/s390x'])
      await expect(verify(root, { platforms: [platform] })).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    await sign(arm.digest)
    expect(await verify(root, { platforms: ['linux/arm64/v8'] })).toMatchObject({ decision: 'verified' })
  })

  test('a child that names none is always looked at', async () => {
    const { index, sign, verify, amd, arm } = await pair()
    const { platform, ...anywhere } = arm
    const root = await index([amd, anywhere])
    await sign(amd.digest)
    const ask = verify(root.digest, { platforms: ['linux/amd64'] })
    await expect(ask).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    expect(platform).toBeDefined()
  })

  test('that an index does not hold are not passed over, whatever is signed, and named', async () => {
    const { sign, verify, amd, root } = await pair()
    for (const signed of [undefined, amd.digest, root]) {
      if (signed) await sign(signed)
      for (const platforms of [['linux/s390x'], ['linux/amd64', 'linux/s390x']]) {
        const details = { reference: `${root} for linux/s390x` }
        await expect(verify(root, { platforms })).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND', { details }))
      }
    }
    await expect(verify(root, { platforms: [] })).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    expect(await verify(root, { platforms: ['linux/amd64'] })).toMatchObject({ decision: 'verified' })
    expect(await verify(amd.digest, { platforms: ['linux/s390x'] })).toMatchObject({ decision: 'verified' })
  })

  test('an index that holds nothing, or nothing selected, proves nothing', async () => {
    const { index, verify, root } = await pair()
    const empty = await index([])
    await expect(verify(empty.digest)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    await expect(verify(root, { platforms: [] })).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  })
})

describe('limits', () => {
  test('of depth and of manifests', async () => {
    const { sign, verify, amd, arm, root } = await pair()
    await sign(amd.digest)
    await sign(arm.digest)
    expect(await verify(root, { maxDepth: 2, maxManifests: 3 })).toMatchObject({ decision: 'verified' })
    for (const options of [{ maxDepth: 1 }, { maxManifests: 2 }])
      await expect(verify(root, options)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('by default four levels and two hundred manifests', async () => {
    const { image, index, sign, verify } = await forest()
    const leaf = await image('amd64')
    await sign(leaf.digest)
    let root = leaf
    for (let level = 2; level <= 4; level++) root = await index([root])
    expect(await verify(root.digest)).toMatchObject({ decision: 'verified' })
    const deep = await index([root])
    await expect(verify(deep.digest)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    const wide = await index(Array.from({ length: 200 }, () => leaf))
    await expect(verify(wide.digest)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('a tree that doubles at each level is not doubled in work', async () => {
    const { store, image, index, sign } = await forest()
    const leaf = await image('amd64')
    await sign(leaf.digest)
    let root: Descriptor = leaf
    for (let level = 0; level < 3; level++) root = await index([root, root, root])
    const verifier = verifierOf(['a'])
    expect(await verifyArtifactTree(store, root.digest, verifier)).toMatchObject({ decision: 'verified' })
    expect(verifier.calls).toHaveLength(1)
  })

  test.each(['maxDepth', 'maxManifests'])('%s that is no number is misuse', async (option) => {
    const { verify, root } = await pair()
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '3' as unknown as number])
      await expect(verify(root, { [option]: value })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })
})

describe('what is no index', () => {
  test.each<[string, object]>([
    ['without manifests', { manifests: undefined }],
    ['with manifests that are no list', { manifests: {} }],
    ['GHSA-qq97-vm5h-rrhg: with layers as well', { layers: [] }],
    ['GHSA-qq97-vm5h-rrhg: with a config as well', { config: {} }],
    ['CVE-2021-41190: with another media type', { mediaType: imageManifest }],
  ])('%s', async (_, change) => {
    const { index, verify } = await pair()
    const root = await index([], change)
    await expect(verify(root.digest)).rejects.toMatchObject(code('INVALID_INDEX'))
  })

  test('with what is no descriptor in it', async () => {
    const { index, verify, amd } = await pair()
    for (const entry of [null, {}, { ...amd, digest: 'sha256:../../x' }, { ...amd, size: 1.5 }, { ...amd, size: -1 }]) {
      const root = await index([entry])
      const error = await caught(verify(root.digest))
      expect(['INVALID_DESCRIPTOR', 'INVALID_JSON']).toContain((error as { code: string }).code)
    }
  })

  test('with members in twice or in another case', async () => {
    const { store, verify, amd } = await pair()
    const text = JSON.stringify({ schemaVersion: 2, manifests: [amd] })
    const root = await put(store, imageIndex, new TextEncoder().encode(`${text.slice(0, -1)},"manifests":[]}`))
    await expect(verify(root.digest)).rejects.toMatchObject(code('INVALID_JSON'))
    const other = await put(store, imageIndex, json({ schemaVersion: 2, manifests: [amd], Manifests: [] }))
    await expect(verify(other.digest)).rejects.toMatchObject(code('INVALID_JSON'))
    const entry = await put(store, imageIndex, json({ schemaVersion: 2, manifests: [{ ...amd, Digest: amd.digest }] }))
    await expect(verify(entry.digest)).rejects.toMatchObject(code('INVALID_JSON'))
  })
})

test('a child that is not there could not be judged', async () => {
  const { index, verify, amd } = await pair()
  const missing = { ...amd, digest: `sha256:${'0'.repeat(64)}` }
  const root = await index([{ ...missing, mediaType: imageIndex }])
  await expect(verify(root.digest)).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
})

test('a policy that asks for nothing', async () => {
  const { store } = await setup()
  const verdict = await verifyArtifactTree(store, 'v1', verifierOf([], { skip: repository }))
  expect(verdict).toEqual({ decision: 'not-required', policy: 'skip' })
})

test('giving up ends the walk', async () => {
  const { store, root } = await pair()
  const stop = new AbortController()
  const onJudgement = () => {}
  const verifier = { ...verifierOf(['a']), exemption: () => void stop.abort() as undefined }
  const ask = verifyArtifactTree(store, root, verifier, { signal: stop.signal, onJudgement })
  await expect(ask).rejects.toMatchObject({ name: 'AbortError' })
})
