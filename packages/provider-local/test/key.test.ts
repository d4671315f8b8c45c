// SPDX-License-Identifier: Apache-2.0
import { createSecretKey, generateKeyPairSync, verify } from 'node:crypto'
import { isOcisignError, notaryAlgorithms } from '@ocisign/core'
import { createKeyObjectKey, generateKey } from '@ocisign/provider-local'
import { expect, test } from 'vitest'
import { unavailableKey, unreadableFile } from '../src/errors.js'

test.each(notaryAlgorithms)('a key for %o is generated, another each time', async (algorithm) => {
  const key = await generateKey(algorithm, { id: 'new' })
  expect(key).toMatchObject({ contract: 'signing-key/1', id: 'new', algorithm })
  const other = await generateKey(notaryAlgorithms[0]!)
  const [{ material }, { material: otherMaterial }] = await Promise.all([
    key.sign(new Uint8Array()),
    other.sign(new Uint8Array()),
  ])
  expect(material.spki).not.toEqual(otherMaterial.spki)
})

test.each([
  { scheme: 'ECDSA', hash: 'sha256', keyBits: 384 },
  { scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 1024 },
  { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256', keyBits: 2048 },
  { scheme: 'Ed25519', hash: 'sha512', keyBits: 255 },
] as const)('a key for %o is not generated', async (algorithm) => {
  await expect(generateKey(algorithm)).rejects.toMatchObject({ code: 'UNSUPPORTED_KEY' })
})

test('a public or a secret key is refused', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const key of [publicKey, createSecretKey(new Uint8Array(32))])
    await expect(createKeyObjectKey(key)).rejects.toMatchObject({ code: 'INVALID_KEY' })
})

test('a signature is no view into a pool that others can read', async () => {
  const key = await generateKey(notaryAlgorithms[0]!)
  const { signature } = await key.sign(new Uint8Array())
  expect(Object.getPrototypeOf(signature)).toBe(Uint8Array.prototype)
  expect(signature.buffer.byteLength).toBe(signature.length)
})

test('a deterministic key signs the same twice, and only one on a curve does', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const key = await createKeyObjectKey(pair.privateKey, { id: 'same', deterministic: true })
  expect(key).toMatchObject({ id: 'same', algorithm: notaryAlgorithms[1] })
  const message = new TextEncoder().encode('again')
  const { signature, material } = await key.sign(message)
  expect((await key.sign(message)).signature).toEqual(signature)
  expect(verify('sha384', message, { key: pair.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  expect(material.spki).toEqual(new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await expect(createKeyObjectKey(privateKey, { deterministic: true })).rejects.toMatchObject({
    code: 'UNSUPPORTED_KEY',
  })
})

test('a failure of the platform says that the key could not sign, an error of ours stays', () => {
  const cause = new Error('out of entropy')
  const error = unavailableKey('key', cause)
  expect(error).toMatchObject({ code: 'UNAVAILABLE_KEY', cause })
  expect(isOcisignError(error)).toBe(true)
  expect(unavailableKey('other', error)).toBe(error)
})

test('a failure to read says whether it is worth another try', () => {
  const failed = (code: string) => unreadableFile('/key', Object.assign(new Error(code), { code })).details
  expect([failed('EIO'), failed('EMFILE')]).toEqual(Array(2).fill({ path: '/key', retryable: true }))
  expect([failed('ENOENT'), failed('E?')]).toEqual(Array(2).fill({ path: '/key', retryable: false }))
})
