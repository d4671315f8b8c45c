// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { signingKeyCases } from '@ocisign/conformance'
import { algorithmName, notaryAlgorithms } from '@ocisign/core'
import { createWebCryptoKey, type WebCryptoKeyPair } from '@ocisign/provider-local/portable'
import { describe, expect, test } from 'vitest'

const { subtle } = crypto
const ecdsa = (bits: number, extractable = false) =>
  subtle.generateKey({ name: 'ECDSA', namedCurve: `P-${bits}` }, extractable, ['sign', 'verify'])
const rsa = (name: string, modulusLength: number, hash: string): Promise<WebCryptoKeyPair> =>
  subtle.generateKey({ name, modulusLength, hash, publicExponent: Uint8Array.of(1, 0, 1) }, false, ['sign', 'verify'])

describe.each(notaryAlgorithms.map((algorithm) => ({ algorithm, name: algorithmName(algorithm) })))(
  '$name',
  async ({ algorithm: { scheme, keyBits, hash } }) => {
    const pair = await (scheme === 'ECDSA' ? ecdsa(keyBits) : rsa('RSA-PSS', keyBits, `SHA-${hash.slice(3)}`))
    const create = () => createWebCryptoKey(pair)
    for (const { name, run } of signingKeyCases({ create, inspect })) test(name, run)
  },
)

test('a key has the id that is given, else one that is made up', async () => {
  const pair = await ecdsa(256)
  expect((await createWebCryptoKey(pair, { id: 'browser' })).id).toBe('browser')
  expect((await createWebCryptoKey(pair)).id).toBe('memory:ECDSA-256-sha256')
})

test('halves of two keys are refused', async () => {
  const [{ privateKey }, { publicKey }, p384, forSecrets] = await Promise.all([
    ecdsa(256),
    ecdsa(256),
    ecdsa(384),
    rsa('RSA-PSS', 2048, 'SHA-256'),
  ])
  for (const other of [publicKey, p384.publicKey, forSecrets.publicKey])
    await expect(createWebCryptoKey({ privateKey, publicKey: other })).rejects.toMatchObject({ code: 'INVALID_KEY' })
})

test('keys that may not be used so are refused', async () => {
  const { privateKey, publicKey } = await ecdsa(256)
  await expect(createWebCryptoKey({ privateKey: publicKey, publicKey })).rejects.toMatchObject({
    code: 'MISUSE_OPTION',
  })
  await expect(createWebCryptoKey({ privateKey, publicKey: privateKey })).rejects.toMatchObject({
    code: 'MISUSE_OPTION',
  })
})

test.each([
  ['RSA-PSS with another hash', () => rsa('RSA-PSS', 2048, 'SHA-512')],
  ['RSA-PSS of 1024 bits', () => rsa('RSA-PSS', 1024, 'SHA-256')],
  ['RSA for PKCS #1', () => rsa('RSASSA-PKCS1-v1_5', 2048, 'SHA-256')],
  ['Ed25519', () => subtle.generateKey('Ed25519', false, ['sign', 'verify']) as Promise<WebCryptoKeyPair>],
  ['ECDH', () => subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])],
])('%s is not supported', async (_, generate) => {
  await expect(createWebCryptoKey(await generate())).rejects.toMatchObject({ code: 'UNSUPPORTED_KEY' })
})
