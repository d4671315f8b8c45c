// SPDX-License-Identifier: Apache-2.0
// A good key passes every case, and each kind of bad key fails the case that is there for it.
import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto'
import { inspect } from 'node:util'
import { type KeyFailure, type SigningKeyCasesOptions, signingKeyCases } from '@ocisign/conformance'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { type Algorithm, encodeText, notaryAlgorithms, OcisignError, type SigningKey } from '@ocisign/core'
import { describe, expect, test } from 'vitest'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const spkiOf = ({ publicKey }: typeof ec) => new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
const secret = 'correct horse battery staple'

const ecKey: SigningKey = {
  contract: 'signing-key/1',
  id: 'test:ec',
  algorithm: notaryAlgorithms[0]!,
  async sign(message, options) {
    options?.signal?.throwIfAborted()
    const signature = new Uint8Array(sign('sha256', message, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }))
    return { signature, material: { kind: 'public-key', spki: spkiOf(ec) } }
  },
}

const rsaKey = (saltLength: number): SigningKey => ({
  ...ecKey,
  algorithm: notaryAlgorithms[3]!,
  async sign(message, options) {
    options?.signal?.throwIfAborted()
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const signature = new Uint8Array(sign('sha256', message, { key: rsa.privateKey, padding, saltLength }))
    return { signature, material: { kind: 'public-key', spki: spkiOf(rsa) } }
  },
})

/** The good key with another way to sign. */
const signing = (signOtherwise: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>): SigningKey => ({
  ...ecKey,
  async sign(message, options) {
    options?.signal?.throwIfAborted()
    return { ...(await ecKey.sign(new Uint8Array())), signature: await signOtherwise(message) }
  },
})
const plain = async (message: Uint8Array) => (await ecKey.sign(message)).signature

/** The names of the cases that fail, with what they say. */
async function failuresOf(key: SigningKey, options: Partial<SigningKeyCasesOptions> = {}) {
  const cases = signingKeyCases({ create: async () => key, longestMessage: 100_000, ...options })
  const failed: Record<string, string> = {}
  for (const { name, run } of cases)
    await run().catch((error: Error) => Object.assign(failed, { [name]: error.message }))
  return failed
}

const throttled = (tries?: number) => {
  const details = { id: 'test', retryable: true, ...(tries !== undefined && { tries }) }
  return new OcisignError('UNAVAILABLE_KEY', 'slow down', details, { cause: new Error('429') })
}

describe('a good key', () => {
  const stalled = (): SigningKey => ({
    ...ecKey,
    sign: (_, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))
        if (options?.signal?.aborted) reject(options.signal.reason)
      }),
  })
  const missing = new OcisignError('UNAVAILABLE_KEY', 'is not there', { id: 'test', retryable: false })
  const failures: readonly KeyFailure[] = [
    { name: 'throttled', code: 'UNAVAILABLE_KEY', tries: 4, create: () => Promise.reject(throttled(4)) },
    { name: 'missing', code: 'UNAVAILABLE_KEY', hasNoCause: true, create: () => Promise.reject(missing) },
  ]
  const options = { secrets: [secret], inspect, createStalled: async () => stalled(), failures }

  test.each([ecKey, rsaKey(32)])('passes every case', async (key) => {
    expect(await failuresOf(key, options)).toEqual({})
  })

  test('passes every case with certificates', async () => {
    const { key } = await (await createFakeAuthority()).issue()
    expect(await failuresOf(key, options)).toEqual({})
  })

  test('may have any algorithm where that is said', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
    const algorithm: Algorithm = { scheme: 'Ed25519', hash: 'sha512', keyBits: 255 }
    const key: SigningKey = {
      ...ecKey,
      algorithm,
      async sign(message, callOptions) {
        callOptions?.signal?.throwIfAborted()
        const signature = new Uint8Array(sign(null, message, privateKey))
        return { signature, material: { kind: 'public-key', spki } }
      },
    }
    expect(await failuresOf(key, { algorithms: [algorithm] })).toEqual({})
    expect(Object.keys(await failuresOf(key))).toEqual(['has a supported algorithm'])
  })
})

describe('a key that', () => {
  const signs = 'signs a message, which it hashes once'
  const der = (message: Uint8Array) => new Uint8Array(sign('sha256', message, ec.privateKey))
  const sha256 = (message: Uint8Array) => createHash('sha256').update(message).digest()
  const leak = new OcisignError('DENIED_KEY', 'no', { id: 'x' }, { cause: new Error(`password ${secret}`) })

  test.each<[string, SigningKey, Partial<SigningKeyCasesOptions>, Record<string, string | RegExp>]>([
    [
      'has another contract',
      { ...ecKey, contract: 'signing-key/2' as never },
      {},
      { 'keeps to the contract signing-key/1': /contract/ },
    ],
    ['has an empty id', { ...ecKey, id: '' }, {}, { 'has an id that can be shown': /empty/ }],
    [
      'has control characters in its id',
      { ...ecKey, id: 'a\u001b[2J' },
      {},
      { 'has an id that can be shown': /control/ },
    ],
    [
      'writes DER',
      signing(der),
      {},
      { [signs]: /.*/, 'makes signatures of the exact width, ECDSA as r‖s and not DER': /looks like DER/ },
    ],
    ['hashes twice', signing((message) => plain(sha256(message))), {}, { [signs]: /hashed twice/ }],
    [
      'takes short messages for hashes',
      signing((message) => plain(message.length === 32 ? message.slice(1) : message)),
      {},
      { 'signs a message as long as its hash, which it hashes nevertheless': /something else/ },
    ],
    [
      'signs 4,096 bytes at most',
      signing((message) => plain(message.subarray(0, 4096))),
      {},
      { 'signs a message of more than 4,096 bytes': /something else/ },
    ],
    [
      'cannot sign nothing',
      signing((message) => plain(message.length === 0 ? Uint8Array.of(0) : message)),
      {},
      { 'signs an empty message': /something else/ },
    ],
    [
      'reads the whole buffer',
      signing((message) => plain(new Uint8Array(message.buffer))),
      {},
      { 'signs a message that is a part of a larger buffer': /something else/ },
    ],
    [
      'changes the message',
      signing(async (message) => {
        const made = await plain(message)
        message.fill(0)
        return made
      }),
      {},
      { 'leaves the message as it was': /changed/ },
    ],
    [
      'uses another hash',
      signing((message) => new Uint8Array(sign('sha384', message, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }))),
      {},
      { [signs]: /the hash is sha384/ },
    ],
    ['uses a short salt', rsaKey(20), {}, { [signs]: /salt has 20 bytes/ }],
    ['uses the longest salt', rsaKey(222), {}, { [signs]: /salt has 222 bytes/ }],
    [
      'comes with another size',
      { ...ecKey, algorithm: notaryAlgorithms[1]! },
      {},
      { 'comes with a public key of its algorithm and size, the same each time': /not the public key/ },
    ],
    [
      'comes with another RSA size',
      { ...rsaKey(32), algorithm: { ...notaryAlgorithms[3]!, keyBits: 3072 } },
      {},
      { 'comes with a public key of its algorithm and size, the same each time': /3072 bits/ },
    ],
    [
      'signs after an abort',
      { ...ecKey, sign: (message) => ecKey.sign(message) },
      {},
      { 'refuses to sign for a caller that has given up': /should be refused/ },
    ],
    [
      'wraps the reason',
      {
        ...ecKey,
        sign: (message, options) =>
          ecKey.sign(message, options).catch((cause: unknown) => {
            throw new Error('x', { cause })
          }),
      },
      {},
      { 'refuses to sign for a caller that has given up': /not the signal's reason/ },
    ],
    [
      'mixes up concurrent calls',
      signing(
        (() => {
          let last = new Uint8Array()
          return async (message: Uint8Array) => {
            last = new Uint8Array(message)
            await null
            return plain(last)
          }
        })(),
      ),
      {},
      { 'signs 50 messages at once': /something else/ },
    ],
    [
      'shows a secret',
      { ...ecKey, options: { deep: { passphrase: secret } } } as SigningKey,
      { secrets: [secret] },
      { 'shows no secret': /the key shows/ },
    ],
    [
      'hides a secret badly',
      Object.defineProperty({ ...ecKey }, 'hidden', { value: encodeText(secret) }),
      { secrets: [secret] },
      { 'shows no secret': /the key shows/ },
    ],
    [
      'fails with another code',
      ecKey,
      { failures: [{ name: 'denied', code: 'DENIED_KEY', create: () => Promise.reject(new Error('no')) }] },
      { 'says DENIED_KEY when denied': /not DENIED_KEY/ },
    ],
    [
      'loses what the backend said',
      ecKey,
      {
        failures: [
          {
            name: 'denied',
            code: 'DENIED_KEY',
            create: () => Promise.reject(new OcisignError('DENIED_KEY', 'no', { id: 'x' })),
          },
        ],
      },
      { 'says DENIED_KEY when denied': /no cause/ },
    ],
    [
      'does not say how often it tried',
      ecKey,
      { failures: [{ name: 'busy', code: 'UNAVAILABLE_KEY', tries: 4, create: () => Promise.reject(throttled()) }] },
      { 'says UNAVAILABLE_KEY when busy': /tries is undefined, not 4/ },
    ],
    [
      'does not fail',
      ecKey,
      { failures: [{ name: 'denied', code: 'DENIED_KEY', create: async () => ecKey }] },
      { 'says DENIED_KEY when denied': /should be refused/ },
    ],
    [
      'shows a secret in an error',
      ecKey,
      { secrets: [secret], failures: [{ name: 'denied', code: 'DENIED_KEY', create: () => Promise.reject(leak) }] },
      { 'says DENIED_KEY when denied': /the error shows a secret/ },
    ],
  ])('%s fails', async (_, key, options, expected) => {
    const failed = await failuresOf(key, options)
    for (const [name, message] of Object.entries(expected)) expect(failed[name]).toMatch(message)
    for (const message of Object.values(failed)) expect(message).not.toContain(secret)
  })
})

test('a secret too short to look for is refused', async () => {
  expect(await failuresOf(ecKey, { secrets: ['abc'] })).toMatchObject({
    'shows no secret': expect.stringMatching(/4 bytes/),
  })
})
