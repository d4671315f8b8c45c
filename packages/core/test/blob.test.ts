// SPDX-License-Identifier: Apache-2.0
// Content with a detached signature, and envelopes without a store.
import { createHash } from 'node:crypto'
import {
  type Content,
  type CreateHasher,
  digestBytes,
  encodeText,
  signBlob,
  verifyBlob,
  verifyEnvelope,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { accepted, code, signerOf, verifierOf } from './families.js'

const hello = encodeText('hello')

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield encodeText(text)
}

describe('signing', () => {
  test('hashes once as it streams, with the digest that the signer asks for', async () => {
    const { target } = await signBlob(chunks('he', '', 'llo'), signerOf('a'), { userMetadata: { build: '7' } })
    expect(target).toEqual({
      mediaType: 'application/octet-stream',
      digest: await digestBytes(hello, 'sha384'),
      size: 5,
      annotations: { build: '7' },
    })
  })

  test('takes another hasher and media type', async () => {
    const asked: string[] = []
    const createHasher: CreateHasher = (algorithm) => {
      asked.push(algorithm)
      const hash = createHash(algorithm)
      return { update: (chunk) => void hash.update(chunk), digest: async () => new Uint8Array(hash.digest()) }
    }
    const { target } = await signBlob(hello, signerOf('a'), { createHasher, mediaType: 'text/plain' })
    expect(target).toMatchObject({ mediaType: 'text/plain', digest: await digestBytes(hello, 'sha384') })
    expect(asked).toEqual(['sha384'])
  })
})

describe('verifying', () => {
  const signed = () => signBlob(hello, signerOf('a'), { mediaType: 'text/plain', userMetadata: { build: '7' } })

  test('bytes and streams, also those of the web', async () => {
    const { signature } = await signed()
    const web = new Blob(['hello']).stream() as unknown as Content
    for (const content of [hello, chunks('hel', 'lo'), web])
      expect((await verifyBlob(content, signature, verifierOf(['a']))).decision).toBe('verified')
  })

  test('other content is refused, however little it differs', async () => {
    const { signature } = await signed()
    for (const text of ['hellO', 'hello\n', 'hell', ''])
      await expect(verifyBlob(encodeText(text), signature, verifierOf(['a']))).rejects.toMatchObject(
        code('UNTRUSTED_SIGNATURE'),
      )
  })

  test('the target of the proof is what was computed here', async () => {
    const { signature } = await signed()
    const { target } = accepted(await verifyBlob(hello, signature, verifierOf(['a'])))
    expect(target).toEqual({ digest: await digestBytes(hello, 'sha384'), size: 5 })
  })

  test('media type and user metadata are demanded only where they are given', async () => {
    const { signature } = await signed()
    const ask = (options: object) => verifyBlob(hello, signature, verifierOf(['a']), options)
    expect((await ask({ mediaType: 'text/plain', userMetadata: { build: '7' } })).decision).toBe('verified')
    for (const options of [
      { mediaType: 'text/html' },
      { userMetadata: { build: '8' } },
      { userMetadata: { other: '' } },
    ])
      await expect(ask(options)).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
  })

  test('content that a policy exempts is not even read', async () => {
    const { signature } = await signed()
    const unread = (async function* () {
      yield expect.fail('read')
    })()
    const verdict = await verifyBlob(unread, signature, verifierOf([], { skip: 'free' }), { policyName: 'free' })
    expect(verdict).toEqual({ decision: 'not-required', policy: 'skip' })
  })

  test('says that it is a blob, and never in which repository', async () => {
    const { signature } = await signed()
    const verifier = verifierOf(['a'])
    await verifyBlob(hello, signature, verifier, { policyName: 'p' })
    expect(verifier.calls).toMatchObject([{ subject: 'blob', policyName: 'p' }])
    expect(verifier.calls[0]).not.toHaveProperty('scope')
    await expect(verifyBlob(hello, signature, verifierOf(['a'], { needsScope: true }))).rejects.toMatchObject(
      code('MISUSE_SCOPE'),
    )
  })
})

test('an envelope without a store: in memory, for a scope at hand', async () => {
  const { target, signature } = await signBlob(hello, signerOf('a'))
  const verifier = verifierOf(['a'], { needsScope: true })
  const verdict = accepted(await verifyEnvelope(target, signature, verifier, { scope: 'x/y' }))
  expect(verdict).toMatchObject({ decision: 'verified', target, proofs: [{ identity: 'a' }], refusals: [] })
  await expect(verifyEnvelope(target, signature, verifier, {})).rejects.toMatchObject(code('MISUSE_SCOPE'))
  const free = verifierOf([], { skip: 'x/y' })
  expect((await verifyEnvelope(target, signature, free, { scope: 'x/y' })).decision).toBe('not-required')
})

describe('giving up', () => {
  const reason = new Error('enough')

  /** A stream that yields once and then nothing, for ever. */
  async function* stalled(): AsyncGenerator<Uint8Array> {
    yield hello
    await new Promise(() => {})
  }

  test('on content that never ends', async () => {
    const { signature } = await signBlob(hello, signerOf('a'))
    for (const run of [
      (signal: AbortSignal) => signBlob(stalled(), signerOf('a'), { signal }),
      (signal: AbortSignal) => verifyBlob(stalled(), signature, verifierOf(['a']), { signal }),
    ]) {
      const stop = new AbortController()
      const running = run(stop.signal)
      stop.abort(reason)
      await expect(running).rejects.toBe(reason)
    }
  })

  test('on a key and on a verifier that never answer', async () => {
    const { target, signature } = await signBlob(hello, signerOf('a'))
    const never = () => new Promise<never>(() => {})
    for (const run of [
      (signal: AbortSignal) => signBlob(hello, { ...signerOf('a'), sign: never }, { signal }),
      (signal: AbortSignal) => verifyBlob(hello, signature, { ...verifierOf(['a']), verify: never }, { signal }),
      (signal: AbortSignal) => verifyEnvelope(target, signature, { ...verifierOf(['a']), verify: never }, { signal }),
    ]) {
      const stop = new AbortController()
      const running = run(stop.signal)
      setTimeout(() => stop.abort(reason), 5)
      await expect(running).rejects.toBe(reason)
    }
  })

  test('before it began: nothing is read', async () => {
    const unread = (async function* () {
      yield expect.fail('read')
    })()
    const ask = signBlob(unread, signerOf('a'), { signal: AbortSignal.abort(reason) })
    await expect(ask).rejects.toBe(reason)
  })
})
