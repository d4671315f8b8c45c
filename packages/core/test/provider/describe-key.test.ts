// SPDX-License-Identifier: Apache-2.0
import { describeKey, notaryAlgorithms, type SigningKey, withCertificates } from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { beforeAll, expect, test } from 'vitest'
import { code } from '../families.js'

let scene: Awaited<ReturnType<typeof createTestChain>>
beforeAll(async () => {
  scene = await createTestChain({ length: 2 })
})

test.each(notaryAlgorithms)('a key shows its public half: $scheme $keyBits', async (algorithm) => {
  const { key } = await createTestChain({ algorithm, length: 1 })
  const { material } = await key.sign(new Uint8Array())
  expect(await describeKey(key)).toEqual({ publicKey: (material as { spki: Uint8Array }).spki })
})

test('and its certificates', async () => {
  const { key, chain } = scene
  const { publicKey } = await describeKey(key)
  expect(await describeKey(withCertificates(key, chain))).toEqual({ publicKey, chain })
})

test('certificates of another key, another algorithm, and nothing at all are not believed', async () => {
  const { key } = scene
  const other = await createTestChain({ length: 1 })
  const larger = await createTestChain({ algorithm: notaryAlgorithms[1]!, length: 1 })
  const answering = (material: unknown): SigningKey =>
    ({ ...key, sign: async (message: Uint8Array) => ({ ...(await key.sign(message)), material }) }) as SigningKey
  for (const wrong of [
    withCertificates(key, other.chain),
    withCertificates(key, larger.chain),
    answering({ kind: 'x509', chain: [] }),
  ])
    await expect(describeKey(wrong)).rejects.toMatchObject(code('UNTRUSTED_INTEGRITY'))
})

test('it hears the signal', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(describeKey(scene.key, { signal })).rejects.toThrow('enough')
})
