// SPDX-License-Identifier: Apache-2.0
// Requests for certificates, read by somebody else's reader.
import 'reflect-metadata'
import {
  type Algorithm,
  codeSigningProfile,
  describeKey,
  encodeCertificateRequest,
  encodeHex,
  notaryAlgorithms,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import * as peculiar from '@peculiar/x509'
import { expect, test } from 'vitest'
import { code } from '../families.js'

const subject = 'C=US,ST=WA,O=Acme\\, Inc,CN=build'
const read = (bytes: Uint8Array) => new peculiar.Pkcs10CertificateRequest(bytes as Uint8Array<ArrayBuffer>)

test.each(notaryAlgorithms.map((each): [string, Algorithm] => [`${each.scheme}-${each.keyBits}`, each]))(
  '%s: another reader verifies it with the key that is in it',
  async (_, algorithm) => {
    const { key } = await createTestChain({ algorithm, length: 1 })
    const { publicKey } = await describeKey(key)
    const request = read(await encodeCertificateRequest({ subject, publicKey, ...codeSigningProfile() }, key))
    expect(await request.verify()).toBe(true)
    expect(new Uint8Array(request.publicKey.rawData)).toEqual(publicKey)
    expect(request.subject).toBe('C=US, ST=WA, O=Acme\\, Inc, CN=build')
    const wanted = request.extensions.map(({ type, critical, value }) => [
      type,
      critical,
      encodeHex(new Uint8Array(value)),
    ])
    expect(wanted).toEqual([
      ['2.5.29.19', true, '3000'],
      ['2.5.29.15', true, '03020780'],
      ['2.5.29.37', false, '300a06082b06010505070303'],
    ])
  },
)

test('one that asks for no extension has an empty list of attributes', async () => {
  const { key } = await createTestChain({ length: 1 })
  const { publicKey } = await describeKey(key)
  const request = read(await encodeCertificateRequest({ subject, publicKey }, key))
  expect(await request.verify()).toBe(true)
  expect(request.attributes).toEqual([])
})

test('what is no name, and what is no public key, is refused', async () => {
  const { key } = await createTestChain({ length: 1 })
  const { publicKey } = await describeKey(key)
  const make = (more: object) => encodeCertificateRequest({ subject, publicKey, ...more }, key)
  await expect(make({ subject: 'build' })).rejects.toMatchObject(code('INVALID_DISTINGUISHED_NAME'))
  await expect(make({ publicKey: publicKey.subarray(1) })).rejects.toMatchObject(code('MISUSE_OPTION'))
})
