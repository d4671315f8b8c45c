// SPDX-License-Identifier: Apache-2.0
// Copying from stores that lie, lack something, break off or take their time.
import {
  type ArtifactStore,
  copyArtifact,
  createMemoryStore,
  type Descriptor,
  OcisignError,
  type ReadableStore,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { code, exchanging } from '../families.js'
import { noting, putImage, putIndex, scene } from './scene.js'

const after = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** A destination, and what was written to it. */
const empty = () => noting(createMemoryStore({ repository: 'registry.internal/app' }))
const manifestsOf = ({ root, amd, arm }: Awaited<ReturnType<typeof scene>>) =>
  [root, amd.manifest, arm.manifest].map(({ digest }) => digest)

describe('content that is not what its digest says', () => {
  test.each<[string, (size: number) => Uint8Array]>([
    ['exchanged', (size) => new Uint8Array(size)],
    ['cut short', (size) => new Uint8Array(size - 1)],
    ['longer', (size) => new Uint8Array(size + 1)],
  ])('a blob, %s: nothing that names it is written', async (_, change) => {
    const made = await scene()
    const [config] = made.amd.blobs
    const { store, written } = empty()
    const lying = exchanging(made.source, { [config!.digest]: change(config!.size) })
    await expect(copyArtifact(lying, 'v1', store)).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(written).not.toContain(config!.digest)
    for (const digest of [...manifestsOf(made), 'v1']) expect(written).not.toContain(digest)
  })

  test('a manifest: nothing is written', async () => {
    const made = await scene()
    const { digest, size } = made.amd.manifest
    const { store, written } = empty()
    const lying = exchanging(made.source, { [digest]: new Uint8Array(size) })
    await expect(copyArtifact(lying, 'v1', store)).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(written).toEqual([])
  })

  test('a referrer: it is not reported as none', async () => {
    const made = await scene()
    for (const { digest, size } of [made.ofAmd, made.sbom]) {
      const { store, written } = empty()
      const lying = exchanging(made.source, { [digest]: new Uint8Array(size) })
      await expect(copyArtifact(lying, 'v1', store)).rejects.toMatchObject(code('INVALID_CONTENT'))
      expect(written).toEqual([])
    }
  })

  test('the artifact: another than was asked for is not copied', async () => {
    const made = await scene()
    const { store, written } = empty()
    const lying: ReadableStore = { ...made.source, resolve: async () => made.amd.manifest }
    await expect(copyArtifact(lying, made.root.digest, store)).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(written).toEqual([])
  })
})

describe('a download that breaks off', () => {
  async function* broken(size: number, retryable: boolean) {
    yield new Uint8Array(size - 1)
    throw retryable
      ? new OcisignError('UNAVAILABLE_DEADLINE', 'lost', { milliseconds: 1, retryable })
      : new OcisignError('UNAVAILABLE_LIMIT', 'never', { target: '', refusals: [], retryable })
  }

  test.each([
    ['is begun again', 2, true, undefined],
    ['but not for ever', 3, true, 'UNAVAILABLE_DEADLINE'],
    ['and not where it would be the same again', 1, false, 'UNAVAILABLE_LIMIT'],
  ] as const)('%s', async (_, times, retryable, refusal) => {
    const { source, amd } = await scene()
    const [config] = amd.blobs
    let left: number = times
    const fetch: ArtifactStore['fetch'] = async (target, options) =>
      target.digest === config!.digest && left-- > 0 ? broken(target.size, retryable) : source.fetch(target, options)
    const { store, written } = empty()
    const copying = copyArtifact({ ...source, fetch }, 'v1', store)
    if (refusal) await expect(copying).rejects.toMatchObject(code(refusal))
    else expect((await copying).copied.map(({ digest }) => digest)).toContain(config!.digest)
    expect(written.includes(config!.digest)).toBe(refusal === undefined)
  })

  test('an upload that fails is not begun again here: who uploads knows better', async () => {
    const { source, amd } = await scene()
    const [config] = amd.blobs
    let pushes = 0
    const { store } = empty()
    const push: ArtifactStore['push'] = async (target, content, options) => {
      if (target.digest !== config!.digest) return store.push(target, content, options)
      pushes++
      throw new OcisignError('UNAVAILABLE_DEADLINE', 'lost', { milliseconds: 1, retryable: true })
    }
    await expect(copyArtifact(source, 'v1', { ...store, push })).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE'))
    expect(pushes).toBe(1)
  })
})

describe('what is missing', () => {
  test('of the artifact itself ends the copy, be it a manifest or a blob', async () => {
    const made = await scene()
    const { source, amd } = made
    const [config] = amd.blobs
    for (const digest of [amd.manifest.digest, config!.digest]) {
      const { store, written } = empty()
      const fetch: ArtifactStore['fetch'] = async (target, options) => {
        if (target.digest !== digest) return source.fetch(target, options)
        throw new OcisignError('UNAVAILABLE_NOT_FOUND', 'gone', { reference: digest, retryable: false })
      }
      await expect(copyArtifact({ ...source, fetch }, 'v1', store)).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
      for (const each of [...manifestsOf(made), 'v1']) expect(written).not.toContain(each)
    }
  })

  test('of another kind than is known is not copied in part', async () => {
    const { source, amd } = await scene()
    const { store, written } = empty()
    const odd = { ...amd.blobs[0]!, mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws' }
    const root = await putIndex(source, [amd.manifest, odd])
    await expect(copyArtifact(source, root.digest, store)).rejects.toMatchObject(code('UNSUPPORTED_MEDIA_TYPE'))
    expect(written).toEqual([])
  })
})

test('a layer that calls itself a manifest is a blob all the same', async () => {
  const { source, amd } = await scene()
  const [config] = amd.blobs
  const image = await putImage(source, 'odd', { layers: [{ ...config, mediaType: amd.manifest.mediaType }] })
  const pushed: Descriptor[] = []
  const { store } = empty()
  const push: ArtifactStore['push'] = async (descriptor, content, options) => {
    pushed.push(descriptor)
    return store.push(descriptor, content, options)
  }
  await copyArtifact(source, image.manifest.digest, { ...store, push })
  expect(pushed.find(({ digest }) => digest === config?.digest)).toMatchObject({
    mediaType: 'application/octet-stream',
  })
})

describe('at a time', () => {
  test('so many blobs are copied, and no more', async () => {
    const { source } = await scene()
    let [running, most] = [0, 0]
    const images = await Promise.all([...Array(12).keys()].map((each) => putImage(source, `cpu${each}`)))
    const root = await putIndex(
      source,
      images.map(({ manifest }) => manifest),
    )
    const { store } = empty()
    const push: ArtifactStore['push'] = async (...given) => {
      most = Math.max(most, ++running)
      await after(5)
      running--
      return store.push(...given)
    }
    await copyArtifact(source, root.digest, { ...store, push }, { concurrency: 3 })
    expect(most).toBe(3)
  })

  test('what a store has already is not read from the other', async () => {
    const { source, root } = await scene()
    const { store } = empty()
    const having: ArtifactStore = {
      ...store,
      push: async (expected, content, options) => {
        if (content instanceof Uint8Array) return store.push(expected, content, options)
      },
    }
    const { present } = await copyArtifact(source, root.digest, having, { referrers: false, dryRun: false })
    expect(present).toHaveLength(5)
  })
})

describe('mounting', () => {
  const mounting = async (from: string | undefined, to: string | undefined, isThere = true) => {
    const { source } = await scene()
    const asked: string[] = []
    const mount = async (target: Descriptor, repository: string) => {
      asked.push(repository)
      if (isThere) {
        const chunks: Uint8Array[] = []
        for await (const chunk of await source.fetch(target)) chunks.push(chunk)
        await store.push(target, chunks[0]!)
      }
      return isThere
    }
    const { store, written } = noting(createMemoryStore(to === undefined ? {} : { repository: to }))
    const { repository: _, ...nameless } = source
    const fetched: string[] = []
    const fetch: ArtifactStore['fetch'] = (target, options) => {
      fetched.push(target.digest)
      return source.fetch(target, options)
    }
    const quarantine = { ...nameless, mount, fetch, ...(from !== undefined && { repository: from }) }
    const report = await copyArtifact(quarantine, 'v1', { ...store, mount }, { referrers: false })
    return { asked, report, written, fetched }
  }

  test('is asked for between repositories of one host', async () => {
    const { asked, report, fetched } = await mounting('host:5000/a', 'host:5000/b/c')
    expect(new Set(asked)).toEqual(new Set(['host:5000/a']))
    expect(report.copied.length).toBeGreaterThan(5)
    expect(fetched).toHaveLength(3)
  })

  test('and not between hosts', async () => {
    for (const [from, to] of [
      ['host:5000/a', 'host:5001/a'],
      ['host/a', 'host.example/a'],
      [undefined, 'host/a'],
      ['host/a', undefined],
      [undefined, undefined],
    ])
      expect((await mounting(from, to)).asked).toEqual([])
  })

  test('where it is refused, the blob is sent', async () => {
    const { asked, report } = await mounting('host/a', 'host/b', false)
    expect(asked).toHaveLength(5)
    expect(report.copied).toHaveLength(8)
  })
})

describe('giving up', () => {
  test('ends what is under way, and leaves no tag and nobody with a rejection', async () => {
    const { source } = await scene()
    const rejections: unknown[] = []
    const note = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', note)
    try {
      const stop = new AbortController()
      const reason = new Error('enough')
      const { store, written } = empty()
      const signals: (AbortSignal | undefined)[] = []
      const push: ArtifactStore['push'] = async (descriptor, content, options) => {
        signals.push(options?.signal)
        const nth = signals.length
        await after(3)
        if (nth === 3) stop.abort(reason)
        options?.signal?.throwIfAborted()
        return store.push(descriptor, content, options)
      }
      const ask = copyArtifact(source, 'v1', { ...store, push }, { signal: stop.signal })
      await expect(ask).rejects.toBe(reason)
      await after(20)
      expect(written).not.toContain('v1')
      for (const signal of signals) expect(signal?.aborted).toBe(true)
      expect(rejections).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })

  test('comes with a deadline of its own', async () => {
    const { source } = await scene()
    const { store } = empty()
    const hanging: ArtifactStore = { ...store, push: () => new Promise(() => {}) }
    const ask = copyArtifact(source, 'v1', hanging, { deadlineMilliseconds: 50 })
    await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE', { details: { milliseconds: 50 } }))
  })
})
