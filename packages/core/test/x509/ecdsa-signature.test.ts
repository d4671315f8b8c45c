// SPDX-License-Identifier: Apache-2.0
import { loadWycheproof } from '@ocisign/conformance/vectors'
import { expect, test } from 'vitest'
import { importPublicKey, verifySignature } from '#crypto'
import type { PublicKey } from '../../src/crypto/platform.js'
import { isOcisignError } from '../../src/errors.js'
import { parseEcdsaSignature } from '../../src/x509/ecdsa-signature.js'
import { parsePublicKey } from '../../src/x509/public-key.js'
import { codeOf } from './code.js'
import { bytes, integer, sequence } from './make.js'

const fromHex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

test('r and s become as wide as the curve', () => {
  expect(parseEcdsaSignature(sequence(integer(1), integer(0x80)), 256)).toEqual(
    Uint8Array.from([...new Array(31).fill(0), 1, ...new Array(31).fill(0), 0x80]),
  )
  expect(parseEcdsaSignature(sequence(integer(2n ** 521n - 1n), integer(1)), 521).length).toBe(132)
})

test.each<[string, Uint8Array]>([
  ['zero', sequence(integer(0), integer(1))],
  ['negative', sequence(integer(1), integer(-1))],
  ['too wide', sequence(integer(2n ** 256n), integer(1))],
  ['one number', sequence(integer(1))],
  ['three numbers', sequence(integer(1), integer(1), integer(1))],
  ['bytes after it', Uint8Array.from([...sequence(integer(1), integer(1)), 0])],
  ['r and s side by side', new Uint8Array(64).fill(1)],
  ['nothing', bytes()],
])('%s is refused', (_, der) => expect(codeOf(() => parseEcdsaSignature(der, 256))).toBe('INVALID_DER'))

const files = ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'] as const

test.each(files)('Wycheproof, DER: %s', async (name) => {
  const { testGroups } = await loadWycheproof(name)
  const counts = { valid: 0, invalid: 0 }
  for (const group of testGroups) {
    const key = await importPublicKey(parsePublicKey(fromHex(group.publicKeyDer)) as PublicKey)
    const hash = group.sha.replace('SHA-', 'sha') as 'sha256'
    for (const { msg, sig, result, tcId } of group.tests) {
      const accepted = await verify(() =>
        verifySignature(
          key,
          { scheme: 'ECDSA', hash },
          fromHex(msg),
          parseEcdsaSignature(fromHex(sig), key.publicKey.bits),
        ),
      )
      expect(accepted, `${name} ${tcId}`).toBe(result === 'valid')
      counts[accepted ? 'valid' : 'invalid']++
    }
  }
  console.log(`Wycheproof ${name}: ${counts.valid} valid, ${counts.invalid} invalid`)
  expect(counts.valid).toBeGreaterThan(100)
  expect(counts.invalid).toBeGreaterThan(100)
})

async function verify(run: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await run()
  } catch (error) {
    if (isOcisignError(error, 'INVALID_DER')) return false
    throw error
  }
}
