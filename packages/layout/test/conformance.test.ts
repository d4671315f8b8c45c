// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeCases } from '@ocisign/conformance'
import { openLayout } from '@ocisign/layout'
import { afterAll, describe, test } from 'vitest'

const made: string[] = []
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true }))))

async function create() {
  const path = await mkdtemp(join(tmpdir(), 'ocisign-layout-'))
  made.push(path)
  return openLayout(path, { create: true })
}

describe('an OCI image layout', () => {
  for (const { name, run } of storeCases({ create })) test(name, run)
})
