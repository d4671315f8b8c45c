// SPDX-License-Identifier: Apache-2.0
// Signing into a store: what is written, and what must not be.
import {
  type ArtifactStore,
  type Descriptor,
  isOcisignError,
  mediaTypes,
  type ReadableStore,
  signArtifact,
  verifyArtifact,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import {
  caught,
  code,
  json,
  put,
  referrersAttachment,
  repository,
  setup,
  signerOf,
  tagAttachment,
  verifierOf,
} from './families.js'

/** A store that notes what is written. */
async function noting() {
  const { store, subject } = await setup()
  const pushed: Descriptor[] = []
  const push: ArtifactStore['push'] = async (descriptor, content, options) => {
    pushed.push(descriptor)
    return store.push(descriptor, content, options)
  }
  return { store: { ...store, push }, subject, pushed }
}

test('tells where the signature is', async () => {
  const { store, subject } = await setup()
  const { subject: signed, manifest, layer } = await signArtifact(store, 'v1', signerOf('a'))
  expect(signed).toEqual(subject)
  expect(manifest.mediaType).toBe(mediaTypes.imageManifest)
  expect(layer.mediaType).toBe('test/said')
  expect((await verifyArtifact(store, 'v1', verifierOf(['a']))).decision).toBe('verified')
})

test('the signer hears the scope, the target with its metadata and no annotation of an index', async () => {
  const { store, subject } = await noting()
  const heard: unknown[] = []
  const signer = signerOf('a')
  const annotated = { ...store, resolve: async () => ({ ...subject, annotations: { a: 'tag' } }) }
  const sign: typeof signer.sign = (target, context) => {
    heard.push(target, context?.scope)
    return signer.sign(target, context)
  }
  await signArtifact(annotated, 'v1', { ...signer, sign }, { userMetadata: { build: '7' } })
  const { mediaType, digest, size } = subject
  expect(heard).toEqual([{ mediaType, digest, size, annotations: { build: '7' } }, repository])
})

test('one manifest may hold many signatures; those already there are kept', async () => {
  const { store, subject } = await setup(signerOf('a', tagAttachment), signerOf('b', tagAttachment))
  const digests: string[] = []
  for await (const listed of tagAttachment.list(store, subject)) digests.push(listed.manifest.digest)
  expect(digests).toHaveLength(2)
  expect(digests[0]).toBe(digests[1])
  const verdict = await verifyArtifact(store, 'v1', verifierOf(['b'], { attachment: tagAttachment }))
  expect(verdict.decision).toBe('verified')
})

describe('read-back', () => {
  /** Waits that take no time, and how many milliseconds each would have. */
  const waiting = () => {
    const waits: number[] = []
    const wait = async (milliseconds: number) => void waits.push(milliseconds)
    return { waits, wait }
  }
  /** Lists nothing of what is asked for, for the first times. */
  const deafFor = (store: ArtifactStore, times: number) => {
    let listed = 0
    const deaf: ArtifactStore = {
      ...store,
      async *referrers(subject, options) {
        if (listed++ >= times) yield* store.referrers(subject, options)
      },
    }
    return deaf
  }

  test('a signature that was stored and is not listed is UNAVAILABLE_ATTACHMENT', async () => {
    const { store, subject } = await setup(signerOf('other'))
    const { wait, waits } = waiting()
    const forgetful = { ...store, tag: async () => {} }
    const error = await caught(signArtifact(forgetful, 'v1', signerOf('d', tagAttachment), { wait }))
    expect(error).toMatchObject(
      code('UNAVAILABLE_ATTACHMENT', { details: { subject: subject.digest, retryable: true } }),
    )
    expect(waits).toHaveLength(3)
    const deaf: ArtifactStore = { ...store, async *referrers() {} }
    await expect(signArtifact(deaf, 'v1', signerOf('a'), { wait })).rejects.toMatchObject(
      code('UNAVAILABLE_ATTACHMENT'),
    )
  })

  test('a store that lists it a little later is waited for; it is signed once', async () => {
    const { store } = await setup()
    const { wait, waits } = waiting()
    const signer = signerOf('a')
    let signed = 0
    const sign: typeof signer.sign = (...given) => {
      signed++
      return signer.sign(...given)
    }
    const slow = deafFor(store, 2)
    expect(await signArtifact(slow, 'v1', { ...signer, sign }, { wait })).toMatchObject({ listing: 'listed' })
    expect(signed).toBe(1)
    expect(waits).toHaveLength(2)
    for (const [position, each] of [150, 500].entries()) {
      expect(waits[position]).toBeGreaterThanOrEqual(each / 2)
      expect(waits[position]).toBeLessThanOrEqual(each)
    }
  })

  test('a writer who lost a race attaches the same signature again', async () => {
    const { store } = await setup()
    const { wait } = waiting()
    let lost = 1
    const racing: ArtifactStore = { ...store, tag: async (...given) => (lost-- > 0 ? undefined : store.tag(...given)) }
    const signed = await signArtifact(racing, 'v1', signerOf('a', tagAttachment), { wait })
    expect(signed.listing).toBe('listed')
    const verdict = await verifyArtifact(store, 'v1', verifierOf(['a'], { attachment: tagAttachment }))
    expect(verdict.decision).toBe('verified')
  })

  test('of referrers looks for the manifest only, under its own type', async () => {
    const { store, subject } = await setup()
    const asked: unknown[] = []
    const noting: ArtifactStore = {
      ...store,
      fetch: () => expect.fail('read'),
      referrers: (of, options) => {
        asked.push(of.digest, options?.artifactType)
        return store.referrers(of, options)
      },
    }
    const attachment = { ...referrersAttachment, artifactType: 'test/signature' }
    await signArtifact(noting, 'v1', signerOf('a', attachment))
    expect(asked).toEqual([subject.digest, 'test/signature'])
    const { wait } = waiting()
    const changing = (change: Partial<Descriptor>): ArtifactStore => ({
      ...store,
      async *referrers(of, options) {
        for await (const each of store.referrers(of, options)) yield { ...each, ...change }
      },
    })
    for (const change of [{ artifactType: 'other/type' }, { mediaType: mediaTypes.imageIndex }]) {
      const ask = signArtifact(changing(change), 'v1', signerOf('b', attachment), { wait })
      await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_ATTACHMENT'))
    }
    const nameless = changing({ artifactType: '' })
    expect(await signArtifact(nameless, 'v1', signerOf('b', attachment))).toMatchObject({ listing: 'listed' })
  })

  test('that never ends, ends at a limit', async () => {
    const { store, subject } = await setup()
    const endless: ArtifactStore = {
      ...store,
      async *referrers() {
        for (;;) yield subject
      },
    }
    const attachment = { ...referrersAttachment, artifactType: 'test/signature' }
    const ask = signArtifact(endless, 'v1', signerOf('a', attachment))
    await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('is waited for no longer than the caller wants', async () => {
    const { store } = await setup()
    const deaf: ArtifactStore = { ...store, async *referrers() {} }
    const began = performance.now()
    const ask = signArtifact(deaf, 'v1', signerOf('a'), { deadlineMilliseconds: 40 })
    await expect(ask).rejects.toMatchObject(code('UNAVAILABLE_DEADLINE'))
    expect(performance.now() - began).toBeLessThan(1000)
  })

  test('a listing that fails says so', async () => {
    const { store } = await setup()
    const broken: ArtifactStore = {
      ...store,
      // biome-ignore lint/correctness/useYield: it fails before it yields.
      async *referrers() {
        throw new Error('socket hang up')
      },
    }
    await expect(signArtifact(broken, 'v1', signerOf('a'))).rejects.toThrow('socket hang up')
  })

  test('junk that is listed beside it does no harm', async () => {
    const { store, subject } = await setup()
    const attachment = {
      ...referrersAttachment,
      async *list(...given: Parameters<typeof referrersAttachment.list>) {
        yield { manifest: subject, error: new Error('junk') }
        yield* referrersAttachment.list(...given)
      },
    }
    expect(await signArtifact(store, 'v1', { ...signerOf('a'), attachment })).toMatchObject({ subject })
  })
})

describe('nothing is written', () => {
  test('where the signer fails', async () => {
    const { store, pushed } = await noting()
    const sign = () => Promise.reject(new Error('no key'))
    await expect(signArtifact(store, 'v1', { ...signerOf('a'), sign })).rejects.toThrow('no key')
    expect(pushed).toEqual([])
  })

  test('where there is nothing to sign, or something else than was asked for', async () => {
    const { store, subject, pushed } = await noting()
    await expect(signArtifact(store, 'v2', signerOf('a'))).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    const lying = { ...store, resolve: async () => subject }
    const other = `sha256:${'1'.repeat(64)}`
    await expect(signArtifact(lying, other, signerOf('a'))).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(pushed).toEqual([])
  })

  test('after the caller gave up, though the key did not listen', async () => {
    const { store, pushed } = await noting()
    const stop = new AbortController()
    const signer = signerOf('a')
    let finished: Promise<unknown> = Promise.resolve()
    const sign: typeof signer.sign = (target) => {
      stop.abort()
      finished = new Promise((resolve) => setTimeout(resolve, 10)).then(() => signer.sign(target))
      return finished as ReturnType<typeof signer.sign>
    }
    const ask = signArtifact(store, 'v1', { ...signer, sign }, { signal: stop.signal })
    await expect(ask).rejects.toMatchObject({ name: 'AbortError' })
    await finished
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(pushed).toEqual([])
  })
})

test('a tag that moves while signing changes nothing about what is signed', async () => {
  const { store, subject } = await setup()
  const newer = await put(store, mediaTypes.imageManifest, json({ newer: true }))
  const signer = signerOf('a')
  const sign: typeof signer.sign = async (target, context) => {
    await store.tag(newer, 'v1')
    return signer.sign(target, context)
  }
  expect((await signArtifact(store, 'v1', { ...signer, sign })).subject).toEqual(subject)
  const error = await caught(verifyArtifact(store, 'v1', verifierOf(['a'])))
  expect(isOcisignError(error, 'UNTRUSTED_NO_SIGNATURE')).toBe(true)
  expect((await verifyArtifact(store, subject.digest, verifierOf(['a']))).decision).toBe('verified')
})

// What must not compile: reading needs no writer, but signing does.
export const mustNotCompile = (store: ReadableStore) =>
  // @ts-expect-error a store that can only be read
  signArtifact(store, 'v1', signerOf('a'))
