// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto'
import { inspect } from 'node:util'
import { signingKeyCases } from '@ocisign/conformance'
import { algorithmName, notaryAlgorithms } from '@ocisign/core'
import { createTestChain, parsePrivateKey } from '@ocisign/provider-local'
import { describe, test } from 'vitest'

describe.each(notaryAlgorithms.map((algorithm) => ({ algorithm, name: algorithmName(algorithm) })))(
  '$name',
  async ({ algorithm }) => {
    const { keyPem } = await createTestChain({ algorithm, length: 1 })
    const { d = '' } = createPrivateKey(keyPem).export({ format: 'jwk' })
    const failures = [
      {
        name: 'the key is no key',
        code: 'INVALID_KEY',
        hasNoCause: true,
        create: () => parsePrivateKey(keyPem.replace('M', 'N')),
      },
    ]
    const create = () => parsePrivateKey(keyPem)
    for (const { name, run } of signingKeyCases({ create, failures, secrets: [keyPem, d], inspect })) test(name, run)
  },
)
