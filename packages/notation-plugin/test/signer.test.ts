// SPDX-License-Identifier: Apache-2.0
// Plugins that make whole envelopes: what they make is verified before anybody gets it.
import { readFile, writeFile } from 'node:fs/promises'
import {
  attributeNames,
  cose,
  createMemoryTrustStore,
  createNotaryVerifier,
  jws,
  parseTrustPolicy,
  signBlob,
  type Target,
  thumbprintAnnotation,
} from '@ocisign/core'
import { openPluginSigner, type PluginSignerOptions } from '@ocisign/notation-plugin'
import { beforeAll, describe, expect, test } from 'vitest'
import { chain, code, makePlugins, pluginName } from './support/plugins.js'

const target: Target = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'0'.repeat(64)}`,
  size: 7,
  annotations: { build: '1' },
}
const envelopes = ['SIGNATURE_GENERATOR.ENVELOPE']

let plugins: Awaited<ReturnType<typeof makePlugins>>
beforeAll(async () => {
  plugins = await makePlugins({ capabilities: envelopes })
})

const open = (lies: string, options: Partial<PluginSignerOptions> = {}) =>
  openPluginSigner({ ...plugins.options(lies), id: 'key-1', format: jws, ...options })
const sign = async (lies: string, options?: Partial<PluginSignerOptions>) => (await open(lies, options)).sign(target)

async function verifierFor(root: Uint8Array) {
  const policy = {
    name: 'all',
    registryScopes: ['*'],
    signatureVerification: { level: 'strict', override: { revocation: 'skip' } },
    trustStores: ['ca:test'],
    trustedIdentities: ['*'],
  }
  return createNotaryVerifier({
    policy: parseTrustPolicy({ version: '1.0', trustPolicies: [policy] }, 'oci'),
    trustStore: await createMemoryTrustStore({ ca: { test: [root] } }),
    formats: [jws],
  })
}

describe('a plugin that makes envelopes', () => {
  test('signs: anybody who trusts its root verifies it', async () => {
    const { options, asked } = await makePlugins({ capabilities: envelopes })
    const signer = await openPluginSigner({
      ...options(),
      id: 'key-1',
      format: jws,
      expirySeconds: 60,
      config: { a: 'b' },
    })
    const signature = await signer.sign(target)
    const verifier = await verifierFor(chain.chain.at(-1)!)
    const { claims } = await verifier.verify(target, signature, { scope: 'example.com/a' })
    expect(claims.expiry!.getTime() - claims.signingTime.getTime()).toBe(60_000)
    expect(signature.annotations).toMatchObject({
      job: '1',
      'org.opencontainers.image.created': claims.signingTime.toISOString().replace('.000Z', 'Z'),
    })
    expect(JSON.parse(signature.annotations![thumbprintAnnotation]!)).toHaveLength(chain.chain.length)
    const [, { command, request }] = (await asked()) as never as [
      unknown,
      { command: string; request: { payload: string } },
    ]
    expect(command).toBe('generate-envelope')
    expect({ ...request, payload: JSON.parse(Buffer.from(request.payload, 'base64').toString()) }).toEqual({
      contractVersion: '1.0',
      keyId: 'key-1',
      payload: { targetArtifact: target },
      payloadType: 'application/vnd.cncf.notary.payload.v1+json',
      signatureEnvelopeType: 'application/jose+json',
      expiryDurationInSeconds: 60,
      pluginConfig: { a: 'b' },
    })
  })

  test('may add annotations to the target', async () => {
    await expect(sign('more-annotations')).resolves.toBeDefined()
  })

  test('may have critical attributes that name it as the one that verifies them', async () => {
    const signature = await sign('own-critical')
    const names = jws.parse(signature.bytes).attributes.extended.map(({ key }) => key)
    expect(names).toEqual(expect.arrayContaining(['com.example.job', attributeNames.verificationPlugin]))
  })

  test('signs no blobs, unless it says so', async () => {
    const signer = await open('')
    await expect(signBlob(new Uint8Array(3), signer)).rejects.toMatchObject(code('UNSUPPORTED_PLUGIN'))
    const { options } = await makePlugins({ capabilities: ['SIGNATURE_GENERATOR.ENVELOPE_FOR_BLOB'] })
    const both = await openPluginSigner({ ...options(), id: 'key-1', format: jws })
    expect(both.digestAlgorithm).toBe('sha256')
    await expect(signBlob(new Uint8Array(3), both)).resolves.toMatchObject({ target: { size: 3 } })
  })

  test('but only single signatures is no signer', async () => {
    const { options } = await makePlugins()
    const call = openPluginSigner({ ...options(), id: 'k', format: jws })
    await expect(call).rejects.toMatchObject(code('UNSUPPORTED_PLUGIN'))
  })

  test.each([0, -5, 1.5])('is not told to expire after %d seconds', async (expirySeconds) => {
    await expect(open('', { expirySeconds })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test('is not asked to sign metadata of the Notary Project', async () => {
    const annotations = { 'io.cncf.notary.x': '1' }
    await expect((await open('')).sign({ ...target, annotations })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })
})

describe('G3: a plugin that', () => {
  test.each([
    ['signs another digest', 'other-digest', 'UNTRUSTED_TARGET'],
    ['signs another size', 'other-size', 'UNTRUSTED_TARGET'],
    ['signs another media type', 'other-media-type', 'UNTRUSTED_TARGET'],
    ['signs two digests', 'two-digests', 'INVALID_JSON'],
    ['leaves the annotations out', 'no-annotations', 'UNTRUSTED_METADATA'],
    ['changes an annotation', 'other-annotation', 'UNTRUSTED_METADATA'],
    ['adds a reserved annotation', 'reserved-annotation', 'UNTRUSTED_PLUGIN'],
    ['adds members to the target', 'more-members', 'UNTRUSTED_PLUGIN'],
    ['adds members to the payload', 'more-payload', 'UNTRUSTED_PLUGIN'],
    ['signs another kind of payload', 'other-type', 'INVALID_ENVELOPE'],
    ['answers with another kind of envelope', 'other-envelope-type', 'UNTRUSTED_PLUGIN'],
    ['answers with an envelope that is none', 'garbage-envelope', 'INVALID_ENVELOPE'],
    ['G2: has the chain of another key', 'other-chain', 'UNTRUSTED_SIGNATURE'],
    ['G2: signs something else', 'bad-signature', 'UNTRUSTED_SIGNATURE'],
    ['has a critical attribute that nobody understands', 'critical', 'UNSUPPORTED_ATTRIBUTE'],
    ['has an expiry that is over', 'past-expiry', 'INVALID_ENVELOPE'],
    ['is denied', 'error=ACCESS_DENIED', 'DENIED_KEY'],
    ['knows no such key', 'error=VALIDATION_ERROR', 'INVALID_KEY'],
    ['fails', 'error=ERROR', 'UNAVAILABLE_PLUGIN'],
  ])('%s: refused', async (_, lie, expected) => {
    await expect(sign(lie)).rejects.toMatchObject(code(expected))
  })

  test.each(['no-expiry', 'late-expiry'])('has %s where it was told one: refused', async (lie) => {
    await expect(sign(lie, { expirySeconds: 60 })).rejects.toMatchObject(code('UNTRUSTED_PLUGIN'))
  })

  test('was asked for COSE and makes JWS: refused', async () => {
    await expect(sign('', { format: cose })).rejects.toMatchObject(code('INVALID_ENVELOPE'))
  })

  test('has certificates that have ended: refused', async () => {
    const clock = () => new Date(Date.now() + 400 * 24 * 3_600_000)
    await expect(sign('', { clock })).rejects.toMatchObject(code('UNTRUSTED_SIGNATURE'))
  })

  test('names another plugin for its critical attributes: refused', async () => {
    const { options, folder } = await makePlugins({ capabilities: envelopes })
    const signer = await openPluginSigner({ ...options('own-critical'), id: 'k', format: jws })
    const setting = JSON.parse(await readFile(`${folder}/setting.json`, 'utf8'))
    await writeFile(`${folder}/setting.json`, JSON.stringify({ ...setting, name: `${pluginName}.other` }))
    await expect(signer.sign(target)).rejects.toMatchObject(code('UNSUPPORTED_ATTRIBUTE'))
  })
})
