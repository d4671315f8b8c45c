// SPDX-License-Identifier: Apache-2.0
// Signing indexes with what is in them.
import {
  type ArtifactStore,
  createMemoryStore,
  type Descriptor,
  mediaTypes,
  type SignedArtifact,
  type SignTreeOptions,
  signArtifactTree,
  verifyArtifact,
  verifyArtifactTree,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { caught, code, json, put, repository, signerOf, verifierOf } from './families.js'

const { imageIndex, imageManifest, dockerManifestList } = mediaTypes

async function forest() {
  const store = createMemoryStore({ repository })
  const image = (architecture: string, variant?: string) =>
    put(store, imageManifest, json({ schemaVersion: 2, annotations: { architecture, variant } }), {
      platform: { os: 'linux', architecture, ...(variant && { variant }) },
    })
  const index = (manifests: readonly unknown[], more: object = {}, mediaType: string = imageIndex) =>
    put(store, mediaType, json({ schemaVersion: 2, mediaType, manifests, ...more }))
  const signed: string[] = []
  const sign = async (root: Descriptor, options: SignTreeOptions = {}, to: ArtifactStore = store) => {
    const signer = signerOf('a')
    const noting: typeof signer.sign = (target, ...rest) => {
      signed.push(target.digest)
      return signer.sign(target, ...rest)
    }
    const all = await signArtifactTree(to, root.digest, { ...signer, sign: noting }, options)
    return all.map(({ subject }) => subject.digest)
  }
  const [amd, arm] = [await image('amd64'), await image('arm64', 'v8')]
  return { store, image, index, sign, signed, amd, arm, root: await index([amd, arm]) }
}

describe('a tree is signed', () => {
  test('with everything in it, the index last', async () => {
    const { store, sign, amd, arm, root } = await forest()
    expect(await sign(root)).toEqual([amd.digest, arm.digest, root.digest])
    for (const { digest } of [amd, arm, root])
      expect(await verifyArtifact(store, digest, verifierOf(['a']))).toMatchObject({ decision: 'verified' })
    expect(await verifyArtifactTree(store, root.digest, verifierOf(['a']))).toMatchObject({ decision: 'verified' })
  })

  test('each manifest once, in whatever indexes and kinds of index it is', async () => {
    const { index, sign, amd, arm } = await forest()
    const inner = await index([arm, amd], {}, dockerManifestList)
    const outer = await index([amd, inner, inner, arm])
    expect(await sign(outer)).toEqual([amd.digest, arm.digest, inner.digest, outer.digest])
  })

  test('with a signal of its own for each signature, so that many at once do not look like a leak', async () => {
    const { store, image, index } = await forest()
    const root = await index(await Promise.all(['a', 'b', 'c', 'd'].map((name) => image(name))))
    const signer = signerOf('a')
    const signals: unknown[] = []
    const sign: typeof signer.sign = async (target, options) => {
      signals.push(options?.signal)
      await new Promise((resolve) => setTimeout(resolve, 5))
      return signer.sign(target, options)
    }
    await signArtifactTree(store, root.digest, { ...signer, sign }, { concurrency: 4 })
    expect(new Set(signals).size).toBe(5)
    expect(signals).not.toContain(undefined)
  })

  test('which is one image', async () => {
    const { sign, amd } = await forest()
    expect(await sign(amd)).toEqual([amd.digest])
    expect(await sign(amd, { platforms: ['linux/s390x'] })).toEqual([amd.digest])
  })

  test('with the same metadata', async () => {
    const { store, sign, amd, root } = await forest()
    const userMetadata = { build: '7' }
    await sign(root, { userMetadata })
    const verdict = await verifyArtifact(store, amd.digest, verifierOf(['a']), { userMetadata })
    expect(verdict.decision).toBe('verified')
  })

  test('several at a time, and no more than that; each is told of', async () => {
    const { store, image, index, signed } = await forest()
    const images: Descriptor[] = []
    for (let number = 0; number < 12; number++) images.push(await image(`cpu${number}`))
    const root = await index(images)
    const signer = signerOf('a')
    const heard: SignedArtifact[] = []
    let [running, most] = [0, 0]
    const sign: typeof signer.sign = async (...given) => {
      most = Math.max(most, ++running)
      if (given[0].digest === root.digest) expect(heard).toHaveLength(12)
      await new Promise((resolve) => setTimeout(resolve, 10))
      running--
      return signer.sign(...given)
    }
    const options = { concurrency: 5, onSigned: (each: SignedArtifact) => void heard.push(each) }
    const all = await signArtifactTree(store, root.digest, { ...signer, sign }, options)
    expect(all.map(({ subject }) => subject.digest)).toEqual([...images, root].map(({ digest }) => digest))
    expect(most).toBe(5)
    expect(new Set(heard)).toEqual(new Set(all))
    expect(all[0]).toMatchObject({ subject: { platform: { architecture: 'cpu0' } }, listing: 'listed' })
    expect(signed).toEqual([])
  })
})

describe('platforms', () => {
  test('are signed, and no index that vouches for more than these', async () => {
    const { index, sign, amd, arm, root } = await forest()
    const outer = await index([root, await index([arm])])
    expect(await sign(root, { platforms: ['linux/amd64'] })).toEqual([amd.digest])
    const inner = await index([arm])
    expect(await sign(outer, { platforms: ['linux/arm64/v8'] })).toEqual([arm.digest, inner.digest])
    const both = { platforms: ['linux/arm64/v8', 'linux/amd64'] }
    expect(await sign(root, both)).toEqual([amd.digest, arm.digest, root.digest])
  })

  test('that are not there are not passed over', async () => {
    const { sign, signed, root } = await forest()
    for (const platforms of [['linux/amd64', 'linux/arm64'], ['linux/AMD64'], []])
      await expect(sign(root, { platforms })).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    expect(signed).toEqual([])
  })
})

describe('nothing is signed', () => {
  test('where something is missing, or is not what the index says', async () => {
    const { index, sign, signed, amd } = await forest()
    const missing = { ...amd, digest: `sha256:${'0'.repeat(64)}` }
    await expect(sign(await index([amd, missing]))).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    for (const lie of [{ mediaType: mediaTypes.dockerManifest }, { size: amd.size + 1 }])
      await expect(sign(await index([{ ...amd, ...lie }]))).rejects.toMatchObject(code('INVALID_DESCRIPTOR'))
    expect(signed).toEqual([])
  })

  test('of an index that is none', async () => {
    const { index, sign, signed, amd } = await forest()
    for (const more of [{ layers: [] }, { config: {} }, { manifests: {} }, { mediaType: imageManifest }])
      await expect(sign(await index([amd], more))).rejects.toMatchObject(code('INVALID_INDEX'))
    await expect(sign(await index([{}]))).rejects.toMatchObject(code('INVALID_DESCRIPTOR'))
    expect(signed).toEqual([])
  })

  test('of a tree that is deeper or wider than allowed', async () => {
    const { index, sign, signed, root } = await forest()
    const outer = await index([root])
    expect(await sign(outer, { maxDepth: 3, maxManifests: 4 })).toHaveLength(4)
    signed.length = 0
    for (const options of [{ maxDepth: 2 }, { maxManifests: 3 }])
      await expect(sign(outer, options)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    // What two indexes hold is no way around the depth.
    const deep = await index([root, outer])
    await expect(sign(deep, { maxDepth: 3 })).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(signed).toEqual([])
  })

  test.each(['maxDepth', 'maxManifests', 'concurrency'])(
    'by an option %s that is no number above 0',
    async (option) => {
      const { sign, root } = await forest()
      for (const value of [0, -1, 1.5, Number.NaN, '5' as unknown as number])
        await expect(sign(root, { [option]: value })).rejects.toMatchObject(
          code('MISUSE_OPTION', { details: { option } }),
        )
    },
  )
})

describe('a failure', () => {
  test('leaves the index unsigned', async () => {
    const { store, amd, root } = await forest()
    const signer = signerOf('a')
    const sign: typeof signer.sign = (target, context) =>
      target.digest === amd.digest ? Promise.reject(new Error('key is gone')) : signer.sign(target, context)
    const signed: string[] = []
    const onSigned = ({ subject }: SignedArtifact) => void signed.push(subject.digest)
    const ask = signArtifactTree(store, root.digest, { ...signer, sign }, { onSigned })
    await expect(ask).rejects.toThrow('key is gone')
    expect(signed).not.toContain(root.digest)
    const error = await caught(verifyArtifact(store, root.digest, verifierOf(['a'])))
    expect(error).toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })

  test('of whoever listens ends the call', async () => {
    const { sign, root } = await forest()
    const objection = new Error('stop here')
    const onSigned = () => {
      throw objection
    }
    await expect(sign(root, { onSigned })).rejects.toBe(objection)
  })

  test('is giving up, too', async () => {
    const { sign, root } = await forest()
    const stop = new AbortController()
    const onSigned = () => stop.abort()
    await expect(sign(root, { onSigned, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
  })
})
