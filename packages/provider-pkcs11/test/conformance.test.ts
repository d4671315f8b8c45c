// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { createSpoiled, signingKeyCases } from '@ocisign/conformance'
import { createPkcs11Key, openToken } from '@ocisign/provider-pkcs11'
import { afterEach, describe, test } from 'vitest'
import { createFakeModule, type FakeModule } from './fake-module.js'

const pin = 'correct-horse'
const retry = { wait: async () => undefined }

describe.each(['P-256', 'P-384', 'P-521', '2048', '3072', '4096'])('%s', (kind) => {
  const openOf = (fake: FakeModule) => {
    fake.addKey(kind, kind)
    return async (label = kind) => {
      const token = await openToken({ module: fake.module, label: 'signer', pin: async () => pin, sessions: 2 })
      return createPkcs11Key({ token, label, retry })
    }
  }
  const fake = createFakeModule({ pin })
  const open = openOf(fake)
  const shared = open()
  afterEach(() => fake.recover())
  const failing = (code: number) => () => createSpoiled(open, () => fake.fail(code))
  const failures = [
    { name: 'the device fails', code: 'UNAVAILABLE_KEY', tries: 4, create: failing(0x30) },
    { name: 'nobody is logged in any more', code: 'DENIED_KEY', create: failing(0x101) },
    { name: 'the key may not sign', code: 'UNSUPPORTED_KEY', create: failing(0x68) },
    { name: 'there is no such key', code: 'UNAVAILABLE_KEY', hasNoCause: true, create: () => open('missing') },
  ]
  // Of its own, because what stalls keeps its session for ever.
  const stalling = createFakeModule({ pin })
  const createStalled = () => createSpoiled(openOf(stalling), () => stalling.stall())
  const cases = signingKeyCases({ create: () => shared, failures, createStalled, secrets: [pin], inspect })
  for (const { name, run } of cases) test(name, run)
})
