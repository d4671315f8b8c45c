// SPDX-License-Identifier: Apache-2.0
// Signatures of a store, judged one by one.
import {
  type ArtifactStore,
  type Attachment,
  createNotaryAttachment,
  type Descriptor,
  judgeSignatures,
  limits,
  mediaTypes,
  OcisignError,
  type Verifier,
  verifyArtifact,
  verifyArtifactTree,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import {
  accepted,
  caught,
  code,
  exchanging,
  json,
  put,
  referrersAttachment,
  setup,
  signerOf,
  verifierOf,
} from './families.js'

const withList = (list: Attachment['list']): Attachment => ({ ...referrersAttachment, list })
const unavailable = new OcisignError('UNAVAILABLE_STORE', 'no answer', { retryable: true })

/** A store with three signatures, of which the first was exchanged and the second cut short. */
async function damaged() {
  const { store, subject, layers } = await setup(signerOf('x'), signerOf('y'), signerOf('a'))
  const first = new Uint8Array(layers[0]!.size)
  return { subject, store: exchanging(store, { [layers[0]!.digest]: first, [layers[1]!.digest]: json('short') }) }
}

describe('junk beside good', () => {
  test('each is one refusal, and the good one proves', async () => {
    const { store, subject } = await damaged()
    const { proofs, refusals, target, decision } = accepted(await verifyArtifact(store, 'v1', verifierOf(['a'])))
    expect(decision).toBe('verified')
    expect(proofs.map(({ identity }) => identity)).toEqual(['a'])
    expect(refusals).toMatchObject([{ error: code('INVALID_CONTENT') }, { error: code('INVALID_CONTENT') }])
    const { mediaType, digest, size } = subject
    expect(target).toEqual({ mediaType, digest, size })
  })

  test('judgeSignatures tells each one’s fate, by the digest of its layer, and which manifest holds it', async () => {
    const { store, subject } = await damaged()
    const seen: string[] = []
    const listed: string[] = []
    for await (const { digest } of store.referrers(subject)) listed.push(digest)
    for await (const { by, manifest, mediaType, result } of judgeSignatures(store, subject, verifierOf(['a']))) {
      expect(by).toMatch(/^sha256:/)
      expect(by).not.toBe(manifest)
      expect(listed).toContain(manifest)
      expect(mediaType).toBe('test/said')
      seen.push('code' in result ? result.code : result.identity)
    }
    expect(seen).toEqual(['INVALID_CONTENT', 'INVALID_CONTENT', 'a'])
  })

  test('a manifest that cannot be read is a refusal under its own digest', async () => {
    const { store, subject } = await setup(signerOf('a'))
    const broken: Descriptor = { ...subject, size: 1 }
    const attachment = withList(async function* (...given) {
      yield { manifest: broken, error: unavailable }
      yield* referrersAttachment.list(...given)
    })
    const verdict = accepted(await verifyArtifact(store, 'v1', { ...verifierOf(['a']), attachment }))
    expect(verdict.refusals).toEqual([{ by: broken.digest, error: unavailable }])
    const none = verifyArtifact(store, 'v1', { ...verifierOf([]), attachment })
    await expect(none).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
  })

  test('an envelope that is none is a no', async () => {
    const { store, subject } = await setup()
    await referrersAttachment.attach(store, subject, { mediaType: 'test/said', bytes: new Uint8Array(9) })
    const error = await caught(verifyArtifact(store, 'v1', verifierOf(['a'])))
    expect(error).toMatchObject(
      code('UNTRUSTED_NO_SIGNATURE', { details: { refusals: [{ error: code('INVALID_ENVELOPE') }] } }),
    )
  })

  test('a verifier that crashes could not find out', async () => {
    const { store } = await setup(signerOf('a'))
    const bug = new TypeError('bug')
    const verifier: Verifier = { ...verifierOf(['a']), verify: () => Promise.reject(bug) }
    await expect(verifyArtifact(store, 'v1', verifier)).rejects.toMatchObject(
      code('UNAVAILABLE_VERIFICATION', { details: { retryable: false, refusals: [{ error: { cause: bug } }] } }),
    )
  })
})

describe('four different answers', () => {
  test('nothing at all', async () => {
    const { store } = await setup()
    const error = await caught(verifyArtifact(store, 'v1', verifierOf(['a'])))
    expect(error).toMatchObject(code('UNTRUSTED_NO_SIGNATURE', { details: { refusals: [] } }))
  })

  test('a limit that was reached, though the good signature is behind it', async () => {
    const { store } = await setup(signerOf('x'), signerOf('y'), signerOf('a'))
    const verifier = verifierOf(['a'])
    const error = await caught(verifyArtifact(store, 'v1', verifier, { maxSignatures: 2 }))
    expect(error).toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(verifier.calls).toHaveLength(2)
    expect((await verifyArtifact(store, 'v1', verifier, { maxSignatures: 3 })).decision).toBe('verified')
  })

  test('a signature that cannot be fetched', async () => {
    const { store, layers } = await setup(signerOf('x'), signerOf('y'))
    const flaky: ArtifactStore = {
      ...store,
      fetch: (target, options) =>
        target.digest === layers[0]!.digest ? Promise.reject(unavailable) : store.fetch(target, options),
    }
    const error = await caught(verifyArtifact(flaky, 'v1', verifierOf(['a'])))
    expect(error).toMatchObject(code('UNAVAILABLE_VERIFICATION', { details: { retryable: true } }))
    expect(error).toHaveProperty('details.refusals.length', 2)
  })

  test('a listing that fails, at its beginning or in the middle, even where it was denied', async () => {
    const { store } = await setup(signerOf('x'))
    const denied = new OcisignError('DENIED_FILE', 'no permission', { path: 'x' })
    for (const error of [unavailable, denied, new Error('socket hang up')]) {
      const broken: ArtifactStore = {
        ...store,
        async *referrers(subject, options) {
          yield* store.referrers(subject, options)
          throw error
        },
      }
      await expect(verifyArtifact(broken, 'v1', verifierOf(['a']))).rejects.toMatchObject(
        code('UNAVAILABLE_VERIFICATION'),
      )
      // What was found before does for an answer that is yes.
      expect((await verifyArtifact(broken, 'v1', verifierOf(['x']))).decision).toBe('verified')
    }
  })
})

test('nothing after the first good signature is loaded', async () => {
  const { store } = await setup(signerOf('a'), signerOf('b'))
  const verifier = verifierOf(['a', 'b'])
  await verifyArtifact(store, 'v1', verifier)
  expect(verifier.calls).toHaveLength(1)
})

describe('a store that takes its time', () => {
  /** Answers each request after a few milliseconds, and counts those that run at the same time. */
  function slow(store: ArtifactStore) {
    const seen = { running: 0, most: 0, fetched: 0 }
    const fetch: ArtifactStore['fetch'] = async (target, options) => {
      seen.fetched++
      seen.most = Math.max(seen.most, ++seen.running)
      await new Promise((resolve) => setTimeout(resolve, 10))
      seen.running--
      return store.fetch(target, options)
    }
    return { seen, store: { ...store, fetch } }
  }
  // The made-up families read manifests one by one.
  const attachment = createNotaryAttachment()
  const many = (count: number, ...more: readonly string[]) =>
    setup(...[...[...Array(count).keys()].map((each) => `x${each}`), ...more].map((who) => signerOf(who, attachment)))

  test('is asked for several signatures at a time, which are judged in order and one by one', async () => {
    const made = await many(11, 'a')
    const { store, seen } = slow(made.store)
    let judging = 0
    const verifier = verifierOf(['a'], { attachment })
    const verify: Verifier['verify'] = async (...given) => {
      expect(++judging).toBe(1)
      await new Promise((resolve) => setTimeout(resolve, 1))
      judging--
      return verifier.verify(...given)
    }
    const { refusals, proofs } = accepted(await verifyArtifact(store, 'v1', { ...verifier, verify }))
    expect(refusals.map(({ by }) => by)).toEqual(made.layers.slice(0, 11).map(({ digest }) => digest))
    expect(proofs).toMatchObject([{ identity: 'a' }])
    expect(seen.most).toBeGreaterThan(4)
    expect(seen.most).toBeLessThanOrEqual(2 * limits.parallelFetches)
  })

  test('is left alone after the first good one, however many there are', async () => {
    const { store, seen } = slow((await many(0, 'a', ...[...Array(60).keys()].map((each) => `y${each}`))).store)
    const verifier = verifierOf(['a'], { attachment })
    await verifyArtifact(store, 'v1', verifier)
    expect(verifier.calls).toHaveLength(1)
    expect(seen.fetched).toBeLessThanOrEqual(4 * limits.parallelFetches)
  })

  test('does not move the limit: those up to it are judged, and none beyond it is loaded', async () => {
    const made = await many(6, 'a')
    const { store } = slow(made.store)
    const loaded: string[] = []
    const noting: ArtifactStore = {
      ...store,
      fetch: (target, options) => {
        if (target.mediaType === 'test/said') loaded.push(target.digest)
        return store.fetch(target, options)
      },
    }
    const verifier = verifierOf(['a'], { attachment })
    const error = await caught(verifyArtifact(noting, 'v1', verifier, { maxSignatures: 6 }))
    expect(error).toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(verifier.calls).toHaveLength(6)
    expect(loaded).toEqual(made.layers.slice(0, 6).map(({ digest }) => digest))
    expect(await verifyArtifact(store, 'v1', verifier, { maxSignatures: 7 })).toMatchObject({ decision: 'verified' })
  })

  test('may fail in its listing after the good one, and not before it', async () => {
    const { store } = slow((await many(2, 'a', 'z')).store)
    const failing = (after: number): ArtifactStore => ({
      ...store,
      async *referrers(subject, options) {
        let listed = 0
        for await (const each of store.referrers(subject, options)) {
          if (listed++ === after) throw unavailable
          yield each
        }
      },
    })
    expect(await verifyArtifact(failing(3), 'v1', verifierOf(['a'], { attachment }))).toMatchObject({
      decision: 'verified',
    })
    const error = await caught(verifyArtifact(failing(2), 'v1', verifierOf(['a'], { attachment })))
    expect(error).toMatchObject(code('UNAVAILABLE_VERIFICATION'))
  })
})

describe('what is listed next', () => {
  const hearing = async (type?: string) => {
    const { store, subject } = await setup(signerOf('a'))
    const hints: unknown[] = []
    const resolve: ArtifactStore['resolve'] = (reference, options) => {
      hints.push(options?.listsNext)
      return store.resolve(reference, options)
    }
    const attachment = { ...referrersAttachment, artifactType: type }
    return {
      hints,
      store: { ...store, resolve },
      digest: subject.digest,
      verifier: { ...verifierOf(['a']), attachment },
    }
  }

  test('is told to the store where the artifact is known by digest and one verifier decides', async () => {
    const { hints, store, digest, verifier } = await hearing('test/signature')
    await verifyArtifact(store, digest, verifier)
    await verifyArtifactTree(store, digest, verifier)
    expect(hints).toEqual(['test/signature', 'test/signature'])
  })

  test('is not told for a tag, for several verifiers, and for a family that keeps them elsewhere', async () => {
    const { hints, store, digest, verifier } = await hearing('test/signature')
    await verifyArtifact(store, 'v1', verifier)
    await verifyArtifact(store, digest, { anyOf: [verifier, verifier] })
    const elsewhere = await hearing()
    await verifyArtifact(elsewhere.store, digest, elsewhere.verifier)
    expect([...hints, ...elsewhere.hints]).toEqual([undefined, undefined, undefined])
  })
})

describe('what a store says of a reference', () => {
  test('CVE-2023-33959: another digest than was asked for is refused before any signature is judged', async () => {
    const { store, subject } = await setup(signerOf('a'))
    const other = await put(store, mediaTypes.imageManifest, json({ other: true }))
    const lying = { ...store, resolve: async () => subject }
    const verifier = verifierOf(['a'])
    const error = await caught(verifyArtifact(lying, other.digest, verifier))
    expect(error).toMatchObject(code('INVALID_CONTENT', { details: { digest: other.digest } }))
    expect(verifier.calls).toEqual([])
  })

  test.each<[string, object]>([
    ['no digest', { digest: 'sha256:../x' }],
    ['a negative size', { size: -1 }],
    ['a size that is no number', { size: '19' }],
    ['a media type that is no text', { mediaType: 1 }],
  ])('%s is no descriptor', async (_, change) => {
    const { store, subject } = await setup(signerOf('a'))
    const lying = { ...store, resolve: async () => ({ ...subject, ...change }) as Descriptor }
    await expect(verifyArtifact(lying, 'v1', verifierOf(['a']))).rejects.toMatchObject(code('INVALID_DESCRIPTOR'))
  })

  test('a reference that is neither tag nor digest reaches no store', async () => {
    const { store } = await setup()
    const untouched = { ...store, resolve: () => expect.fail('asked') }
    const ask = (reference: string) => verifyArtifact(untouched, reference, verifierOf(['a']))
    await expect(ask('../v1')).rejects.toMatchObject(code('INVALID_REFERENCE'))
    await expect(ask('sha256:abc')).rejects.toMatchObject(code('INVALID_DIGEST'))
    await expect(verifyArtifact(store, 'v2', verifierOf(['a']))).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  })

  test('a tag that is said to be what is not there is not "unsigned"', async () => {
    const { store } = await setup(signerOf('a'))
    const nowhere = `sha256:${'0123456789abcdef'.repeat(4)}` as const
    const lying = { ...store, resolve: async () => ({ mediaType: mediaTypes.imageManifest, digest: nowhere, size: 2 }) }
    const error = code('UNAVAILABLE_VERIFICATION', { details: { refusals: [{ by: nowhere }] } })
    for (const verify of [verifyArtifact, verifyArtifactTree])
      await expect(verify(lying, 'v1', verifierOf(['a']))).rejects.toMatchObject(error)
  })

  test('a size that is not its own does not make a signature one of something else', async () => {
    const { store, subject } = await setup(signerOf('a'))
    const resolve = async () => ({ ...subject, size: subject.size + 1 })
    const lying = { ...store, resolve, referrers: () => store.referrers(subject) }
    const verifier = verifierOf(['a'])
    const strict: Verifier = {
      ...verifier,
      verify: async (target) => {
        const signed = `${target.size - 1} bytes`
        throw new OcisignError('UNTRUSTED_TARGET', `of ${signed}`, { expected: `${target.size} bytes`, signed })
      },
    }
    const unknown = code('UNAVAILABLE_VERIFICATION')
    for (const reference of ['v1', subject.digest]) {
      await expect(verifyArtifact(lying, reference, strict)).rejects.toMatchObject(unknown)
      await expect(verifyArtifact(store, reference, strict)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    }
  })

  test('annotations of an index are not demanded of the signature', async () => {
    const { store, subject } = await setup(signerOf('a'))
    const annotated = { ...store, resolve: async () => ({ ...subject, annotations: { a: 'tag' } }) }
    const { target } = accepted(await verifyArtifact(annotated, 'v1', verifierOf(['a'])))
    expect(target).not.toHaveProperty('annotations')
  })
})

test('user metadata that is demanded reaches the verifier', async () => {
  const { store } = await setup(signerOf('a'))
  const ask = verifyArtifact(store, 'v1', verifierOf(['a']), { userMetadata: { build: '7' } })
  await expect(ask).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
})

test.each([0, -1, 1.5, Number.NaN, '5' as unknown as number])('maxSignatures %s is misuse', async (maxSignatures) => {
  const { store } = await setup(signerOf('a'))
  const ask = verifyArtifact(store, 'v1', verifierOf(['a']), { maxSignatures })
  await expect(ask).rejects.toMatchObject(code('MISUSE_OPTION'))
})

describe('onJudgement', () => {
  test('hears each fate as it is known', async () => {
    const { store } = await setup(signerOf('x'), signerOf('a'))
    const heard: string[] = []
    await verifyArtifact(store, 'v1', verifierOf(['a']), {
      onJudgement: ({ result }) => heard.push('code' in result ? result.code : result.decision),
    })
    expect(heard).toEqual(['UNTRUSTED_SIGNATURE', 'verified'])
  })

  test('ends the call by what it throws, whatever else might have held', async () => {
    const { store } = await setup(signerOf('x'), signerOf('a'))
    const objection = new Error('stop here')
    const requirement = { anyOf: [verifierOf(['nobody']), verifierOf(['a'])] }
    const onJudgement = () => {
      throw objection
    }
    await expect(verifyArtifact(store, 'v1', requirement, { onJudgement })).rejects.toBe(objection)
  })
})

describe('giving up', () => {
  test('in the middle of a verification ends everything, and is no refusal', async () => {
    const { store } = await setup(signerOf('a'), signerOf('b'))
    const stop = new AbortController()
    const verify = async () => {
      stop.abort()
      throw unavailable
    }
    const ask = verifyArtifact(store, 'v1', { ...verifierOf(['a']), verify }, { signal: stop.signal })
    await expect(ask).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('before it began touches nothing', async () => {
    const { store } = await setup(signerOf('a'))
    const reason = new Error('changed my mind')
    const untouched = { ...store, resolve: () => expect.fail('asked') }
    const ask = verifyArtifact(untouched, 'v1', verifierOf(['a']), { signal: AbortSignal.abort(reason) })
    await expect(ask).rejects.toBe(reason)
  })

  test('the signal reaches the listing, the loading and the verifier', async () => {
    const { store } = await setup(signerOf('a'))
    const signals: (AbortSignal | undefined)[] = []
    const attachment = withList(async function* (from, subject, options) {
      signals.push(options?.signal)
      for await (const listed of referrersAttachment.list(from, subject, options))
        if ('layer' in listed)
          yield {
            ...listed,
            load: (given) => {
              signals.push(given?.signal)
              return listed.load(given)
            },
          }
    })
    const verifier = verifierOf(['a'])
    await verifyArtifact(store, 'v1', { ...verifier, attachment }, { signal: new AbortController().signal })
    signals.push(verifier.calls[0]?.signal)
    expect(signals).toHaveLength(3)
    for (const signal of signals) expect(signal).toBeInstanceOf(AbortSignal)
  })
})
