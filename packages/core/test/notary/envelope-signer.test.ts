// SPDX-License-Identifier: Apache-2.0
import { createFakeAuthority, createFakeLeaf } from '@ocisign/conformance/fake'
import {
  cose,
  createEnvelopeSigner,
  type EnvelopeContent,
  encodePayload,
  encodeText,
  isOcisignError,
  jws,
  payloadMediaType,
  type Target,
  thumbprintAnnotation,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'

const now = new Date('2026-06-01T12:00:00Z')
const clock = () => now
const authority = await createFakeAuthority({ clock })
const leaf = await authority.issue({ clock })
const expired = await authority.issue({ clock: () => new Date('2020-01-01T00:00:00Z') })
const unfit = await createFakeLeaf({ clock, keyUsage: ['contentCommitment'] })
const target = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 7,
  annotations: { buildId: '1' },
} as const

interface Changes {
  readonly target?: Target
  readonly payload?: Uint8Array
  readonly attributes?: Partial<EnvelopeContent['attributes']>
  readonly format?: typeof jws
  readonly spoil?: (bytes: Uint8Array) => Uint8Array
  readonly key?: typeof leaf
}

/** What a service does that changes what it was asked for. */
async function generate(payload: Uint8Array, changes: Changes) {
  const { key } = changes.key ?? leaf
  const content: EnvelopeContent = {
    payload: changes.payload ?? (changes.target ? encodePayload(changes.target) : payload),
    payloadType: payloadMediaType,
    attributes: { signingScheme: 'notary.x509', signingTime: now, extended: [], ...changes.attributes },
  }
  const prepared = (changes.format ?? jws).prepare(content, key.algorithm)
  const bytes = prepared.seal(await key.sign(prepared.toBeSigned), { signingAgent: 'service' })
  return changes.spoil ? changes.spoil(bytes) : bytes
}

const signerOf = (changes: Changes = {}, annotations?: Readonly<Record<string, string>>) =>
  createEnvelopeSigner({
    id: 'service',
    format: jws,
    digestAlgorithm: 'sha256',
    generate: async (payload) => ({ bytes: await generate(payload, changes), annotations }),
    clock,
  })

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'signed',
    (error: unknown) => (isOcisignError(error) ? error.code : Promise.reject(error)),
  )

describe('createEnvelopeSigner', () => {
  test('takes what was asked for, with the annotations of its manifest', async () => {
    const signature = await signerOf({}, { job: '7', [thumbprintAnnotation]: 'mine' }).sign(target)
    expect(signature.mediaType).toBe(jws.mediaType)
    expect(signature.annotations).toMatchObject({
      job: '7',
      'org.opencontainers.image.created': '2026-06-01T12:00:00Z',
    })
    expect(JSON.parse(signature.annotations?.[thumbprintAnnotation] ?? '')).toHaveLength(leaf.chain.length)
  })

  test('takes critical attributes, for whoever verifies to understand', async () => {
    const extended = [{ key: 'com.example', value: '1', critical: true }]
    expect(await codeOf(signerOf({ attributes: { extended } }).sign(target))).toBe('signed')
  })

  test('takes user metadata that was added, as the reference does', async () => {
    const changed = { ...target, annotations: { ...target.annotations, more: '2' } }
    expect(await codeOf(signerOf({ target: changed }).sign(target))).toBe('signed')
  })

  const text = JSON.parse(new TextDecoder().decode(encodePayload(target)))
  const payloadOf = (value: unknown) => ({ payload: encodeText(JSON.stringify(value)) })
  const flip = (bytes: Uint8Array) => {
    const document = JSON.parse(new TextDecoder().decode(bytes))
    document.signature = `${document.signature.startsWith('A') ? 'B' : 'A'}${document.signature.slice(1)}`
    return encodeText(JSON.stringify(document))
  }
  test.each<[string, Changes, string]>([
    ['another artifact', { target: { ...target, digest: `sha256:${'b'.repeat(64)}` } }, 'UNTRUSTED_TARGET'],
    ['another size', { target: { ...target, size: 8 } }, 'UNTRUSTED_TARGET'],
    ['another media type', { target: { ...target, mediaType: 'text/plain' } }, 'UNTRUSTED_TARGET'],
    ['user metadata left out', { target: { ...target, annotations: {} } }, 'UNTRUSTED_METADATA'],
    ['user metadata changed', { target: { ...target, annotations: { buildId: '2' } } }, 'UNTRUSTED_METADATA'],
    ['a member added to the payload', payloadOf({ ...text, more: 1 }), 'INVALID_PAYLOAD'],
    [
      'a member added to the target',
      payloadOf({ targetArtifact: { ...text.targetArtifact, x: 1 } }),
      'INVALID_PAYLOAD',
    ],
    ['another format', { format: cose as unknown as typeof jws }, 'INVALID_ENVELOPE'],
    ['a signature that does not fit', { spoil: flip }, 'UNTRUSTED_INTEGRITY'],
    ['half an envelope', { spoil: (bytes) => bytes.subarray(0, 100) }, 'INVALID_ENVELOPE'],
    [
      'an envelope that expired',
      { attributes: { signingTime: new Date('2026-06-01T11:58:00Z'), expiry: new Date('2026-06-01T11:59:00Z') } },
      'UNTRUSTED_EXPIRED',
    ],
    ['a time in the future', { attributes: { signingTime: new Date('2026-06-01T13:00:00Z') } }, 'INVALID_ENVELOPE'],
    ['a certificate that expired', { key: expired }, 'UNTRUSTED_VALIDITY'],
    ['an unfit certificate', { key: unfit }, 'INVALID_CERTIFICATE_CHAIN'],
  ])('refuses %s', async (_, changes, code) => {
    expect(await codeOf(signerOf(changes).sign(target))).toBe(code)
  })

  test('refuses user metadata that is reserved, before anybody is asked', async () => {
    let asked = false
    const signer = createEnvelopeSigner({
      id: 'service',
      format: jws,
      digestAlgorithm: 'sha256',
      generate: async () => {
        asked = true
        return { bytes: new Uint8Array() }
      },
    })
    await codeOf(signer.sign({ ...target, annotations: { 'io.cncf.notary.x': '1' } }))
    expect(asked).toBe(false)
    expect(await codeOf(signer.sign(target))).toBe('INVALID_ENVELOPE')
  })
})
