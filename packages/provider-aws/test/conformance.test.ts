// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { KMS } from '@aws-sdk/client-kms'
import { createSpoiled, signingKeyCases } from '@ocisign/conformance'
import { createFakeKms } from '@ocisign/conformance/aws-kms'
import { createKmsKey } from '@ocisign/provider-aws'
import { afterAll, beforeEach, describe, test } from 'vitest'

const kms = await createFakeKms()
const client = new KMS(kms.clientOptions)
const secrets = [kms.clientOptions.credentials.secretAccessKey]
afterAll(() => kms.close())
beforeEach(() => kms.recover())

const specs = ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'RSA_2048', 'RSA_3072', 'RSA_4096']
const retry = { wait: async () => undefined }

describe.each(specs)('%s', (spec) => {
  const keyId = kms.createKey(spec)
  const open = (id = keyId) => createKmsKey({ client, keyId: id, retry })
  const after = (spoil: () => void) => () => createSpoiled(open, spoil)
  const failing = (type: string, status = 400) =>
    after(() => kms.fail({ status, body: { __type: type, message: 'on command' } }))
  const failures = [
    { name: 'calls are throttled', code: 'UNAVAILABLE_KEY', tries: 4, create: failing('ThrottlingException') },
    { name: 'KMS itself fails', code: 'UNAVAILABLE_KEY', tries: 4, create: failing('KMSInternalException', 500) },
    { name: 'the caller may not sign', code: 'DENIED_KEY', create: failing('AccessDeniedException') },
    { name: 'the key is disabled', code: 'UNAVAILABLE_KEY', create: after(() => kms.disable(keyId)) },
    { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open('alias/missing') },
  ]
  const createStalled = after(() => kms.fail({ kind: 'stall' }))
  for (const { name, run } of signingKeyCases({ create: () => open(), failures, createStalled, secrets, inspect }))
    test(name, run)
})
