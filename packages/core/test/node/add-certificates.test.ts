// SPDX-License-Identifier: Apache-2.0
// What adding leaves behind when the disk fails in the middle of it.
import { join } from 'node:path'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { expect, test, vi } from 'vitest'
import { addTrustStoreCertificates } from '../../src/node/add-certificates.js'
import { encodePem } from '../../src/x509/pem.js'
import { codeOf, listAll, withDirectory } from './temporary.js'

const writes = vi.hoisted(() => ({ before: Number.POSITIVE_INFINITY }))

vi.mock('../../src/node/write-file.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/node/write-file.js')>()
  return {
    ...original,
    writeFileAtomically: async (...given: Parameters<typeof original.writeFileAtomically>) => {
      if (writes.before-- <= 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      return original.writeFileAtomically(...given)
    },
  }
})

test.each([0, 1, 2])('a failure after %i of three files leaves nothing of them, and what was there', async (count) => {
  const pem = encodePem('CERTIFICATE', (await createFakeAuthority()).certificate)
  const names = ['a.pem', 'b.pem', 'c.pem']
  const existing = join('truststore', 'x509', 'ca', 'old', 'root.pem')
  await withDirectory(
    { ...Object.fromEntries(names.map((name) => [name, pem])), [existing]: pem },
    async (directory) => {
      const before = await listAll(directory)
      const files = names.map((name) => join(directory, name))
      for (const store of ['new', 'old']) {
        writes.before = count
        expect(await codeOf(() => addTrustStoreCertificates(directory, 'ca', store, files))).toBe('UNAVAILABLE_FILE')
        expect(await listAll(directory)).toEqual(before)
      }
    },
  )
})
