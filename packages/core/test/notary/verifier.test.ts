// SPDX-License-Identifier: Apache-2.0
// One signature under one policy: the order of the checks, what each level makes of them, and what is remembered.
import { createFakeAuthority } from '@ocisign/conformance/fake'
import {
  cose,
  createMemoryTrustStore,
  createNotaryVerifier,
  isOcisignError,
  jws,
  jwsDecoder,
  OcisignError,
  type Signature,
  signBlob,
  type Target,
  type TrustContext,
  type TrustStore,
  verifyArtifact,
  verifyBlob,
  verifyEnvelope,
  withCertificates,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { beforeAll, describe, expect, test } from 'vitest'
import { accepted, caught, code, repository } from '../families.js'
import { blobPolicyOf, createScene, formats, leafSubject, p256, policyOf, refusedBy } from './scene.js'

type Scene = Awaited<ReturnType<typeof createScene>>
let scene: Scene
let signature: Signature
const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7, annotations: { build: '7' } }
const context: TrustContext = { scope: repository }
const hours = (count: number) => new Date(Date.now() + count * 3_600_000)

beforeAll(async () => {
  scene = await createScene()
  signature = await scene.signerOf({ expirySeconds: 7200 }).sign(target)
})

/** What each check found, where the answer was a no. */
async function outcomesOf(verification: Promise<unknown>): Promise<Readonly<Record<string, string>>> {
  const error = await caught(verification)
  if (!isOcisignError(error) || !('outcomes' in error.details) || !error.details.outcomes) throw error
  const entries = Object.entries(error.details.outcomes).map(([check, outcome]) => [
    check,
    'error' in outcome ? outcome.error.code : outcome.status,
  ])
  return Object.fromEntries(entries)
}

describe('a good signature', () => {
  test('proves who signed what, when, and under which policy', async () => {
    const verified = await scene.verifierOf().verify(target, signature, context)
    const { signingTime } = jws.parse(signature.bytes).attributes
    const { annotations: _, ...signed } = target
    expect(verified).toMatchObject({
      decision: 'verified',
      target,
      identity: `x509:CN=leaf,O=Test,ST=WA,C=US`,
      claims: {
        kind: 'notary',
        policy: 'test',
        level: 'strict',
        signingScheme: 'notary.x509',
        signingTime,
        target: signed,
        certificateChain: scene.chain,
        subject: 'CN=leaf,O=Test,ST=WA,C=US',
        extendedAttributes: [],
        unsignedSigningAgent: 'ocisign',
      },
    })
    expect({ ...verified.claims.target.annotations }).toEqual({ build: '7' })
    expect(Object.fromEntries(Object.entries(verified.outcomes).map(([check, { status }]) => [check, status]))).toEqual(
      {
        integrity: 'passed',
        authenticity: 'passed',
        expiry: 'passed',
        authenticTimestamp: 'passed',
        revocation: 'not-applicable',
      },
    )
  })

  test('is valid until its expiry, or until the first certificate ends', async () => {
    const [expiring, lasting] = [signature, await scene.signerOf().sign(target)]
    const until = async (each: Signature) => (await scene.verifierOf().verify(target, each, context)).validUntil
    expect(await until(expiring)).toEqual(jws.parse(expiring.bytes).attributes.expiry)
    expect((await until(lasting))!.getTime()).toBeGreaterThan(hours(23).getTime())
    const authority = await scene.signerOf({ signingScheme: 'notary.x509.signingAuthority' }).sign(target)
    expect(await until(authority)).toBeUndefined()
  })

  test('of a signing authority outlives its certificates', async () => {
    const options = { signingScheme: 'notary.x509.signingAuthority' } as const
    const authority = await scene.signerOf(options).sign(target)
    const later = { clock: () => hours(1000) }
    expect((await scene.verifierOf(later).verify(target, authority, context)).decision).toBe('verified')
    const own = await scene.signerOf().sign(target)
    const outcomes = await outcomesOf(scene.verifierOf(later).verify(target, own, context))
    expect(outcomes).toMatchObject({ authenticTimestamp: 'UNTRUSTED_VALIDITY' })
  })
})

describe('the order is fixed, and what comes after a no is not looked at', () => {
  const none = {
    integrity: 'skipped',
    authenticity: 'skipped',
    expiry: 'skipped',
    authenticTimestamp: 'skipped',
    revocation: 'skipped',
  }

  test('integrity', async () => {
    const bytes = signature.bytes.slice()
    const at = new TextDecoder().decode(bytes).indexOf('"signature":"') + 20
    bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41
    const outcomes = await outcomesOf(scene.verifierOf().verify(target, { ...signature, bytes }, context))
    expect(outcomes).toEqual({ ...none, integrity: 'UNTRUSTED_INTEGRITY' })
  })

  test('the anchor', async () => {
    const trustStore = await createMemoryTrustStore({ ca: { test: [(await createScene()).root] } })
    const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test'] })
    const outcomes = await outcomesOf(verifier.verify(target, signature, context))
    expect(outcomes).toEqual({ ...none, integrity: 'passed', authenticity: 'UNTRUSTED_ANCHOR' })
  })

  test('the identity', async () => {
    const verifier = scene.verifierOf({ trustedIdentities: ['x509.subject: C=US, ST=WA, O=Other'] })
    const outcomes = await outcomesOf(verifier.verify(target, signature, context))
    expect(outcomes).toEqual({ ...none, integrity: 'passed', authenticity: 'UNTRUSTED_IDENTITY' })
  })

  test('the expiry, at its very second', async () => {
    const expiry = jws.parse(signature.bytes).attributes.expiry!
    const at = (milliseconds: number) =>
      scene.verifierOf({ clock: () => new Date(expiry.getTime() + milliseconds) }).verify(target, signature, context)
    expect((await at(-1)).decision).toBe('verified')
    const passed = { integrity: 'passed', authenticity: 'passed' }
    for (const late of [0, 1])
      expect(await outcomesOf(at(late))).toEqual({ ...none, ...passed, expiry: 'UNTRUSTED_EXPIRED' })
  })

  test('the target comes last: what a policy does not allow is refused whatever was signed', async () => {
    const other = { ...target, size: 8 }
    await expect(scene.verifierOf().verify(other, signature, context)).rejects.toMatchObject(code('UNTRUSTED_TARGET'))
    const verifier = scene.verifierOf({ trustedIdentities: ['x509.subject: C=US, ST=WA, O=Other'] })
    await expect(verifier.verify(other, signature, context)).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
  })
})

describe('levels', () => {
  const later = () => hours(1000)

  test.each([
    ['strict', 'refused'],
    ['permissive', 'tolerated'],
    ['audit', 'tolerated'],
  ])('an expired signature under %s is %s', async (level, decision) => {
    const verification = scene.verifierOf({ level, clock: later }).verify(target, signature, context)
    if (decision === 'refused') await expect(verification).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
    else expect(await verification).toMatchObject({ decision, outcomes: { expiry: { status: 'failed' } } })
  })

  test('authenticity is enforced but in audit, integrity everywhere', async () => {
    const stranger = await createScene()
    const strange = await stranger.signerOf().sign(target)
    for (const level of ['strict', 'permissive'])
      await expect(scene.verifierOf({ level }).verify(target, strange, context)).rejects.toMatchObject(
        code('UNTRUSTED_SIGNATURE'),
      )
    const audited = await scene.verifierOf({ level: 'audit' }).verify(target, strange, context)
    expect(audited).toMatchObject({ decision: 'tolerated', outcomes: { authenticity: { status: 'failed' } } })
    const broken = { ...strange, bytes: strange.bytes.subarray(1) }
    await expect(scene.verifierOf({ level: 'audit' }).verify(target, broken, context)).rejects.toMatchObject(
      code('UNTRUSTED_SIGNATURE'),
    )
  })

  test('P4: audit asks for a signature all the same, of this very artifact', async () => {
    const { store, verifierOf } = await createScene()
    await expect(verifyArtifact(store, 'v1', verifierOf({ level: 'audit' }))).rejects.toMatchObject(
      code('UNTRUSTED_NO_SIGNATURE'),
    )
    const other = { ...target, size: 8 }
    await expect(scene.verifierOf({ level: 'audit' }).verify(other, signature, context)).rejects.toMatchObject(
      code('UNTRUSTED_TARGET'),
    )
  })

  test('skip asks for none, and a signature is then no proof of anything', async () => {
    const verifier = scene.verifierOf({ level: 'skip' })
    expect(verifier.exemption(context)).toEqual({ decision: 'not-required', policy: 'test' })
    await expect(verifier.verify(target, signature, context)).rejects.toMatchObject(code('MISUSE_REQUIREMENT'))
    expect((await verifyEnvelope(target, signature, verifier, context)).decision).toBe('not-required')
  })
})

describe('policies are for artifacts or for blobs', () => {
  const content = new TextEncoder().encode('a file')

  test('a policy for every artifact is none for a file', async () => {
    const signed = await signBlob(content, scene.signerOf())
    const artifacts = scene.verifierOf()
    await expect(verifyBlob(content, signed.signature, artifacts)).rejects.toMatchObject(code('MISUSE_OPTION'))
    const blobs = scene.verifierOf({ policy: blobPolicyOf() })
    expect((await verifyBlob(content, signed.signature, blobs)).decision).toBe('verified')
  })

  test('not even one that skips, or that is for "*"', async () => {
    const signed = await signBlob(content, scene.signerOf())
    const skipping = scene.verifierOf({ level: 'skip' })
    await expect(verifyBlob(content, signed.signature, skipping)).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test('a global policy for files is none for an artifact', async () => {
    const { store, verifierOf, sign } = await createScene()
    await sign()
    for (const level of ['strict', 'audit']) {
      const blobs = verifierOf({ policy: blobPolicyOf({ level }) })
      const nameless = { ...store, repository: undefined }
      for (const from of [store, nameless])
        await expect(verifyArtifact(from, 'v1', blobs)).rejects.toMatchObject(code('MISUSE_OPTION'))
    }
  })

  test('what was selected last is not selected for something else', async () => {
    const verifier = scene.verifierOf()
    await verifier.verify(target, signature, { ...context, subject: 'artifact' })
    const blob = verifier.verify(target, signature, { ...context, subject: 'blob' })
    await expect(blob).rejects.toMatchObject(code('MISUSE_OPTION'))
    const elsewhere = verifier.verify(target, signature, { scope: 'example.com/other' })
    await expect(elsewhere).rejects.toMatchObject(code('UNTRUSTED_NO_POLICY'))
    await expect(verifier.verify(target, signature, {})).rejects.toMatchObject(code('MISUSE_SCOPE'))
  })

  test('an envelope at hand is for whatever the policy is', async () => {
    expect((await verifyEnvelope(target, signature, scene.verifierOf(), context)).decision).toBe('verified')
    const blobs = scene.verifierOf({ policy: blobPolicyOf() })
    expect((await verifyEnvelope(target, signature, blobs, {})).decision).toBe('verified')
    await expect(verifyEnvelope(target, signature, blobs, context)).rejects.toMatchObject(code('MISUSE_OPTION'))
  })
})

describe('trust stores', () => {
  const failing = (error: unknown): TrustStore => ({ load: () => Promise.reject(error) })

  test.each<[string, OcisignError, string]>([
    ['is malformed: no', new OcisignError('INVALID_TRUST_STORE', 'x', { store: 'ca:test' }), 'UNTRUSTED_SIGNATURE'],
    [
      'is not there: unknown',
      new OcisignError('UNAVAILABLE_NOT_FOUND', 'x', { reference: 'x', retryable: false }),
      'UNAVAILABLE_VERIFICATION',
    ],
    [
      'cannot be read: unknown',
      new OcisignError('UNAVAILABLE_FILE', 'x', { path: 'x', retryable: true }),
      'UNAVAILABLE_VERIFICATION',
    ],
    ['may not be read: unknown', new OcisignError('DENIED_FILE', 'x', { path: 'x' }), 'UNAVAILABLE_VERIFICATION'],
  ])('one that %s', async (_, error, expected) => {
    const verification = scene.verifierOf({ trustStore: failing(error) }).verify(target, signature, context)
    await expect(verification).rejects.toMatchObject(
      code(expected, { details: { refusals: [{ by: 'authenticity', error }] } }),
    )
    const audited = await scene
      .verifierOf({ level: 'audit', trustStore: failing(error) })
      .verify(target, signature, context)
    expect(audited.decision).toBe('tolerated')
  })

  test('one that crashes is no answer at all', async () => {
    const bug = new TypeError('bug')
    const verifier = scene.verifierOf({ trustStore: failing(bug) })
    await expect(verifier.verify(target, signature, context)).rejects.toBe(bug)
    const throwing: TrustStore = {
      load: () => {
        throw bug
      },
    }
    await expect(scene.verifierOf({ trustStore: throwing }).verify(target, signature, context)).rejects.toBe(bug)
  })

  test('one that failed is asked again, one that answered is not', async () => {
    let asked = 0
    const trustStore: TrustStore = {
      async load(store) {
        if (++asked === 1) throw new OcisignError('UNAVAILABLE_FILE', 'x', { path: 'x', retryable: true })
        return scene.trustStore.load(store)
      },
    }
    const verifier = scene.verifierOf({ trustStore })
    await expect(verifier.verify(target, signature, context)).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
    for (let count = 0; count < 3; count++) await verifier.verify(target, signature, context)
    expect(asked).toBe(2)
  })

  test('T4: those of one kind vouch for nothing of another', async () => {
    const [leaf] = [scene.root]
    const trustStore = await createMemoryTrustStore({
      ca: { test: [leaf] },
      signingAuthority: { test: [leaf] },
      tsa: { test: [leaf] },
    })
    const authority = await scene.signerOf({ signingScheme: 'notary.x509.signingAuthority' }).sign(target)
    const judge = (each: Signature, ...trustStores: string[]) =>
      scene
        .verifierOf({ trustStore, trustStores, override: { authenticTimestamp: 'log' } })
        .verify(target, each, context)
    expect((await judge(signature, 'ca:test')).decision).toBe('verified')
    expect((await judge(authority, 'signingAuthority:test')).decision).toBe('verified')
    for (const [each, ...stores] of [
      [signature, 'signingAuthority:test'],
      [authority, 'ca:test'],
      [authority, 'ca:test', 'tsa:test'],
      [signature, 'signingAuthority:test', 'tsa:test'],
    ] as const)
      expect(await outcomesOf(judge(each, ...stores))).toMatchObject({ authenticity: 'UNTRUSTED_ANCHOR' })
  })

  test('any certificate of the chain may be the anchor, byte for byte', async () => {
    for (const certificate of scene.chain.slice(1)) {
      const trustStore = await createMemoryTrustStore({ ca: { test: [certificate] } })
      const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test'] })
      expect((await verifier.verify(target, signature, context)).decision).toBe('verified')
    }
    // The same name and key with another serial number is another certificate.
    const twin = await createFakeAuthority({ subject: 'C=US,ST=WA,O=ocisign test,CN=ocisign test root' })
    const trustStore = await createMemoryTrustStore({ ca: { test: [twin.certificate] } })
    const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test'] })
    expect(await outcomesOf(verifier.verify(target, signature, context))).toMatchObject({
      authenticity: 'UNTRUSTED_ANCHOR',
    })
  })
})

describe('formats', () => {
  test('P6: a format that is not accepted is refused, and says which are', async () => {
    const verifier = scene.verifierOf({ formats: [jwsDecoder] })
    const envelope = await scene.signerOf({ format: cose }).sign(target)
    expect(await outcomesOf(verifier.verify(target, envelope, context))).toMatchObject({
      integrity: 'UNSUPPORTED_MEDIA_TYPE',
    })
    expect(() => verifier.digestAlgorithm(envelope)).toThrow(
      expect.objectContaining(
        code('UNSUPPORTED_MEDIA_TYPE', { details: { supported: [jws.mediaType], mediaType: cose.mediaType } }),
      ),
    )
  })

  test.each(formats)('E9: bytes of %s under the media type of the other', async (_, format) => {
    const other = format === jws ? cose : jws
    const { bytes } = await scene.signerOf({ format }).sign(target)
    const verification = scene.verifierOf().verify(target, { mediaType: other.mediaType, bytes }, context)
    expect(await outcomesOf(verification)).toMatchObject({ integrity: 'INVALID_ENVELOPE' })
  })

  test('media types are compared letter for letter', async () => {
    for (const mediaType of [
      '',
      'application/JOSE+json',
      'application/jose+json; charset=utf-8',
      ' application/jose+json',
    ])
      expect(await outcomesOf(scene.verifierOf().verify(target, { ...signature, mediaType }, context))).toMatchObject({
        integrity: 'UNSUPPORTED_MEDIA_TYPE',
      })
  })
})

describe('what is remembered between calls', () => {
  test('is no verdict: time, policy, target and signature are judged every time', async () => {
    let now = new Date()
    const verifier = scene.verifierOf({ clock: () => now })
    for (let count = 0; count < 3; count++) await verifier.verify(target, signature, context)
    await expect(verifier.verify({ ...target, size: 8 }, signature, context)).rejects.toMatchObject(
      code('UNTRUSTED_TARGET'),
    )
    // Up to the unsigned header, of which only the chain decides anything.
    const end = new TextDecoder().decode(signature.bytes).indexOf('"header"')
    for (let at = 0; at < end; at += 31) {
      const bytes = signature.bytes.slice()
      bytes[at]! ^= 1
      await expect(verifier.verify(target, { ...signature, bytes }, context)).rejects.toThrow(OcisignError)
    }
    await verifier.verify(target, signature, context)
    now = hours(1000)
    await expect(verifier.verify(target, signature, context)).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
  })

  test('a chain that another policy trusts is not trusted by this one', async () => {
    const [ours, theirs] = [await createScene(), await createScene()]
    const trustStore = await createMemoryTrustStore({ ca: { ours: [ours.root], theirs: [theirs.root] } })
    const document = (name: string) => ({
      name,
      registryScopes: [`example.com/${name}`],
      signatureVerification: { level: 'strict' },
      trustStores: [`ca:${name}`],
      trustedIdentities: ['*'],
    })
    const { parseTrustPolicy } = await import('@ocisign/core')
    const policy = parseTrustPolicy({ version: '1.0', trustPolicies: [document('ours'), document('theirs')] }, 'oci')
    const verifier = createNotaryVerifier({ policy, trustStore, formats: [jws] })
    const signed = await ours.signerOf().sign(target)
    for (let count = 0; count < 3; count++) {
      expect((await verifier.verify(target, signed, { scope: 'example.com/ours' })).decision).toBe('verified')
      const elsewhere = verifier.verify(target, signed, { scope: 'example.com/theirs' })
      expect(await outcomesOf(elsewhere)).toMatchObject({ authenticity: 'UNTRUSTED_ANCHOR' })
    }
  })

  test('many signers, one after the other and all at once', async () => {
    const root = await createFakeAuthority()
    const trustStore = await createMemoryTrustStore({ ca: { test: [root.certificate] } })
    const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test'], trustedIdentities: ['*'] })
    const signatures = await Promise.all(
      Array.from({ length: 20 }, async (_, position) => {
        const { key } = await root.issue({ subject: `${leafSubject} ${position}` })
        return scene.signerOf({ key, format: position % 2 === 0 ? jws : cose }).sign(target)
      }),
    )
    const identitiesOf = (verified: readonly { readonly identity: string }[]) =>
      new Set(verified.map(({ identity }) => identity)).size
    for (let round = 0; round < 2; round++)
      expect(identitiesOf(await Promise.all(signatures.map((each) => verifier.verify(target, each, context))))).toBe(20)
  })

  test.each(formats)('J7, %s: bytes that change while they are judged are judged as they were', async (_, format) => {
    const good = await scene.signerOf({ format }).sign(target)
    const other = { ...target, digest: `sha256:${'1'.repeat(64)}` } as const
    const evil = await scene.signerOf({ format }).sign(other)
    expect(evil.bytes.length).toBe(good.bytes.length)
    // What is judged is either the one or the other, never the payload of one with the signature of the other.
    for (const [first, second] of [
      [good, evil],
      [evil, good],
    ] as const) {
      const bytes = first.bytes.slice()
      const verification = scene.verifierOf().verify(target, { mediaType: first.mediaType, bytes }, context)
      bytes.set(second.bytes)
      const verified = await verification.catch((error: unknown) => error)
      if (first === good)
        expect(verified).toMatchObject({ decision: 'verified', claims: { target: { digest: target.digest } } })
      else expect(verified).toBeInstanceOf(OcisignError)
    }
  })
})

describe('what this version cannot find out', () => {
  test('V4: revocation: a certificate that names a CRL or OCSP server', async () => {
    const root = await createFakeAuthority()
    for (const urls of [{ crlUrls: ['http://127.0.0.1:9/x.crl'] }, { ocspUrls: ['http://127.0.0.1:9/'] }]) {
      const { key } = await root.issue(urls)
      const trustStore = await createMemoryTrustStore({ ca: { test: [root.certificate] } })
      const signed = await scene.signerOf({ key }).sign(target)
      const judge = (options: object) =>
        scene
          .verifierOf({ trustStore, trustStores: ['ca:test'], trustedIdentities: ['*'], ...options })
          .verify(target, signed, context)
      await expect(judge({})).rejects.toMatchObject(
        code('UNAVAILABLE_VERIFICATION', { details: { refusals: [{ error: code('UNAVAILABLE_REVOCATION') }] } }),
      )
      expect((await judge({ level: 'permissive' })).decision).toBe('tolerated')
      const skipping = await judge({ override: { revocation: 'skip' } })
      expect(skipping).toMatchObject({ decision: 'verified', outcomes: { revocation: { status: 'skipped' } } })
    }
  })

  test('timestamps: a policy that asks for one', async () => {
    const trustStore = await createMemoryTrustStore({ ca: { test: [scene.root] }, tsa: { test: [scene.root] } })
    const judge = (more: object) =>
      scene.verifierOf({ trustStore, trustStores: ['ca:test', 'tsa:test'], ...more }).verify(target, signature, context)
    expect(await outcomesOf(judge({}))).toMatchObject({ authenticTimestamp: 'UNTRUSTED_TIMESTAMP' })
    expect((await judge({ verifyTimestamp: 'afterCertExpiry' })).decision).toBe('verified')
    const own = await scene.signerOf().sign(target)
    const later = { verifyTimestamp: 'afterCertExpiry', clock: () => hours(1000) }
    const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test', 'tsa:test'], ...later })
    expect(await outcomesOf(verifier.verify(target, own, context))).toMatchObject({
      authenticTimestamp: 'UNTRUSTED_TIMESTAMP',
    })
  })

  test('J8: what time it is', async () => {
    const verifier = scene.verifierOf({ clock: () => new Date(Number.NaN) })
    expect(await outcomesOf(verifier.verify(target, signature, context))).toMatchObject({ expiry: 'UNTRUSTED_EXPIRED' })
    const own = await scene.signerOf().sign(target)
    expect(await outcomesOf(verifier.verify(target, own, context))).toMatchObject({
      authenticTimestamp: 'UNTRUSTED_VALIDITY',
    })
  })
})

test('a key of another signer in a chain that is trusted is refused', async () => {
  const { chain } = await createTestChain({ algorithm: p256 })
  const { key } = await createTestChain({ algorithm: p256 })
  const { signature: bytes } = await key.sign(new Uint8Array(1))
  const prepared = jws.prepare(
    {
      payload: new TextEncoder().encode('{}'),
      payloadType: 'application/vnd.cncf.notary.payload.v1+json',
      attributes: { signingScheme: 'notary.x509', signingTime: new Date(0), extended: [] },
    },
    p256,
  )
  const envelope = prepared.seal({ signature: bytes, material: { kind: 'x509', chain } }, {})
  const trustStore = await createMemoryTrustStore({ ca: { test: [chain.at(-1)!] } })
  const policy = policyOf({ trustStores: ['ca:test'], trustedIdentities: ['*'] })
  const verifier = createNotaryVerifier({ policy, trustStore, formats: [jws] })
  const verification = verifier.verify(target, { mediaType: jws.mediaType, bytes: envelope }, context)
  expect(await outcomesOf(verification)).toMatchObject({ integrity: 'UNTRUSTED_INTEGRITY' })
  expect(withCertificates(key, chain).id).toBe(key.id)
})

describe('P5: user metadata', () => {
  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ['what was signed', { build: '7' }, true],
    ['nothing', {}, true],
    ['another value', { build: '8' }, false],
    ['another name', { Build: '7' }, false],
    ['more than was signed', { build: '7', more: '' }, false],
    ['a name that every object has', { toString: 'x' }, false],
  ])('that is demanded: %s', async (_, annotations, holds) => {
    const verification = scene.verifierOf().verify({ ...target, annotations }, signature, context)
    if (holds) expect((await verification).decision).toBe('verified')
    else await expect(verification).rejects.toMatchObject(code('UNTRUSTED_METADATA'))
  })

  test('through a store, with what is missing named', async () => {
    const { sign, verify } = await createScene()
    await sign({}, { userMetadata: { build: '7' } })
    expect(accepted(await verify({ verify: { userMetadata: { build: '7' } } })).decision).toBe('verified')
    expect(await refusedBy(verify({ verify: { userMetadata: { build: '8' } } }))).toEqual({ '': 'UNTRUSTED_METADATA' })
  })
})
