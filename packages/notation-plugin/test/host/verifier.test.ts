// SPDX-License-Identifier: Apache-2.0
// Plugins of our own making that verify: what Notation tells becomes what an extension is asked, and back.
import { OcisignError, type Outcome, type ReplaceableCheck } from '@ocisign/core'
import { createHostVerifier, createNotationPlugin, type HostExtensionRequest } from '@ocisign/notation-plugin/host'
import { describe, expect, test } from 'vitest'
import { chain, code } from '../support/plugins.js'

const metadata = { name: 'com.example.own', version: '1.0.0', description: 'd', url: 'https://example.com' }
const [identity, revocation] = ['SIGNATURE_VERIFIER.TRUSTED_IDENTITY', 'SIGNATURE_VERIFIER.REVOCATION_CHECK'] as const
const passed: Outcome = { status: 'passed' }
const problem = new OcisignError('UNTRUSTED_IDENTITY', 'is nobody', { subject: 's', trusted: [] })

interface Behaviour {
  readonly replaces?: readonly ReplaceableCheck[]
  readonly results?: Partial<Record<ReplaceableCheck, Outcome>>
  readonly processed?: readonly (string | number)[]
}

function pluginOf({ replaces = ['trustedIdentity', 'revocation'], results, processed }: Behaviour = {}) {
  const heard: HostExtensionRequest[] = []
  const verifier = createHostVerifier({
    replaces,
    verify: async (request) => {
      heard.push(request)
      return {
        results: results ?? { trustedIdentity: passed, revocation: passed },
        processedAttributes: processed ?? ['com.example.job'],
      }
    },
  })
  const plugin = createNotationPlugin({ ...metadata, verifier })
  const ask = async (request: unknown) => {
    const input = new TextEncoder().encode(JSON.stringify(request))
    const { exitCode, output, errors } = await plugin.answer('verify-signature', input)
    return JSON.parse(new TextDecoder().decode(exitCode === 0 ? output : errors))
  }
  return { plugin, heard, ask }
}

const critical = {
  contentType: 'application/vnd.cncf.notary.payload.v1+json',
  signingScheme: 'notary.x509.signingAuthority',
  expiry: '0001-01-01T00:00:00Z',
  authenticSigningTime: '2026-01-02T03:04:05+01:00',
  extendedAttributes: { 'com.example.job': 'job-1' },
}
const signature = {
  criticalAttributes: critical,
  unprocessedAttributes: ['com.example.job'],
  certificateChain: chain.chain.map((der) => Buffer.from(der).toString('base64')),
}
const trustPolicy = { trustedIdentities: ['arn:1'], signatureVerification: [identity, revocation] }
const request = { contractVersion: '1.0', signature, trustPolicy }
const withCritical = (changes: object) => ({
  ...request,
  signature: { ...signature, criticalAttributes: { ...critical, ...changes } },
})

describe('a plugin that verifies with an extension', () => {
  test('says which checks it takes over', () => {
    expect(pluginOf().plugin.metadata.capabilities).toEqual([identity, revocation])
    expect(pluginOf({ replaces: ['revocation'] }).plugin.metadata.capabilities).toEqual([revocation])
  })

  test('tells the extension what Notation tells', async () => {
    const { ask, heard } = pluginOf()
    expect(await ask(request)).toEqual({
      verificationResults: {
        [identity]: { success: true, reason: 'passed' },
        [revocation]: { success: true, reason: 'passed' },
      },
      processedAttributes: ['com.example.job'],
    })
    expect(heard).toEqual([
      {
        envelope: {
          payloadType: critical.contentType,
          attributes: {
            signingScheme: critical.signingScheme,
            authenticSigningTime: new Date('2026-01-02T02:04:05Z'),
            expiry: undefined,
            extended: [{ key: 'com.example.job', value: 'job-1', critical: true }],
          },
          chain: chain.chain.map((der) => new Uint8Array(der)),
        },
        trustedIdentities: ['arn:1'],
        checks: ['trustedIdentity', 'revocation'],
      },
    ])
  })

  test.each<[string, Outcome]>([
    ['failed', { status: 'failed', error: problem }],
    ['could not find out', { status: 'inconclusive', error: problem }],
    ['did not look', { status: 'skipped' }],
    ['has nothing to look at', { status: 'not-applicable' }],
  ])('says no where the extension %s', async (_, trustedIdentity) => {
    const { verificationResults } = await pluginOf({ results: { trustedIdentity, revocation: passed } }).ask(request)
    expect(verificationResults).toMatchObject({ [identity]: { success: false }, [revocation]: { success: true } })
  })

  test('answers for what it was asked, and for attributes that it was told', async () => {
    const { ask, heard } = pluginOf({ processed: ['com.example.other', 1] })
    const only = { ...request, trustPolicy: { trustedIdentities: null, signatureVerification: [revocation] } }
    expect(await ask(only)).toEqual({
      verificationResults: { [revocation]: { success: true, reason: 'passed' } },
      processedAttributes: [],
    })
    expect(heard[0]).toMatchObject({ checks: ['revocation'], trustedIdentities: [] })
  })

  test('fails where the extension does not answer for all', async () => {
    expect(await pluginOf({ results: { revocation: passed } }).ask(request)).toMatchObject({ errorCode: 'ERROR' })
  })

  test.each([
    ['no signature', { ...request, signature: undefined }],
    ['no policy', { ...request, trustPolicy: [] }],
    ['a check that is none of its own', { ...request, trustPolicy: { signatureVerification: ['OTHER'] } }],
    ['a chain that is none', { ...request, signature: { ...signature, certificateChain: [] } }],
    ['a certificate that is no base64', { ...request, signature: { ...signature, certificateChain: ['*'] } }],
    ['too many certificates', { ...request, signature: { ...signature, certificateChain: Array(11).fill('AA==') } }],
    ['attributes that are no list', { ...request, signature: { ...signature, unprocessedAttributes: 'job' } }],
    ['another signing scheme', withCritical({ signingScheme: 'notary.x509.other' })],
    ['a time that is none', withCritical({ authenticSigningTime: '2026-13-02T03:04:05Z' })],
    ['a time in another form', withCritical({ authenticSigningTime: 'Jan 2, 2026' })],
    ['attributes that are no object', withCritical({ extendedAttributes: [] })],
  ])('refuses a request with %s', async (_, document) => {
    const { ask, heard } = pluginOf()
    expect(await ask(document)).toMatchObject({ errorCode: 'VALIDATION_ERROR' })
    expect(heard).toEqual([])
  })

  test('is none without a check to take over', () => {
    expect(() => pluginOf({ replaces: [] })).toThrow(expect.objectContaining(code('MISUSE_OPTION')))
  })
})
