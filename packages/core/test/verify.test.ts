// SPDX-License-Identifier: Apache-2.0
// Signatures of a store, judged one by one.
import {
  type ArtifactStore,
  type Attachment,
  type Descriptor,
  judgeSignatures,
  mediaTypes,
  OcisignError,
  type Verifier,
  verifyArtifact,
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

  test('judgeSignatures tells each one’s fate, by the digest of its layer', async () => {
    const { store, subject } = await damaged()
    const seen: string[] = []
    for await (const { by, mediaType, result } of judgeSignatures(store, subject, verifierOf(['a']))) {
      expect(by).toMatch(/^sha256:/)
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
