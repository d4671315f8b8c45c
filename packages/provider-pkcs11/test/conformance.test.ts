// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { signingKeyCases } from '@ocisign/conformance'
import { createPkcs11Key, openToken } from '@ocisign/provider-pkcs11'
import { afterEach, describe, test } from 'vitest'
import { createFakeModule } from './fake-module.js'

const pin = 'correct-horse'
const retry = { wait: async () => undefined }

describe.each(['P-256', 'P-384', 'P-521', '2048', '3072', '4096'])('%s', (label) => {
  const fake = createFakeModule({ pin })
  fake.addKey(label, label)
  afterEach(() => {
    fake.fail(undefined)
    fake.stall(false)
  })
  const open = async (given: { readonly pin?: string; readonly label?: string } = {}) =>
    createPkcs11Key({ token: await token(given.pin), label, retry, ...given })
  const token = (given = pin) =>
    openToken({ module: fake.module, label: 'signer', pin: async () => given, sessions: 2 })
  const failing = (code: number) => async () => {
    const key = await open()
    fake.fail(code)
    return key
  }
  const createStalled = async () => {
    // Of its own, because what stalls keeps its session for ever.
    const own = createFakeModule({ pin })
    own.addKey(label, label)
    own.stall(true)
    return createPkcs11Key({ token: await openToken({ module: own.module, label: 'signer', pin }), label })
  }
  const failures = [
    { name: 'the device fails', code: 'UNAVAILABLE_KEY', create: failing(0x30) },
    { name: 'nobody is logged in any more', code: 'DENIED_KEY', create: failing(0x101) },
    { name: 'the key may not sign', code: 'UNSUPPORTED_KEY', create: failing(0x68) },
    { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open({ label: 'missing' }) },
  ]
  for (const { name, run } of signingKeyCases({
    create: () => shared,
    failures,
    createStalled,
    secrets: [pin],
    inspect,
  }))
    test(name, run)
  const shared = open()
})
