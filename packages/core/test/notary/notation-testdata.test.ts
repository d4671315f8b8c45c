// SPDX-License-Identifier: Apache-2.0
// The envelopes in notation-go's test data, judged as its verifier tests judge them. Where those look at one check in
// isolation and leave the artifact empty, this verifies the whole signature of the artifact that it names.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openNotationTestdata } from '../../../conformance/src/vectors/index.js'
import type { Target } from '../../src/descriptor.js'
import { isOcisignError, OcisignError } from '../../src/errors.js'
import type { VerificationExtension } from '../../src/notary/extension.js'
import { coseDecoder } from '../../src/notary/format/cose-decoder.js'
import { jwsDecoder } from '../../src/notary/format/jws-decoder.js'
import { parsePayload } from '../../src/notary/payload.js'
import { parseTrustPolicy } from '../../src/notary/policy/parse.js'
import { createMemoryTrustStore, type TrustStore } from '../../src/notary/trust-store.js'
import { createNotaryVerifier } from '../../src/notary/verifier.js'
import type { Outcomes } from '../../src/verdict.js'

const JWS = jwsDecoder.mediaType
const COSE = coseDecoder.mediaType
const SCOPE = 'registry.acme-rockets.io/software/net-monitor'
const MOCK = 'internal/mock/testdata'
const SIGNATURES = 'verifier/testdata/timestamp/sigEnv'
const STORES = 'verifier/testdata/truststore/x509'
const LEVELS = ['strict', 'permissive', 'audit'] as const

let directory: string
let close: () => Promise<void>
let trustStore: TrustStore
const judged = new Set<string>()
const read = async (path: string) => new Uint8Array(await readFile(join(directory, 'notation-go', path)))

beforeAll(async () => {
  ;({ directory, close } = await openNotationTestdata())
  const store = async (path: string) => {
    const names = await readdir(join(directory, 'notation-go', STORES, path))
    return Promise.all(
      names.map(async (name) => {
        const bytes = await read(`${STORES}/${path}/${name}`)
        return bytes[0] === 0x30 ? bytes : new TextDecoder().decode(bytes)
      }),
    )
  }
  trustStore = await createMemoryTrustStore({
    ca: {
      'valid-trust-store': await store('ca/valid-trust-store'),
      'valid-trust-store-2': await store('ca/valid-trust-store-2'),
    },
    signingAuthority: {
      'valid-trust-store': await store('signingAuthority/valid-trust-store'),
      'valid-trust-store-2': await store('signingAuthority/valid-trust-store-2'),
    },
    tsa: { 'test-timestamp': await store('tsa/test-timestamp') },
  })
})
afterAll(async () => {
  const files = await readdir(join(directory, 'notation-go', MOCK))
  const signatures = await readdir(join(directory, 'notation-go', SIGNATURES))
  console.info(`notation testdata: ${judged.size} of ${files.length + signatures.length + 2} envelopes judged`)
  await close()
  expect(judged.size).toBe(files.length + signatures.length + 2)
})

interface Situation {
  mediaType?: string
  level?: string
  override?: Record<string, string>
  stores?: string[]
  identities?: string[]
  verifyTimestamp?: string
  extension?: VerificationExtension
  metadata?: Record<string, string>
  target?: Target
  now?: string
}

/** What came of it: a decision, or the code; the checks that did not pass, and the code of the first one's error. */
interface Answer {
  said: string
  failed: readonly string[]
  because?: string | undefined
}

async function judge(path: string, situation: Situation = {}): Promise<Answer> {
  const {
    mediaType = JWS,
    level = 'strict',
    override,
    verifyTimestamp,
    extension,
    now = '2024-06-20T00:00:00Z',
  } = situation
  const policy = parseTrustPolicy(
    {
      version: '1.0',
      trustPolicies: [
        {
          name: 'test-statement-name',
          registryScopes: [SCOPE],
          signatureVerification: { level, ...(override && { override }), ...(verifyTimestamp && { verifyTimestamp }) },
          trustStores: situation.stores ?? ['ca:valid-trust-store', 'signingAuthority:valid-trust-store'],
          trustedIdentities: situation.identities ?? ['*'],
        },
      ],
    },
    'oci',
  )
  const verifier = createNotaryVerifier({
    policy,
    trustStore,
    formats: [jwsDecoder, coseDecoder],
    extensions: extension ? [extension] : [],
    clock: () => new Date(now),
  })
  const bytes = await read(path)
  judged.add(path)
  const { annotations: _, ...signed } = targetOf(bytes)
  const target = situation.target ?? { ...signed, ...(situation.metadata && { annotations: situation.metadata }) }
  try {
    const { decision, outcomes } = await verifier.verify(target, { mediaType, bytes }, { scope: SCOPE })
    return { said: decision, ...failures(outcomes) }
  } catch (error) {
    if (!isOcisignError(error)) throw error
    const { outcomes } = error.details as { outcomes?: Outcomes }
    return { said: error.code, ...(outcomes ? failures(outcomes) : { failed: [] }) }
  }
}

/** What the envelope says that it signs, whatever its signature is worth. */
function targetOf(bytes: Uint8Array): Target {
  if (bytes[0] !== 0x7b) return parsePayload(coseDecoder.parse(bytes).payload)
  return parsePayload(new Uint8Array(Buffer.from(JSON.parse(new TextDecoder().decode(bytes)).payload, 'base64url')))
}

function failures(outcomes: Outcomes): Omit<Answer, 'said'> {
  const bad = Object.entries(outcomes).flatMap(([check, outcome]) =>
    'error' in outcome ? [{ check, ...outcome }] : [],
  )
  return { failed: bad.map(({ check }) => check), because: bad[0]?.error.code }
}

const good = (level: string): Answer => ({ said: level === 'audit' ? 'tolerated' : 'verified', failed: [] })
/** A check failed: refused where the level enforces it, tolerated where it only logs it. */
const bad = (check: string, because: string, enforced: boolean): Answer => ({
  said: enforced ? 'UNTRUSTED_SIGNATURE' : 'tolerated',
  failed: [check],
  because,
})

describe.each(['ca', 'sa'])('scheme of %s', (scheme) => {
  const [valid, invalid, expired] = ['valid', 'invalid', 'expired'].map(
    (kind) => `${MOCK}/${scheme}_${kind}_sig_env.json`,
  ) as [string, string, string]
  const identities = ['x509.subject:CN=Notation Test Root,O=Notary,L=Seattle,ST=WA,C=US']

  describe.each(LEVELS)('level %s', (level) => {
    const isEnforced = level !== 'audit'

    test('a valid signature passes every check', async () => {
      expect(await judge(valid, { level, identities })).toEqual(good(level))
    })

    test('a media type that is not supported', async () => {
      const answer = await judge(valid, { level, identities, mediaType: 'application/unsupported+json' })
      expect(answer).toEqual(bad('integrity', 'UNSUPPORTED_MEDIA_TYPE', true))
    })

    test('a signature that is not base64url', async () => {
      expect(await judge(invalid, { level, identities })).toEqual(bad('integrity', 'INVALID_ENVELOPE', true))
    })

    test('trust stores without the root', async () => {
      const stores = ['ca:valid-trust-store-2', 'signingAuthority:valid-trust-store-2']
      expect(await judge(valid, { level, stores })).toEqual(bad('authenticity', 'UNTRUSTED_ANCHOR', isEnforced))
    })

    test('another trusted identity', async () => {
      const others = ['x509.subject:CN=LOL,O=DummyOrg,L=Hyderabad,ST=TG,C=IN']
      const answer = await judge(valid, { level, identities: others })
      expect(answer).toEqual(bad('authenticity', 'UNTRUSTED_IDENTITY', isEnforced))
    })

    test('an expired signature', async () => {
      const answer = await judge(expired, { level, identities })
      expect(answer).toEqual(bad('expiry', 'UNTRUSTED_EXPIRED', level === 'strict'))
    })

    test.each([
      ['a trust store without a name', { stores: ['ca:valid-trust-store-2', 'signingAuthority'] }],
      ['an identity without a value', { identities: ['x509.subject'] }],
      ['an identity with an empty value', { identities: ['x509.subject:'] }],
    ])('%s: the policy cannot be used at all', async (_, mistake) => {
      await expect(judge(valid, { level, ...mistake })).rejects.toMatchObject({ code: 'INVALID_TRUST_POLICY' })
    })
  })

  describe('a verification plugin', () => {
    const plugin = `${MOCK}/${scheme}_plugin_sig_env.json`
    const passed = { status: 'passed' } as const
    const failed = {
      status: 'failed',
      error: new OcisignError('UNTRUSTED_IDENTITY', 'i feel like failing today', { subject: '', trusted: [] }),
    } as const
    const extension = (
      results: Partial<Awaited<ReturnType<VerificationExtension['verify']>>['results']>,
      replaces: VerificationExtension['replaces'] = Object.keys(results) as VerificationExtension['replaces'],
      processedAttributes: readonly string[] = ['SomeKey'],
    ): VerificationExtension => ({
      name: 'plugin-name',
      version: '1.0.0',
      replaces,
      verify: async () => ({
        results: results as { trustedIdentity: typeof passed; revocation: typeof passed },
        processedAttributes,
      }),
    })
    // Nobody but the plugin may judge the identity where it says that it does.
    const others = ['x509.subject:CN=LOL,O=DummyOrg,L=Hyderabad,ST=TG,C=IN']

    test('is not there', async () => {
      expect(await judge(plugin)).toEqual({ said: 'UNSUPPORTED_ATTRIBUTE', failed: [] })
    })

    test('takes over no check', async () => {
      expect(await judge(plugin, { extension: extension({}) })).toEqual({ said: 'UNSUPPORTED_ATTRIBUTE', failed: [] })
    })

    test('vouches for the identity', async () => {
      const vouching = extension({ trustedIdentity: passed })
      expect(await judge(plugin, { extension: vouching, identities: others })).toEqual(good('strict'))
    })

    test('does not vouch for the identity', async () => {
      const answer = await judge(plugin, { extension: extension({ trustedIdentity: failed }) })
      expect(answer).toEqual(bad('authenticity', 'UNTRUSTED_IDENTITY', true))
    })

    test('vouches for the revocation', async () => {
      expect(await judge(plugin, { extension: extension({ revocation: passed }) })).toEqual(good('strict'))
    })

    test('does not vouch for the revocation', async () => {
      const answer = await judge(plugin, { extension: extension({ revocation: failed }) })
      expect(answer).toEqual(bad('revocation', 'UNTRUSTED_IDENTITY', true))
    })

    test('vouches for both', async () => {
      const both = extension({ trustedIdentity: passed, revocation: passed })
      expect(await judge(plugin, { extension: both, identities: others })).toEqual(good('strict'))
    })

    test('is about revocation, which the policy skips', async () => {
      const override = { revocation: 'skip' }
      expect(await judge(plugin, { extension: extension({ revocation: failed }), override })).toEqual(good('strict'))
      // Stricter than notation-go, which leaves such a plugin alone, and the critical attribute with it.
      const careless = extension({ revocation: passed }, ['revocation'], [])
      expect((await judge(plugin, { extension: careless, override })).said).toBe('UNSUPPORTED_ATTRIBUTE')
    })

    test('breaks down', async () => {
      const broken = {
        ...extension({ trustedIdentity: passed }),
        verify: () => Promise.reject(new OcisignError('UNAVAILABLE_FILE', 'no plugin', { path: '', retryable: false })),
      }
      expect((await judge(plugin, { extension: broken })).said).toMatch(/^UNAVAILABLE_/)
    })

    test('leaves a critical attribute aside', async () => {
      const careless = extension({ trustedIdentity: passed }, ['trustedIdentity'], [])
      expect((await judge(plugin, { extension: careless })).said).toBe('UNSUPPORTED_ATTRIBUTE')
    })

    test('does not answer what it was asked', async () => {
      const silent = extension({}, ['trustedIdentity'])
      expect((await judge(plugin, { extension: silent })).said).toMatch(/^UNAVAILABLE_|^UNTRUSTED_/)
    })

    test('is stopped before it runs where the chain reaches no anchor', async () => {
      let asked = 0
      const counting: VerificationExtension = {
        ...extension({ trustedIdentity: passed }),
        verify: async () => {
          asked += 1
          return { results: { trustedIdentity: passed, revocation: passed }, processedAttributes: ['SomeKey'] }
        },
      }
      const stores = ['ca:valid-trust-store-2', 'signingAuthority:valid-trust-store-2']
      for (const level of LEVELS) await judge(plugin, { extension: counting, stores, level })
      expect(asked).toBe(0)
    })
  })
})

describe('the lowest version of a plugin', () => {
  const extension: VerificationExtension = {
    name: 'io.cncf.notary.plugin.unittest.mock',
    version: '1.0.0',
    replaces: ['trustedIdentity'],
    verify: async () => {
      const passed = { status: 'passed' } as const
      return { results: { trustedIdentity: passed, revocation: passed }, processedAttributes: ['SomeKey'] }
    },
  }
  test.each(['1.0.1', '1.0.9', '1.1.0-alpha', '1.2.3'])('%s is too much for 1.0.0', async (version) => {
    const answer = await judge(`${MOCK}/ca_incompatible_pluginver_sig_env_${version}.json`, { extension })
    expect(answer).toEqual({ said: 'UNSUPPORTED_ATTRIBUTE', failed: [] })
  })
  test.each(['0.0.9', '1.0.0-alpha', '1.0.0-alpha.beta', '1.0.0'])('%s is met by 1.0.0', async (version) => {
    const answer = await judge(`${MOCK}/ca_compatible_pluginver_sig_env_${version}.json`, { extension })
    expect(answer).toEqual(good('strict'))
  })
})

describe('user metadata', () => {
  const path = `${MOCK}/sig_env_with_metadata.json`
  // The certificate is of one day in January 2023 and in no trust store: at level audit only the metadata decide.
  test.each([
    [{}, true],
    [{ 'io.wabbit-networks.buildId': '123' }, true],
    [{ 'io.wabbit-networks.buildId': '321' }, false],
    [{ 'io.wabbit-networks.buildId': '123', 'io.wabbit-networks.buildTime': '1672944615' }, true],
    [{ 'io.wabbit-networks.buildId': '123', 'io.wabbit-networks.buildTime': '1' }, false],
  ])('%j', async (metadata, isSigned) => {
    const answer = await judge(path, { level: 'audit', metadata })
    expect(answer.said).toBe(isSigned ? 'tolerated' : 'UNTRUSTED_METADATA')
  })
  test('another artifact', async () => {
    const target = { digest: `sha256:${'0'.repeat(64)}`, size: 942 } as const
    expect((await judge(path, { level: 'audit', target })).said).toBe('UNTRUSTED_TARGET')
  })
})

describe('timestamps', () => {
  const stores = ['ca:valid-trust-store', 'tsa:test-timestamp']
  // Until timestamps can be verified, what needs one is not known, which is neither yes nor no.
  test.each([
    ['jwsWithTimestamp.sig', JWS],
    ['coseWithTimestamp.sig', COSE],
  ])('%s: valid by itself, but not where the policy always wants the timestamp', async (name, mediaType) => {
    const path = `${SIGNATURES}/${name}`
    const unknown: Answer = {
      said: 'UNAVAILABLE_VERIFICATION',
      failed: ['authenticTimestamp'],
      because: 'UNAVAILABLE_TIMESTAMP',
    }
    expect(await judge(path, { mediaType, stores: ['ca:valid-trust-store'] })).toEqual(good('strict'))
    expect(await judge(path, { mediaType, stores, verifyTimestamp: 'afterCertExpiry' })).toEqual(good('strict'))
    expect(await judge(path, { mediaType, stores, verifyTimestamp: 'always' })).toEqual(unknown)
  })

  test.each([
    ['jwsExpiredWithTimestamp.sig', JWS],
    ['coseExpiredWithTimestamp.sig', COSE],
    ['timestampBeforeNotBefore.sig', JWS],
    ['timestampAfterNotAfter.sig', COSE],
  ])('%s: outside the validity of its certificate, which no store holds', async (name, mediaType) => {
    const path = `${SIGNATURES}/${name}`
    const override = { authenticity: 'log' }
    const withAuthority = await judge(path, { mediaType, stores, override })
    expect(withAuthority.said).toMatch(/^UN(TRUSTED|AVAILABLE)_/)
    const without = await judge(path, { mediaType, stores: ['ca:valid-trust-store'], override })
    expect(without.said).toBe('UNTRUSTED_SIGNATURE')
    expect(without.failed).toContain('authenticTimestamp')
  })

  test('withoutTimestamp.sig: a definite no where one is asked for', async () => {
    const path = `${SIGNATURES}/withoutTimestamp.sig`
    expect(await judge(path, { stores })).toEqual(bad('authenticTimestamp', 'UNTRUSTED_TIMESTAMP', true))
    expect(await judge(path, { stores: ['ca:valid-trust-store'] })).toEqual(good('strict'))
  })
})

test.each([
  ['jws_signature.sig', JWS],
  ['cose_signature.sig', COSE],
])('%s: intact, by a certificate that no store holds', async (name, mediaType) => {
  const answer = await judge(`internal/testdata/${name}`, { mediaType })
  expect(answer).toEqual(bad('authenticity', 'UNTRUSTED_ANCHOR', true))
})
