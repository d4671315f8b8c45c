// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { signingKeyCases } from '@ocisign/conformance'
import { signHash } from '@ocisign/conformance/fake'
import {
  algorithmName,
  algorithmOfPublicKey,
  createRemoteKey,
  isOcisignError,
  notaryAlgorithms,
  OcisignError,
  type PublicKeyMaterial,
  type RemoteKeyOptions,
  withRetries,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'

const id = 'acme:key'
const noWait = async () => undefined

/** A key in a service that signs hashes and answers in DER. */
function remoteKey(
  privateKey: KeyObject,
  publicKey: KeyObject,
  changes: Partial<RemoteKeyOptions<PublicKeyMaterial>> = {},
) {
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const algorithm = algorithmOfPublicKey(spki, id)
  return createRemoteKey<PublicKeyMaterial>({
    id,
    algorithm,
    material: { kind: 'public-key', spki },
    ecdsa: 'der',
    signHash: async (hash) => ({ signature: signHash(privateKey, algorithm, hash) }),
    toError: (cause) => new OcisignError('UNAVAILABLE_KEY', `${id} is down`, { id, retryable: true }, { cause }),
    retry: { wait: noWait },
    ...changes,
  })
}

const p256 = notaryAlgorithms[0]!
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const failing = (error: unknown) => async () => {
  throw error
}

describe.each(notaryAlgorithms.filter(({ scheme }) => scheme === 'RSASSA-PSS'))('RSA-$keyBits', ({ keyBits }) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: keyBits })
  for (const { name, run } of signingKeyCases({ create: async () => remoteKey(privateKey, publicKey), inspect }))
    test(name, run)
})

describe('createRemoteKey', () => {
  const failures = [
    {
      name: 'the service is down',
      code: 'UNAVAILABLE_KEY',
      create: async () => remoteKey(pair.privateKey, pair.publicKey, { signHash: failing(new Error('down')) }),
    },
    {
      name: 'the service answers with nonsense',
      code: 'UNAVAILABLE_KEY',
      create: async () =>
        remoteKey(pair.privateKey, pair.publicKey, { signHash: async () => ({ signature: new Uint8Array(70) }) }),
    },
  ]
  const createStalled = async () =>
    remoteKey(pair.privateKey, pair.publicKey, { signHash: () => new Promise(() => {}) })
  const create = async () => remoteKey(pair.privateKey, pair.publicKey)
  for (const { name, run } of signingKeyCases({ create, failures, createStalled, inspect })) test(name, run)

  test('tries again what may succeed later, and says how often it tried', async () => {
    let calls = 0
    const signHash = async () => {
      calls++
      throw new Error('throttled')
    }
    const error = await remoteKey(pair.privateKey, pair.publicKey, { signHash })
      .sign(new Uint8Array())
      .catch((reason: unknown) => reason)
    expect(calls).toBe(4)
    expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details.tries).toBe(4)
    expect(isOcisignError(error) && (error.cause as Error).message).toBe('throttled')
  })

  test('succeeds where a later try does', async () => {
    let calls = 0
    const key = remoteKey(pair.privateKey, pair.publicKey, {
      signHash: async (hash) => {
        if (++calls < 3) throw new Error('throttled')
        return { signature: signHash(pair.privateKey, p256, hash) }
      },
    })
    expect((await key.sign(new Uint8Array(3))).signature.length).toBe(64)
    expect(calls).toBe(3)
  })

  test('does not try again what was refused', async () => {
    let calls = 0
    const denied = new OcisignError('DENIED_KEY', 'no', { id })
    const signHash = async () => {
      calls++
      throw denied
    }
    await expect(remoteKey(pair.privateKey, pair.publicKey, { signHash }).sign(new Uint8Array())).rejects.toBe(denied)
    expect(calls).toBe(1)
  })

  test('hashes once with the hash of the algorithm', async () => {
    const seen: Uint8Array[] = []
    const key = remoteKey(pair.privateKey, pair.publicKey, {
      signHash: async (hash) => {
        seen.push(hash)
        return { signature: signHash(pair.privateKey, p256, hash) }
      },
    })
    await key.sign(new Uint8Array([1, 2, 3]))
    expect(seen.map((hash) => Buffer.from(hash).toString('hex'))).toEqual([
      createHash('sha256')
        .update(new Uint8Array([1, 2, 3]))
        .digest('hex'),
    ])
  })

  test.each([
    ['a raw signature that is too short', { ecdsa: 'raw', signHash: async () => ({ signature: new Uint8Array(63) }) }],
    ['no signature', { signHash: async () => ({ signature: undefined as unknown as Uint8Array }) }],
    ['no material', { material: undefined }],
    [
      'an answer that cannot be read',
      {
        signHash: async () => {
          throw new OcisignError('INVALID_BASE64', 'the signature is no Base64', { what: 'the signature' })
        },
      },
    ],
  ] as const)('refuses %s', async (_, changes) => {
    const error = await remoteKey(pair.privateKey, pair.publicKey, changes)
      .sign(new Uint8Array())
      .catch((reason: unknown) => reason)
    expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details.retryable).toBe(false)
  })
})

describe('algorithmOfPublicKey', () => {
  const spkiOf = (key: KeyObject) => new Uint8Array(key.export({ type: 'spki', format: 'der' }))

  test.each(['P-256', 'P-384', 'P-521'])('knows %s', (namedCurve) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve })
    expect(algorithmName(algorithmOfPublicKey(spkiOf(publicKey), id))).toContain(`ECDSA-${namedCurve.slice(2)}-`)
  })

  test.each([1024, 2560])('refuses RSA of %i bits', (modulusLength) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength })
    expect(() => algorithmOfPublicKey(spkiOf(publicKey), id)).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED_KEY' }),
    )
  })

  test('refuses Ed25519 and what is no key', () => {
    const code = (bytes: Uint8Array) => {
      try {
        return algorithmOfPublicKey(bytes, id)
      } catch (error) {
        return isOcisignError(error) && error.code
      }
    }
    expect(code(spkiOf(generateKeyPairSync('ed25519').publicKey))).toBe('UNSUPPORTED_KEY')
    expect(code(new Uint8Array([1, 2, 3]))).toBe('UNAVAILABLE_KEY')
  })
})

test('withRetries ends with the reason of a caller that gives up while it waits', async () => {
  const controller = new AbortController()
  const call = withRetries(
    failing(new Error('down')),
    () => true,
    (error) => error,
    {
      signal: controller.signal,
      firstWaitMilliseconds: 60_000,
    },
  )
  const reason = new Error('enough')
  setTimeout(() => controller.abort(reason), 10)
  await expect(call).rejects.toBe(reason)
})
