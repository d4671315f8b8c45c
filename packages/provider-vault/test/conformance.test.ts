// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { createSpoiled, signingKeyCases } from '@ocisign/conformance'
import { createFakeVault } from '@ocisign/conformance/vault'
import { createVaultKey } from '@ocisign/provider-vault'
import { afterAll, beforeEach, describe, test } from 'vitest'

const token = 's.0123456789abcdefghij'
const vault = await createFakeVault({ token })
afterAll(() => vault.close())
beforeEach(() => vault.recover())

const types = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'rsa-3072', 'rsa-4096']
const nobody = 'http://127.0.0.1:1'
const retry = { wait: async () => undefined }

describe.each(types)('%s', (key) => {
  vault.createKey(key, key)
  const open = (options = {}) => createVaultKey({ address: vault.origin, token, key, retry, ...options })
  const failing = (status: number, errors: readonly string[] = []) =>
    createSpoiled(open, () => vault.fail({ status, body: { errors } }))
  const failures = [
    { name: 'the server is throttled', code: 'UNAVAILABLE_KEY', tries: 4, create: () => failing(429) },
    { name: 'the server is sealed', code: 'UNAVAILABLE_KEY', tries: 4, create: () => failing(503, ['sealed']) },
    { name: 'the token may not sign', code: 'DENIED_KEY', create: () => failing(403, ['permission denied']) },
    { name: 'the token is wrong', code: 'DENIED_KEY', create: () => open({ token: 'another' }) },
    { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open({ key: 'missing' }) },
    { name: 'nobody listens', code: 'UNAVAILABLE_KEY', tries: 4, create: () => open({ address: nobody }) },
  ]
  const createStalled = () => createSpoiled(open, () => vault.fail({ kind: 'stall' }))
  for (const { name, run } of signingKeyCases({ create: open, failures, createStalled, secrets: [token], inspect }))
    test(name, run)
})
