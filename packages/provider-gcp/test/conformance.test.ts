// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { KeyManagementServiceClient } from '@google-cloud/kms'
import { createSpoiled, type KeyFailure, signingKeyCases } from '@ocisign/conformance'
import { createFakeCloudKms } from '@ocisign/conformance/cloud-kms'
import { createCloudKmsKey } from '@ocisign/provider-gcp'
import { afterAll, beforeEach, describe, test } from 'vitest'

const kms = await createFakeCloudKms()
const secret = 'a private key of a service account'
const credentials = { client_email: 'ci@acme.iam.gserviceaccount.com', private_key: secret }
const client = new KeyManagementServiceClient({ ...kms.clientOptions, credentials })
afterAll(() => Promise.all([client.close(), kms.close()]))
beforeEach(() => kms.recover())

const specs = ['EC_SIGN_P256_SHA256', 'EC_SIGN_P384_SHA384', 'RSA_SIGN_PSS_2048_SHA256', 'RSA_SIGN_PSS_4096_SHA512']
const retry = { wait: async () => undefined }

describe.each(specs)('%s', (algorithm) => {
  const keyId = kms.createKey(algorithm.toLowerCase(), algorithm)
  const open = (id = keyId) => createCloudKmsKey({ client, keyId: id, retry })
  const after = (spoil: () => void) => () => createSpoiled(open, spoil)
  const failing = (code: number) => after(() => kms.fail({ code }))
  const damaged = (what: 'digest' | 'signature' | 'name') => after(() => kms.damage(what))
  const createStalled = after(() => kms.fail('stall'))
  const failures: readonly KeyFailure[] = [
    { name: 'quota is exhausted', code: 'UNAVAILABLE_KEY', tries: 4, create: failing(8) },
    { name: 'the caller may not sign', code: 'DENIED_KEY', create: failing(7) },
    { name: 'nobody is logged in', code: 'DENIED_KEY', create: failing(16) },
    { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open(`${keyId}/cryptoKeyVersions/9`) },
    { name: 'a digest is damaged', code: 'UNAVAILABLE_KEY', hasNoCause: true, tries: 4, create: damaged('digest') },
    { name: 'what it answers is', code: 'UNAVAILABLE_KEY', hasNoCause: true, tries: 4, create: damaged('signature') },
    { name: 'another version signed', code: 'UNAVAILABLE_KEY', hasNoCause: true, create: damaged('name') },
  ]
  const cases = signingKeyCases({ create: () => open(), failures, createStalled, secrets: [secret], inspect })
  for (const { name, run } of cases) test(name, run)
})
