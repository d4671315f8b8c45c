// SPDX-License-Identifier: Apache-2.0
import { storeCases } from '@ocisign/conformance'
import { createMemoryStore } from '@ocisign/core'
import { describe, test } from 'vitest'

describe('a store in memory', () => {
  for (const { name, run } of storeCases({ create: async () => createMemoryStore() })) test(name, run)
})
