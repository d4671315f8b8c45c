// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto'
import { encodePem, isOcisignError } from '@ocisign/core'
import { parsePrivateKey } from '@ocisign/provider-local'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzParameters } from '../../core/test/fuzz.js'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const passphrase = 'abc'
const seeds = [
  ['PRIVATE KEY', ec.export({ type: 'pkcs8', format: 'der' })],
  ['EC PRIVATE KEY', ec.export({ type: 'sec1', format: 'der' })],
  ['PRIVATE KEY', rsa.export({ type: 'pkcs8', format: 'der' })],
  ['RSA PRIVATE KEY', rsa.export({ type: 'pkcs1', format: 'der' })],
  ['ENCRYPTED PRIVATE KEY', ec.export({ type: 'pkcs8', format: 'der', cipher: 'aes-128-cbc', passphrase })],
] as const

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  byte: fc.integer({ min: 0, max: 255 }),
})
const damaged = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(edit, { maxLength: 4 }),
    fc.double({ min: 0.2, max: 2, noNaN: true }),
    fc.boolean(),
  )
  .map(([[label, der], edits, length, asPem]) => {
    const bytes = new Uint8Array(der).slice(0, Math.floor(der.length * length))
    for (const { at, byte } of edits) bytes[Math.floor(at * Math.min(bytes.length, 64))] = byte
    return asPem ? encodePem(label, bytes) : bytes
  })
const anything = fc.oneof(damaged, fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 200 }))

test('whatever is read as a private key is a key, or a clear no', async () => {
  let keys = 0
  const property = fc.asyncProperty(anything, async (input) => {
    try {
      const key = await parsePrivateKey(input, { passphrase })
      expect(key.contract).toBe('signing-key/1')
      keys++
    } catch (error) {
      if (!isOcisignError(error)) throw error
      expect(error.code).toMatch(/^(INVALID|UNSUPPORTED|DENIED)_KEY$/)
    }
  })
  await fc.assert(property, fuzzParameters('parsePrivateKey'))
  expect(keys).toBeGreaterThan(0)
})
