// SPDX-License-Identifier: Apache-2.0
// What an envelope says, for people: shown in full, and never taken for verified.
import { cose, describeUnverifiedEnvelope, encodeText, jws, type Target, type UnverifiedEnvelope } from '@ocisign/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { createScene, formats } from './scene.js'

const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7, annotations: { build: '7' } }
const now = new Date(Math.floor(Date.now() / 1000) * 1000)
let scene: Awaited<ReturnType<typeof createScene>>
let envelope: UnverifiedEnvelope
beforeAll(async () => {
  scene = await createScene()
  envelope = jws.parse((await scene.signerOf({ expirySeconds: 60, clock: () => now }).sign(target)).bytes)
})

test.each(formats)('%s', async (_, format) => {
  const signature = await scene.signerOf({ format, expirySeconds: 60, clock: () => now }).sign(target)
  const described = describeUnverifiedEnvelope(format.parse(signature.bytes))
  expect(JSON.parse(JSON.stringify(described))).toMatchObject({
    mediaType: format.mediaType,
    algorithm: 'ECDSA with sha256',
    signedAttributes: {
      signingScheme: 'notary.x509',
      signingTime: now.toISOString(),
      expiry: new Date(now.getTime() + 60_000).toISOString(),
    },
    unsignedAttributes: { signingAgent: 'ocisign' },
    target,
    certificates: [{ subject: 'CN=leaf,O=Test,ST=WA,C=US' }, {}, {}],
  })
  expect(described.certificates[0]).toHaveProperty('serialNumber', expect.stringMatching(/^[0-9a-f]+$/))
  expect(described.certificates[0]).toHaveProperty('notAfter', expect.stringMatching(/Z$/))
})

describe('what is odd is shown as it is', () => {
  test('a timestamp and the time of a signing authority', () => {
    const described = describeUnverifiedEnvelope({
      ...envelope,
      attributes: { signingScheme: 'notary.x509.signingAuthority', authenticSigningTime: now, extended: [] },
      unsigned: { timestamp: new Uint8Array(9) },
    })
    expect(described.signedAttributes).toEqual({
      signingScheme: 'notary.x509.signingAuthority',
      authenticSigningTime: now.toISOString(),
    })
    expect(described.unsignedAttributes).toEqual({ timestamp: '9 bytes' })
  })

  test('certificates and payloads that cannot be read, with the reason', () => {
    const { certificates, target } = describeUnverifiedEnvelope({
      ...envelope,
      chain: [new Uint8Array(3)],
      payload: encodeText('[]'),
    })
    expect(certificates).toEqual([{ unreadable: expect.stringMatching(/INVALID_/) }])
    expect(target).toMatch(/INVALID_PAYLOAD/)
  })

  test('every kind of value that CBOR has, as JSON', async () => {
    const extendedAttributes = [
      { key: 'big', value: 2n ** 60n, critical: false },
      { key: 'bytes', value: [new Uint8Array(3)], critical: false },
      {
        key: 'map',
        value: new Map<number | string, unknown>([
          [1, 'one'],
          ['two', { deep: [true, null] }],
        ]),
        critical: false,
      },
      { key: 'time', value: { cborTag: 1, value: 7 }, critical: false },
      { key: 70_000, value: 'a label that is a number', critical: false },
    ]
    const { bytes } = await scene.signerOf({ format: cose, extendedAttributes }).sign(target)
    const { signedAttributes } = describeUnverifiedEnvelope(cose.parse(bytes))
    expect(JSON.parse(JSON.stringify(signedAttributes))).toMatchObject({
      big: String(2n ** 60n),
      bytes: ['3 bytes'],
      map: { 1: 'one', two: { deep: [true, null] } },
      time: { cborTag: 1, value: 7 },
      70000: 'a label that is a number',
    })
  })

  test('J1: an attribute cannot take the place of one that is specified, nor of a prototype', () => {
    const extended = ['signingScheme', 'expiry', '__proto__', 'toString'].map((key) => ({
      key,
      value: { polluted: true },
      critical: false,
    }))
    const described = describeUnverifiedEnvelope({ ...envelope, attributes: { ...envelope.attributes, extended } })
    expect(described.signedAttributes).toMatchObject({ signingScheme: 'notary.x509' })
    expect(described.signedAttributes.expiry).toBe(new Date(now.getTime() + 60_000).toISOString())
    expect(Object.hasOwn(described.signedAttributes, '__proto__')).toBe(true)
    expect(Object.getPrototypeOf(described.signedAttributes)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('polluted')
  })
})
