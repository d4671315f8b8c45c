// SPDX-License-Identifier: Apache-2.0
// Extensions: when they are asked, what they may take over, and what of their answer counts.
import {
  type AnyVerificationExtension,
  attributeNames,
  createMemoryTrustStore,
  type ExtendedAttribute,
  type ExtensionRequest,
  isOcisignError,
  OcisignError,
  type Outcome,
  type ReplaceableCheck,
  type Signature,
  type Target,
  type VerificationExtension,
} from '@ocisign/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { caught, code, passed, repository } from '../families.js'
import { type CallerOptions, createScene } from './scene.js'

const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 }
const context = { scope: repository }
const failed: Outcome = {
  status: 'failed',
  error: new OcisignError('UNTRUSTED_IDENTITY', 'no', { subject: '', trusted: [] }),
}
const critical = (key: string, value: unknown): ExtendedAttribute => ({ key, value, critical: true })

let scene: Awaited<ReturnType<typeof createScene>>
beforeAll(async () => {
  scene = await createScene()
})

const signWith = (...extendedAttributes: readonly ExtendedAttribute[]): Promise<Signature> =>
  scene.signerOf({ extendedAttributes }).sign(target)

/** A signature that asks for the extension `aws`, with an attribute of its own. */
const signed = (minimumVersion?: string) =>
  signWith(
    critical(attributeNames.verificationPlugin, 'aws'),
    critical('com.aws.profile', 'x'),
    ...(minimumVersion === undefined ? [] : [critical(attributeNames.verificationPluginMinVersion, minimumVersion)]),
  )

interface Fake {
  readonly name?: string
  readonly version?: string
  readonly replaces?: readonly ReplaceableCheck[]
  readonly results?: Partial<Record<ReplaceableCheck, Outcome>>
  readonly processedAttributes?: readonly string[]
}

function extensionOf({
  name = 'aws',
  version = '1.2.3',
  replaces = ['revocation'],
  results = { revocation: passed },
  processedAttributes = ['com.aws.profile'],
}: Fake = {}) {
  const asked: ExtensionRequest[] = []
  const extension = {
    name,
    version,
    replaces,
    verify: async (request: ExtensionRequest) => {
      asked.push(request)
      return { results, processedAttributes } as never
    },
  } satisfies VerificationExtension
  return { extension: extension as AnyVerificationExtension, asked }
}

const judge = (signature: Signature, extensions: readonly AnyVerificationExtension[], options: CallerOptions = {}) =>
  scene.verifierOf({ extensions, ...options }).verify(target, signature, context)

describe('an extension that a signature names', () => {
  test('is asked, and hears what is proven and what the policy trusts', async () => {
    const { extension, asked } = extensionOf()
    const verified = await judge(await signed(), [extensionOf({ name: 'other' }).extension, extension])
    expect(verified).toMatchObject({ decision: 'verified', outcomes: { revocation: passed } })
    expect(asked).toMatchObject([{ target, trustedIdentities: ['x509.subject: C=US, ST=WA, O=Test'] }])
    expect(asked[0]!.envelope.attributes.extended.map(({ key }) => key)).toContain('com.aws.profile')
  })

  test('hears the signal', async () => {
    const heard: unknown[] = []
    const extension: VerificationExtension<'revocation'> = {
      name: 'aws',
      version: '1.0.0',
      replaces: ['revocation'],
      verify: async (_, options) => {
        heard.push(options?.signal)
        return { results: { revocation: passed }, processedAttributes: ['com.aws.profile'] }
      },
    }
    const { signal } = new AbortController()
    const verifier = scene.verifierOf({ extensions: [extension] })
    await verifier.verify(target, await signed(), { ...context, signal })
    expect(heard).toEqual([signal])
  })

  test('but is not there: refused', async () => {
    for (const extensions of [[], [extensionOf({ name: 'AWS' }).extension], [extensionOf({ name: 'aw' }).extension]])
      await expect(judge(await signed(), extensions)).rejects.toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
  })

  test('is looked for by its name, once its chain has reached an anchor', async () => {
    const { extension, asked } = extensionOf()
    const looked: string[] = []
    const find = async (name: string) => {
      looked.push(name)
      return name === extension.name ? extension : undefined
    }
    const verifier = scene.verifierOf({ extensions: find })
    await expect(verifier.verify(target, await signed('1.2.3'), context)).resolves.toMatchObject({
      decision: 'verified',
    })
    expect([looked, asked.length]).toEqual([['aws'], 1])
    await expect(verifier.verify(target, await signed('1.2.4'), context)).rejects.toMatchObject(
      code('UNSUPPORTED_ATTRIBUTE'),
    )
    const signature = await signed()
    for (const found of [undefined, extensionOf({ name: 'other' }).extension])
      await expect(
        scene.verifierOf({ extensions: async () => found }).verify(target, signature, context),
      ).rejects.toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
    expect(asked).toHaveLength(1)
  })

  test('is not even looked for where nobody trusts the chain, whatever the level', async () => {
    const stranger = await createMemoryTrustStore({ ca: { test: [(await createScene()).root] } })
    const looked: string[] = []
    const extensions = async (name: string) => {
      looked.push(name)
      return extensionOf().extension
    }
    for (const level of ['strict', 'permissive', 'audit']) {
      const verifier = scene.verifierOf({ extensions, level, trustStore: stranger, trustStores: ['ca:test'] })
      await expect(verifier.verify(target, await signed(), context)).rejects.toThrow(OcisignError)
    }
    expect(looked).toEqual([])
  })

  test('and takes over nothing: refused', async () => {
    const { extension, asked } = extensionOf({ replaces: [], results: {} })
    await expect(judge(await signed(), [extension])).rejects.toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
    expect(asked).toEqual([])
  })

  test('law 3: is never asked about a chain that reaches no anchor, whatever the level', async () => {
    const stranger = await createMemoryTrustStore({ ca: { test: [(await createScene()).root] } })
    for (const level of ['strict', 'permissive', 'audit']) {
      const { extension, asked } = extensionOf()
      const options = { level, trustStore: stranger, trustStores: ['ca:test'] }
      await expect(judge(await signed(), [extension], options)).rejects.toThrow(OcisignError)
      expect(asked).toEqual([])
    }
  })

  test('nor about a signature that is broken, or of an identity that is not trusted', async () => {
    const { extension, asked } = extensionOf()
    const good = await signed()
    const broken = { ...good, bytes: good.bytes.subarray(1) }
    await expect(judge(broken, [extension])).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
    const others = { trustedIdentities: ['x509.subject: C=US, ST=WA, O=Other'] }
    await expect(judge(good, [extension], others)).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
    expect(asked).toEqual([])
  })

  test('in audit, without an anchor: what only it understands stays critical', async () => {
    const stranger = await createMemoryTrustStore({ ca: { test: [(await createScene()).root] } })
    const options = { level: 'audit', trustStore: stranger, trustStores: ['ca:test'] }
    const { extension } = extensionOf()
    await expect(judge(await signed(), [extension], options)).rejects.toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
    const plain = await signWith(critical(attributeNames.verificationPlugin, 'aws'))
    expect((await judge(plain, [extension], options)).decision).toBe('tolerated')
  })
})

describe('what it answers', () => {
  const others = { trustedIdentities: ['x509.subject: C=US, ST=WA, O=Other'] }

  test('takes the place of the identity check only where it says so', async () => {
    const vouching = extensionOf({ replaces: ['trustedIdentity'], results: { trustedIdentity: passed } })
    expect((await judge(await signed(), [vouching.extension], others)).decision).toBe('verified')
    const denying = extensionOf({ replaces: ['trustedIdentity'], results: { trustedIdentity: failed } })
    await expect(judge(await signed(), [denying.extension])).rejects.toMatchObject(
      code('UNTRUSTED_SIGNATURE', { details: { refusals: [{ by: 'authenticity' }] } }),
    )
  })

  test('is not heard about what it does not take over', async () => {
    const { extension } = extensionOf({ results: { revocation: passed, trustedIdentity: passed } })
    const audited = await judge(await signed(), [extension], { level: 'audit', ...others })
    expect(audited).toMatchObject({ decision: 'tolerated', outcomes: { authenticity: { status: 'failed' } } })
  })

  test('a no is a no, and "could not find out" is none', async () => {
    const revoked = extensionOf({ results: { revocation: failed } })
    await expect(judge(await signed(), [revoked.extension])).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
    const down = new OcisignError('UNAVAILABLE_REVOCATION', 'down', { subject: '', retryable: true })
    const unclear = extensionOf({ results: { revocation: { status: 'inconclusive', error: down } } })
    await expect(judge(await signed(), [unclear.extension])).rejects.toMatchObject(
      code('UNAVAILABLE_VERIFICATION', { details: { retryable: true } }),
    )
    expect((await judge(await signed(), [unclear.extension], { level: 'permissive' })).decision).toBe('tolerated')
  })

  test('revocation that the policy skips stays skipped', async () => {
    const { extension } = extensionOf({ results: { revocation: failed } })
    const verified = await judge(await signed(), [extension], { override: { revocation: 'skip' } })
    expect(verified).toMatchObject({ decision: 'verified', outcomes: { revocation: { status: 'skipped' } } })
  })

  test('no outcome for what it takes over is no outcome', async () => {
    for (const results of [{}, { trustedIdentity: passed }]) {
      const { extension } = extensionOf({ results })
      await expect(judge(await signed(), [extension])).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION'))
    }
  })

  test('skipped is no pass', async () => {
    const { extension } = extensionOf({ results: { revocation: { status: 'skipped' } } })
    await expect(judge(await signed(), [extension])).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
  })

  test('G4: a critical attribute that it did not deal with refuses, whatever else it says', async () => {
    for (const processedAttributes of [[], ['com.aws'], ['COM.AWS.PROFILE']]) {
      const error = await caught(judge(await signed(), [extensionOf({ processedAttributes }).extension]))
      expect(isOcisignError(error, 'UNSUPPORTED_ATTRIBUTE') && error.details.attributes).toEqual(['com.aws.profile'])
    }
  })

  test('that it crashed is passed on', async () => {
    const bug = new TypeError('bug')
    const extension = { ...extensionOf().extension, verify: () => Promise.reject(bug) } as AnyVerificationExtension
    await expect(judge(await signed(), [extension])).rejects.toBe(bug)
  })
})

describe('G5: the lowest version', () => {
  test.each([
    ['1.2.3', '1.2.3', true],
    ['1.2.3', '1.2.2', true],
    ['1.2.3', '1.2.4', false],
    ['1.2.3', '1.10.0', false],
    ['1.10.0', '1.9.9', true],
    ['2.0.0', '1.99.99', true],
    ['1.2.3-rc.1', '1.2.3', false],
    ['1.2.3', '1.2.3-rc.1', true],
    ['1.2.3-rc.2', '1.2.3-rc.10', false],
    ['1.2.3-rc.1', '1.2.3-rc', true],
    ['1.2.3-rc', '1.2.3-rc.1', false],
    ['1.2.3-alpha', '1.2.3-1', true],
    ['1.2.3-1', '1.2.3-alpha', false],
    ['1.2.3-beta', '1.2.3-alpha', true],
    ['1.2.3-alpha', '1.2.3-beta', false],
    ['1.2.3+build.1', '1.2.3+build.2', true],
    ['1.2.3-9007199254740992', '1.2.3-9007199254740993', false],
    ['1.2.3-9007199254740993', '1.2.3-9007199254740992', true],
    ['1.2', '1.2.0', false],
    ['v1.2.3', '1.2.3', false],
    ['', '0.0.0', false],
  ])('%j for %j: %s', async (version, minimum, enough) => {
    const verification = judge(await signed(minimum), [extensionOf({ version }).extension])
    if (enough) expect((await verification).decision).toBe('verified')
    else await expect(verification).rejects.toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
  })
})

describe('signatures that ask for none', () => {
  test('E4: attributes that are not critical are shown and ignored', async () => {
    const attribute = { key: 'com.example.note', value: 'x', critical: false }
    const verified = await judge(await signWith(attribute), [])
    expect(verified).toMatchObject({ decision: 'verified', claims: { extendedAttributes: [attribute] } })
  })

  test('E3: critical ones that nobody knows refuse, though an extension is there', async () => {
    const { extension, asked } = extensionOf()
    const signature = await signWith(critical('com.aws.profile', 'x'))
    for (const level of ['strict', 'permissive', 'audit'])
      await expect(judge(signature, [extension], { level })).rejects.toMatchObject(
        code('UNSUPPORTED_ATTRIBUTE', { details: { attributes: ['com.aws.profile'] } }),
      )
    expect(asked).toEqual([])
  })

  test('a lowest version alone asks for nobody', async () => {
    const signature = await signWith(critical(attributeNames.verificationPluginMinVersion, '1.0.0'))
    await expect(judge(signature, [extensionOf().extension])).rejects.toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
  })

  test.each(['../../tmp/x', '..', '.hidden', '/bin/sh', 'a b', '', ' ', 'a\0b', 'x'.repeat(256)])(
    'hazard "plugin before trust": the name %j starts nothing',
    async (name) => {
      const { extension, asked } = extensionOf({ name })
      const made = await signWith(critical(attributeNames.verificationPlugin, name)).catch((error: unknown) => error)
      if (isOcisignError(made)) return expect(made.code).toMatch(/^INVALID_|^MISUSE_/)
      await expect(judge(made as Signature, [extension])).rejects.toThrow(OcisignError)
      expect(asked).toEqual([])
    },
  )

  test('a request that is not critical, or no text, is malformed', async () => {
    const { extension } = extensionOf()
    for (const attribute of [
      { key: attributeNames.verificationPlugin, value: 'aws', critical: false },
      critical(attributeNames.verificationPlugin, 7),
    ])
      await expect(judge(await signWith(attribute), [extension])).rejects.toMatchObject(code('INVALID_ENVELOPE'))
  })
})

// What must not compile: a result for a check that is not taken over.
export const mustNotCompile: VerificationExtension<'revocation'> = {
  name: 'x',
  version: '1.0.0',
  replaces: ['revocation'],
  // @ts-expect-error trustedIdentity is not among what it replaces
  verify: async () => ({ results: { trustedIdentity: passed }, processedAttributes: [] }),
}
