// SPDX-License-Identifier: Apache-2.0
// Plugins that verify: asked only about signatures that are good and whose chain has reached an anchor.
import {
  attributeNames,
  cose,
  createMemoryTrustStore,
  createNotarySigner,
  createNotaryVerifier,
  type ExtendedAttribute,
  jws,
  parseTrustPolicy,
  type Signature,
  type Target,
  withCertificates,
} from '@ocisign/core'
import { openPluginExtension } from '@ocisign/notation-plugin'
import { createTestChain } from '@ocisign/provider-local'
import { describe, expect, test } from 'vitest'
import { chain, code, makePlugins, pluginName } from './support/plugins.js'

const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 }
const both = ['SIGNATURE_VERIFIER.TRUSTED_IDENTITY', 'SIGNATURE_VERIFIER.REVOCATION_CHECK']
const identity = 'x509.subject: C=US, ST=WA, O=ocisign test'
const critical = (key: string | number, value: unknown): ExtendedAttribute => ({ key, value, critical: true })
const asksFor = (minimum?: string) => [
  critical(attributeNames.verificationPlugin, pluginName),
  ...(minimum === undefined ? [] : [critical(attributeNames.verificationPluginMinVersion, minimum)]),
  critical('com.example.job', 'job-1'),
]

function signWith(
  extendedAttributes: readonly ExtendedAttribute[],
  expirySeconds?: number,
  format = jws,
): Promise<Signature> {
  const key = withCertificates(chain.key, chain.chain)
  return createNotarySigner({ key, format, extendedAttributes, expirySeconds }).sign(target)
}

interface Verifying {
  readonly capabilities?: readonly string[]
  readonly lies?: string
  readonly root?: Uint8Array
  readonly level?: string
  readonly override?: Record<string, string>
}

async function judge(signature: Signature, { capabilities = both, lies = '', ...more }: Verifying = {}) {
  const plugins = await makePlugins({ capabilities })
  const extension = await openPluginExtension(plugins.options(lies))
  const { level = 'strict', override } = more
  const policy = {
    name: 'all',
    registryScopes: ['*'],
    signatureVerification: { level, ...(override && { override }) },
    trustStores: ['ca:test'],
    trustedIdentities: [identity],
  }
  const verifier = createNotaryVerifier({
    policy: parseTrustPolicy({ version: '1.0', trustPolicies: [policy] }, 'oci'),
    trustStore: await createMemoryTrustStore({ ca: { test: [more.root ?? chain.chain.at(-1)!] } }),
    formats: [jws, cose],
    extensions: [extension],
  })
  const verdict = await verifier.verify(target, signature, { scope: 'example.com/a' }).catch((error: unknown) => error)
  const asked = (await plugins.asked()).filter(({ command }) => command === 'verify-signature')
  return { verdict, asked }
}

describe('a verification plugin', () => {
  test('is told what the contract says, and verifies', async () => {
    const signature = await signWith(asksFor('1.2.3'), 60)
    const { verdict, asked } = await judge(signature)
    expect(verdict).toMatchObject({ decision: 'verified', outcomes: { revocation: { status: 'passed' } } })
    const { attributes } = jws.parse(signature.bytes)
    expect(asked.map(({ request }) => request)).toEqual([
      {
        contractVersion: '1.0',
        signature: {
          criticalAttributes: {
            contentType: 'application/vnd.cncf.notary.payload.v1+json',
            signingScheme: 'notary.x509',
            expiry: attributes.expiry!.toISOString().replace('.000Z', 'Z'),
            verificationPlugin: pluginName,
            verificationPluginMinVersion: '1.2.3',
            extendedAttributes: { 'com.example.job': 'job-1' },
          },
          unprocessedAttributes: ['com.example.job'],
          certificateChain: chain.chain.map((der) => Buffer.from(der).toString('base64')),
        },
        trustPolicy: { trustedIdentities: [identity], signatureVerification: both },
      },
    ])
  })

  test.each([0, 1])('takes over only what it says it can: %d', async (index) => {
    const { verdict, asked } = await judge(await signWith(asksFor()), {
      capabilities: [both[index]!],
      override: { revocation: 'skip' },
    })
    expect(verdict).toMatchObject({ decision: 'verified' })
    // What the policy skips it is not asked for; that it deals with critical attributes it is asked all the same.
    const checks = both[index]!.endsWith('REVOCATION_CHECK') ? [] : [both[index]]
    expect(asked[0]!.request).toMatchObject({ trustPolicy: { signatureVerification: checks } })
  })

  test('that verifies nothing is none', async () => {
    const { options } = await makePlugins()
    await expect(openPluginExtension(options())).rejects.toMatchObject(code('UNSUPPORTED_PLUGIN'))
  })

  test('says no: refused, with its reason, escaped', async () => {
    const { verdict } = await judge(await signWith(asksFor()), { lies: 'says-no' })
    expect(verdict).toMatchObject({
      code: 'UNTRUSTED_SIGNATURE',
      details: { refusals: [{ by: 'authenticity', error: code('UNTRUSTED_IDENTITY') }] },
    })
    expect(String(verdict)).toContain('because \\u001b[31mI say so')
    const capabilities = [both[1]!]
    const { verdict: revoked } = await judge(await signWith(asksFor()), { lies: 'says-no', capabilities })
    expect(revoked).toMatchObject({
      code: 'UNTRUSTED_SIGNATURE',
      details: { refusals: [{ by: 'revocation', error: code('UNTRUSTED_PLUGIN') }] },
    })
  })

  test.each([
    ['G4: leaves a critical attribute aside', 'unprocessed', 'UNSUPPORTED_ATTRIBUTE'],
    ['G4: processes something else', 'others-processed', 'UNSUPPORTED_ATTRIBUTE'],
    ['leaves a check out', 'one-result', 'UNAVAILABLE_PLUGIN'],
    ['answers for checks that nobody asked for', 'more-results', 'UNAVAILABLE_PLUGIN'],
    ['is neither for nor against', 'success-text', 'UNAVAILABLE_PLUGIN'],
    ['answers with garbage', 'garbage', 'UNAVAILABLE_PLUGIN'],
    ['is denied', 'error=ACCESS_DENIED', 'UNAVAILABLE_PLUGIN'],
    ['is throttled', 'error=THROTTLED', 'UNAVAILABLE_PLUGIN'],
    ['speaks another contract', 'error=UNSUPPORTED_CONTRACT_VERSION', 'UNSUPPORTED_PLUGIN'],
    ['crashes', 'crashes', 'UNAVAILABLE_PLUGIN'],
  ])('%s: refused at every level', async (_, lies, expected) => {
    for (const level of ['strict', 'audit']) {
      const { verdict } = await judge(await signWith(asksFor()), { lies, level })
      expect(verdict).toMatchObject(code(expected))
    }
  })

  test.each(['1.2.4', '1.10.0', '2.0.0-alpha'])(
    'G5: is older than %s, which is asked for: it is not asked',
    async (minimum) => {
      const { verdict, asked } = await judge(await signWith(asksFor(minimum)))
      expect(verdict).toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
      expect(asked).toEqual([])
    },
  )

  test.each(['1.2.3-rc.1', '1.2.3', '0.99.99'])('G5: is as good as %s', async (minimum) => {
    const { verdict } = await judge(await signWith(asksFor(minimum)))
    expect(verdict).toMatchObject({ decision: 'verified' })
  })

  test('law 3: is never asked about a chain that reaches no anchor, at any level', async () => {
    const root = (await createTestChain()).chain.at(-1)!
    for (const level of ['strict', 'permissive', 'audit']) {
      const { asked } = await judge(await signWith(asksFor()), { root, level })
      expect(asked).toEqual([])
    }
  })

  test('is never asked about a signature that is not good', async () => {
    const signature = await signWith(asksFor())
    const text = new TextDecoder().decode(signature.bytes)
    const bytes = new TextEncoder().encode(
      text.replace(/"signature":"(.)/, (_, c) => `"signature":"${c === 'A' ? 'B' : 'A'}`),
    )
    const { verdict, asked } = await judge({ ...signature, bytes })
    expect(verdict).toMatchObject(code('UNTRUSTED_SIGNATURE'))
    expect(asked).toEqual([])
  })

  test('is not asked about attributes that the contract cannot say', async () => {
    const inList = await judge(await signWith([...asksFor(), critical('com.example.list', ['a'])]))
    expect(inList.verdict).toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
    const numbered = await judge(await signWith([...asksFor(), critical(-70_001, 'a')], undefined, cose))
    expect(numbered.verdict).toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
    expect([...inList.asked, ...numbered.asked]).toEqual([])
  })
})
