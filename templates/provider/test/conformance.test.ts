// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { signingKeyCases } from '@ocisign/conformance'
import { notaryAlgorithms } from '@ocisign/core'
import { describe, test } from 'vitest'
import { createAcmeKey } from '../dist/index.js'
import { createFakeAcme } from './fake.js'

describe.each(notaryAlgorithms.map(createFakeAcme))('$name', ({ client, secret }) => {
  const retry = { wait: async () => undefined }
  const open = (failure = {}, keyId = 'release') => createAcmeKey({ client: client(failure), keyId, retry })
  const failures = [
    { name: 'calls are throttled', code: 'UNAVAILABLE_KEY', tries: 4, create: () => open({ status: 429 }) },
    { name: 'the service fails', code: 'UNAVAILABLE_KEY', tries: 4, create: () => open({ status: 503 }) },
    { name: 'the caller may not sign', code: 'DENIED_KEY', create: () => open({ status: 403 }) },
    { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open({}, 'missing') },
  ]
  const createStalled = () => open({ stall: true })
  for (const { name, run } of signingKeyCases({ create: open, failures, createStalled, secrets: [secret], inspect }))
    test(name, run)
})
