// SPDX-License-Identifier: Apache-2.0
// The algorithm comes from the certificate's key; what the envelope says of it has to agree.
import { jws, type UnverifiedEnvelope } from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { beforeAll, describe, expect, test } from 'vitest'
import { type ValidatedChain, validateChain } from '../../../src/notary/chain.js'
import { badSignature, verifyEnvelopeSignature } from '../../../src/notary/check/integrity.js'
import { code } from '../../families.js'
import { createScene, p256 } from '../scene.js'

let envelope: UnverifiedEnvelope
let chain: ValidatedChain
beforeAll(async () => {
  const { signerOf } = await createScene()
  const { bytes } = await signerOf().sign({ mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 })
  envelope = jws.parse(bytes)
  chain = await validateChain(envelope.chain)
})

const check = async (change: Partial<UnverifiedEnvelope> = {}, by = chain) =>
  verifyEnvelopeSignature({ ...envelope, ...change }, by)

test('a good signature', async () => expect(await check()).toBe(true))

describe('law 6: an envelope that says another algorithm', () => {
  test.each([
    { scheme: 'ECDSA', hash: 'sha384' },
    { scheme: 'ECDSA', hash: 'sha512' },
    { scheme: 'RSASSA-PSS', hash: 'sha256' },
    { scheme: 'RSASSA-PKCS1-v1_5', hash: 'sha256' },
  ] as const)('$scheme $hash', async (algorithm) => {
    await expect(check({ algorithm })).rejects.toMatchObject(code('UNTRUSTED_INTEGRITY'))
  })
})

describe('a signature that is not over this', () => {
  test('other content, or another key', async () => {
    expect(await check({ toBeSigned: envelope.toBeSigned.subarray(1) })).toBe(false)
    const other = await validateChain((await createTestChain({ algorithm: p256 })).chain)
    expect(await check({}, other)).toBe(false)
    expect(badSignature(other)).toMatchObject(code('UNTRUSTED_INTEGRITY'))
  })

  test('CVE-2019-14859: of another length, of zeros, or with numbers that are too large', async () => {
    const { signature } = envelope
    const [r, s] = [signature.slice(0, 32), signature.slice(32)]
    const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]))
    const [zero, most] = [new Uint8Array(32), new Uint8Array(32).fill(0xff)]
    for (const bad of [
      new Uint8Array(),
      new Uint8Array(64),
      signature.subarray(1),
      join(signature, new Uint8Array(1)),
      join(new Uint8Array(1), r, new Uint8Array(1), s),
      join(zero, s),
      join(r, zero),
      join(most, s),
      join(r, most),
      join(s, r),
    ])
      expect(await check({ signature: bad })).toBe(false)
  })

  test('of ECDSA the other of the two s is as good, so that its bytes name nobody', async () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = BigInt(`0x${Buffer.from(envelope.signature.subarray(32)).toString('hex')}`)
    const twin = envelope.signature.slice()
    twin.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 32)
    expect(await check({ signature: twin })).toBe(true)
  })
})
