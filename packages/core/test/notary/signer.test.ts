// SPDX-License-Identifier: Apache-2.0
// Whatever key, certificates and options there are: a signature that a verifier would refuse is never handed out.
import { createFakeAuthority, createFakeLeaf, oddLeaves, oddValidities } from '@ocisign/conformance/fake'
import {
  type Algorithm,
  type ArtifactStore,
  createNotarySigner,
  isOcisignError,
  jws,
  type NotarySignerOptions,
  OcisignError,
  type PublicKeyMaterial,
  type RawSignature,
  type SigningKey,
  signArtifact,
  signBlob,
  type Target,
  verifyArtifact,
  verifyEnvelope,
  withCertificates,
  type X509Material,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { beforeAll, describe, expect, test } from 'vitest'
import { accepted, caught, code } from '../families.js'
import { createScene, formats, p256 } from './scene.js'

type Scene = Awaited<ReturnType<typeof createScene>>
let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})

/** Signs into a store that must stay as it is; the code of what came instead. */
async function refusal(options: Partial<NotarySignerOptions>, metadata?: Readonly<Record<string, string>>) {
  const untouched: ArtifactStore = { ...scene.store, push: () => expect.fail('written') }
  const sign = async () =>
    signArtifact(untouched, 'v1', scene.signerOf(options), metadata ? { userMetadata: metadata } : {})
  const error = await caught(sign())
  if (!isOcisignError(error)) throw error
  return error.code
}

const keyWith = (change: Partial<SigningKey<X509Material>>): SigningKey<X509Material> => ({
  ...scene.certified,
  ...change,
})
const answering = (signature: unknown, chain: readonly Uint8Array[] = scene.chain) =>
  keyWith({
    sign: async () => ({ signature, material: { kind: 'x509', chain } }) as RawSignature<X509Material>,
  })
const presenting = (chain: readonly Uint8Array[]) => withCertificates(scene.key, chain)

/** ECDSA-Sig-Value, as services of clouds answer. */
function derOf(signature: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const padded = bytes[0]! >= 0x80 ? [0, ...bytes] : [...bytes]
    return [2, padded.length, ...padded]
  }
  const content = [...integer(signature.subarray(0, 32)), ...integer(signature.subarray(32))]
  return Uint8Array.of(0x30, content.length, ...content)
}

describe.each(formats)('%s: a faulty key leaves the store as it was', (_, format) => {
  test('G6: an ECDSA signature in DER', async () => {
    const key = keyWith({
      sign: async (message) => {
        const raw = await scene.certified.sign(message)
        return { ...raw, signature: derOf(raw.signature) }
      },
    })
    expect(await refusal({ key, format })).toBe('UNTRUSTED_INTEGRITY')
  })

  test.each<[string, Uint8Array]>([
    ['none', new Uint8Array()],
    ['zeros', new Uint8Array(64)],
    ['half of one', new Uint8Array(32).fill(7)],
    ['another', new Uint8Array(64).fill(7)],
    ['a longer one', new Uint8Array(65).fill(7)],
  ])('a signature that is %s', async (_name, signature) => {
    expect(['UNTRUSTED_INTEGRITY', 'INVALID_ENVELOPE']).toContain(await refusal({ key: answering(signature), format }))
  })

  test('a signature over something else', async () => {
    const key = keyWith({ sign: (message) => scene.certified.sign(message.subarray(1)) })
    expect(await refusal({ key, format })).toBe('UNTRUSTED_INTEGRITY')
  })

  test('G2: a key that is not that of the certificate', async () => {
    const other = await createTestChain({ algorithm: p256 })
    expect(await refusal({ key: presenting(other.chain), format })).toBe('UNTRUSTED_INTEGRITY')
  })

  test('G2: a certificate for another algorithm than the key says', async () => {
    const p384: Algorithm = { scheme: 'ECDSA', hash: 'sha384', keyBits: 384 }
    const other = await createTestChain({ algorithm: p384 })
    expect(await refusal({ key: presenting(other.chain), format })).toBe('UNTRUSTED_INTEGRITY')
    expect(await refusal({ key: keyWith({ algorithm: p384 }), format })).toBe('UNTRUSTED_INTEGRITY')
  })

  test('a chain out of order, incomplete, with one too many, or none', async () => {
    const [leaf, intermediate, root] = scene.chain as [Uint8Array, Uint8Array, Uint8Array]
    const stranger = (await createTestChain({ algorithm: p256 })).chain[1]!
    for (const chain of [
      [root, intermediate, leaf],
      [leaf, root, intermediate],
      [leaf, root],
      [leaf, intermediate],
      [leaf],
      [leaf, leaf, intermediate, root],
      [leaf, intermediate, root, root],
      [leaf, intermediate, root, stranger],
      [leaf, intermediate, stranger],
    ])
      expect(await refusal({ key: presenting(chain), format })).toBe('INVALID_CERTIFICATE_CHAIN')
    expect(['INVALID_CERTIFICATE_CHAIN', 'INVALID_ENVELOPE']).toContain(await refusal({ key: presenting([]), format }))
  })

  test('certificates that are none', async () => {
    for (const chain of [[new Uint8Array()], [new Uint8Array(100)], [scene.chain[0]!.subarray(1)]])
      expect((await refusal({ key: presenting(chain), format })).startsWith('INVALID_')).toBe(true)
  })
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['nothing in an object', {}],
  ['a signature that is text', { signature: 'x', material: { kind: 'x509', chain: [] } }],
  ['a signature that is a list', { signature: [1], material: { kind: 'x509', chain: [] } }],
  ['no material', { signature: new Uint8Array(64) }],
  ['a public key only', { signature: new Uint8Array(64), material: { kind: 'public-key', spki: new Uint8Array(9) } }],
  ['a chain that is none', { signature: new Uint8Array(64), material: { kind: 'x509', chain: 'x' } }],
  ['a chain of text', { signature: new Uint8Array(64), material: { kind: 'x509', chain: ['x'] } }],
])('J7: a key that answers with %s', async (_, answer) => {
  for (const [, format] of formats)
    expect(await refusal({ key: keyWith({ sign: async () => answer as never }), format })).toBe('UNTRUSTED_INTEGRITY')
})

describe('certificates that are not fit', () => {
  test.each(oddLeaves)('$name', async ({ options }) => {
    const { key } = await (await createFakeAuthority()).issue(options)
    expect(await refusal({ key })).toMatch(/^INVALID_CERTIFICATE|^INVALID_CERTIFICATE_CHAIN|^UNSUPPORTED_KEY/)
  })

  test.each(oddValidities(new Date()))('$name', async ({ options }) => {
    const { key } = await (await createFakeAuthority()).issue(options)
    expect(await refusal({ key })).toMatch(/^UNTRUSTED_VALIDITY$|^INVALID_CERTIFICATE/)
  })

  test('a root that is over, though the leaf is not', async () => {
    const root = await createFakeAuthority({ notBefore: new Date('2020-01-01Z'), notAfter: new Date('2021-01-01Z') })
    const { key } = await root.issue()
    expect(await refusal({ key })).toBe('UNTRUSTED_VALIDITY')
  })

  test('by the clock that is given, and by no other', async () => {
    const { notAfter } = { notAfter: new Date(Date.now() + 25 * 3_600_000) }
    expect(await refusal({ clock: () => notAfter })).toBe('UNTRUSTED_VALIDITY')
    expect(await refusal({ clock: () => new Date(0) })).toBe('UNTRUSTED_VALIDITY')
    expect(await refusal({ clock: () => new Date(Number.NaN) })).toBe('MISUSE_OPTION')
  })

  test('a leaf that signed itself is fit', async () => {
    const { key } = await createFakeLeaf()
    const { signature } = await signBlob(new Uint8Array(1), createNotarySigner({ key, format: jws }))
    expect(signature.mediaType).toBe(jws.mediaType)
  })
})

describe('options', () => {
  const create = (options: Partial<NotarySignerOptions>) => () => scene.signerOf(options)

  test('a key that requires a timestamp says so, unless nobody wants one', () => {
    const key = keyWith({ requiresTimestamp: true })
    expect(create({ key })).toThrow(expect.objectContaining(code('MISUSE_TIMESTAMP_REQUIRED')))
    expect(create({ key, timestamper: 'none' })).not.toThrow()
  })

  test('algorithms that no envelope knows', () => {
    for (const algorithm of [
      { scheme: 'Ed25519', hash: 'sha512', keyBits: 256 },
      { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256', keyBits: 2048 },
      { scheme: 'ECDSA', hash: 'sha256', keyBits: 384 },
      { scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 1024 },
    ] as const)
      expect(create({ key: keyWith({ algorithm }) })).toThrow(expect.objectContaining(code('UNSUPPORTED_KEY')))
  })

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '60' as unknown as number])(
    'an expiry of %s seconds',
    (expirySeconds) => expect(create({ expirySeconds })).toThrow(expect.objectContaining(code('MISUSE_OPTION'))),
  )

  test('an expiry beyond what can be written', async () => {
    expect(await refusal({ expirySeconds: Number.MAX_SAFE_INTEGER })).toMatch(/^MISUSE_OPTION|^INVALID_/)
  })

  test.each(['io.cncf.notary.x', 'io.cncf.notary', 'io.cncf.notaryx', ''])(
    'user metadata named %j is refused, and no key is asked',
    async (name) => {
      const key = keyWith({ sign: () => expect.fail('asked') })
      expect(await refusal({ key }, { [name]: 'x' })).toBe('MISUSE_OPTION')
    },
  )

  test.each(['io.cncf.notary.signingTime', 'alg', 'crit', 'cty', 'x5c', 'Alg', 'b64'])(
    'an extended attribute may not take the place of %s',
    async (key) => {
      expect(await refusal({ extendedAttributes: [{ key, value: 'x', critical: false }] })).toMatch(
        /^MISUSE_|^INVALID_/,
      )
    },
  )
})

describe('what is signed', () => {
  const target: Target = {
    mediaType: 'a/b',
    digest: `sha256:${'0'.repeat(64)}`,
    size: 7,
    annotations: { b: '2', a: '1' },
  }

  test.each(formats)('%s: what a verifier reads, with times in whole seconds', async (_, format) => {
    const now = new Date(Math.floor(Date.now() / 1000) * 1000 + 999)
    const signer = scene.signerOf({ format, expirySeconds: 60, signingAgent: 'test/1', clock: () => now })
    const signature = await signer.sign(target)
    const { payload, attributes, unsigned, chain } = format.parse(signature.bytes)
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ targetArtifact: target })
    const signingTime = new Date(Math.floor(now.getTime() / 1000) * 1000)
    const expiry = new Date(signingTime.getTime() + 60_000)
    expect(attributes).toEqual({ signingScheme: 'notary.x509', signingTime, expiry, extended: [] })
    expect(unsigned).toEqual({ signingAgent: 'test/1' })
    expect(chain).toEqual(scene.chain)
    const verdict = await verifyEnvelope(target, signature, scene.verifierOf(), { scope: 'example.com/app' })
    expect(verdict.decision).toBe('verified')
  })

  test('a signing authority states its own time', async () => {
    const { bytes } = await scene.signerOf({ signingScheme: 'notary.x509.signingAuthority' }).sign(target)
    const { attributes } = jws.parse(bytes)
    expect(attributes).toHaveProperty('authenticSigningTime')
    expect(attributes.signingTime).toBeUndefined()
  })

  test('blobs are hashed as the key asks', async () => {
    const p384: Algorithm = { scheme: 'ECDSA', hash: 'sha384', keyBits: 384 }
    const { key, chain } = await createTestChain({ algorithm: p384 })
    expect(createNotarySigner({ key: withCertificates(key, chain), format: jws }).digestAlgorithm).toBe('sha384')
  })
})

describe('keys', () => {
  test('certificates may be known only with each signature', async () => {
    const seen: string[] = []
    const key = keyWith({
      algorithm: p256,
      sign: async (message) => {
        const fresh = await createTestChain({ algorithm: p256 })
        const { signature } = await fresh.key.sign(message)
        seen.push(fresh.key.id)
        return { signature, material: { kind: 'x509', chain: fresh.chain } }
      },
    })
    const signer = scene.signerOf({ key })
    const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 }
    const chains: unknown[] = []
    for (let count = 0; count < 6; count++) chains.push(jws.parse((await signer.sign(target)).bytes).chain)
    expect(new Set(chains.map((chain) => JSON.stringify(chain))).size).toBe(6)
    expect(seen).toHaveLength(6)
  })

  test('of a class keep their getters when they are given certificates', async () => {
    class Key implements SigningKey<PublicKeyMaterial> {
      readonly contract = 'signing-key/1'
      readonly #inner = scene.key
      get id() {
        return 'class:key'
      }
      get algorithm() {
        return this.#inner.algorithm
      }
      get requiresTimestamp() {
        return true
      }
      sign(message: Uint8Array) {
        return this.#inner.sign(message) as Promise<RawSignature<PublicKeyMaterial>>
      }
    }
    const key = withCertificates(new Key(), scene.chain)
    expect(key).toMatchObject({ id: 'class:key', algorithm: p256, requiresTimestamp: true })
    const fresh = await createScene()
    await signArtifact(fresh.store, 'v1', scene.signerOf({ key, timestamper: 'none' }))
    expect((await fresh.verify({ trustStore: scene.trustStore })).decision).toBe('verified')
  })

  test('that fail say why, and hear the signal', async () => {
    const denied = new OcisignError('DENIED_KEY', 'no permission', { id: 'k' })
    expect(await refusal({ key: keyWith({ sign: () => Promise.reject(denied) }) })).toBe('DENIED_KEY')
    const heard: unknown[] = []
    const key = keyWith({
      sign: (message, options) => {
        heard.push(options?.signal)
        return scene.certified.sign(message)
      },
    })
    const fresh = await createScene()
    await signArtifact(fresh.store, 'v1', scene.signerOf({ key }), { signal: new AbortController().signal })
    expect(heard).toEqual([expect.any(AbortSignal)])
  })

  test('J7: chains and signatures that change after they were given change nothing', async () => {
    const fresh = await createScene()
    const chain = fresh.chain.map((der) => der.slice())
    const given: Uint8Array[] = [...chain]
    const key: SigningKey<X509Material> = {
      ...fresh.certified,
      sign: async (message) => {
        const { signature } = await fresh.key.sign(message)
        setTimeout(() => {
          signature.fill(0)
          for (const der of given) der.fill(0)
        }, 0)
        return { signature, material: { kind: 'x509', chain: given } }
      },
    }
    await signArtifact(fresh.store, 'v1', fresh.signerOf({ key }))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await fresh.verify()).decision).toBe('verified')
  })
})

test('G3: whoever makes whole envelopes is a signer, too, and is judged by what a verifier reads', async () => {
  const { store, signerOf, verifierOf } = await createScene()
  const inner = signerOf()
  const honest = { ...inner, sign: (target: Target) => inner.sign(target) }
  await signArtifact(store, 'v1', honest)
  expect(accepted(await verifyArtifact(store, 'v1', verifierOf())).decision).toBe('verified')
  const other = await createScene()
  const lying = { ...inner, sign: () => inner.sign({ mediaType: 'a/b', digest: `sha256:${'1'.repeat(64)}`, size: 1 }) }
  await signArtifact(other.store, 'v1', lying)
  const verifier = verifierOf()
  await expect(verifyArtifact(other.store, 'v1', verifier)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
})

// What must not compile: the Notary Project needs certificates, and a bare key has none.
export const mustNotCompile = (key: SigningKey<PublicKeyMaterial>) =>
  // @ts-expect-error a key that is only a public key
  createNotarySigner({ key, format: jws })
