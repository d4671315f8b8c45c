// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys'
import { createSpoiled, signingKeyCases } from '@ocisign/conformance'
import { createFakeKeyVault } from '@ocisign/conformance/key-vault'
import { createKeyVaultKey } from '@ocisign/provider-azure'
import { afterAll, beforeEach, describe, test } from 'vitest'

const token = 'eyJ0eXAiOiJKV1QifQ.secret'
const vault = await createFakeKeyVault({ token })
const { clientOptions, credential } = vault
const keyClient = new KeyClient(vault.origin, credential, clientOptions)
const cryptographyClient = (keyId: string) => new CryptographyClient(keyId, credential, clientOptions)
afterAll(() => vault.close())
beforeEach(() => vault.recover())

const kinds = ['EC P-256', 'EC-HSM P-384', 'EC P-521', 'RSA 2048', 'RSA-HSM 3072', 'RSA 4096']
const retry = { wait: async () => undefined }

describe.each(kinds)('%s', (kind) => {
  const [type = '', parameter = ''] = kind.split(' ')
  const name = `${type}-${parameter}`
  const version = vault.createKey(name, type, parameter)
  const open = () => createKeyVaultKey({ keyClient, cryptographyClient, name, version, retry })
  const missing = () => createKeyVaultKey({ keyClient, cryptographyClient, name: 'missing', retry })
  const failing = (status: number) => () =>
    createSpoiled(open, () => vault.fail({ status, body: { error: { code: 'On', message: '' } } }))
  const failures = [
    { name: 'the vault is throttled', code: 'UNAVAILABLE_KEY', tries: 4, create: failing(429) },
    { name: 'the vault fails', code: 'UNAVAILABLE_KEY', tries: 4, create: failing(503) },
    { name: 'the caller may not sign', code: 'DENIED_KEY', create: failing(403) },
    { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: missing },
  ]
  const createStalled = () => createSpoiled(open, () => vault.fail({ kind: 'stall' }))
  for (const { name, run } of signingKeyCases({ create: open, failures, createStalled, secrets: [token], inspect }))
    test(name, run)
})
