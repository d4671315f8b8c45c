// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto'
import { access, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loadLimbo, loadWycheproof, openNotationTestdata, WYCHEPROOF_NAMES } from '../../src/vectors/index.js'

const VECTORS = fileURLToPath(new URL('../../vectors/', import.meta.url))

test('every folder says where its data comes from, and all of it stays small', async () => {
  let total = 0
  const entries = await readdir(VECTORS, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await access(join(path, 'PROVENANCE.md'))
    else total += (await stat(path)).size
  }
  console.info(`vectors: ${entries.filter((one) => one.isFile()).length} files, ${total} bytes`)
  expect(total).toBeLessThanOrEqual(8 * 1024 * 1024)
})

test('Wycheproof: every file is listed, and holds as many cases as it says', async () => {
  const files = (await readdir(join(VECTORS, 'wycheproof'))).filter((name) => name.endsWith('.br')).sort()
  expect(files).toEqual([...WYCHEPROOF_NAMES].map((name) => `${name}_test.json.br`).sort())
  let cases = 0
  for (const name of WYCHEPROOF_NAMES) {
    const { numberOfTests, testGroups } = await loadWycheproof(name)
    const tests = testGroups.flatMap((group): readonly { result: string }[] => group.tests)
    expect(tests).toHaveLength(numberOfTests)
    expect(tests.filter(({ result }) => !['valid', 'invalid', 'acceptable'].includes(result))).toEqual([])
    cases += numberOfTests
  }
  console.info(`wycheproof: ${files.length} files, ${cases} cases`)
  expect(cases).toBe(7094)
})

test('x509-limbo: 194 cases, whose certificates are PEM', async () => {
  const cases = await loadLimbo()
  const failures = cases.filter((one) => one.expected_result === 'FAILURE').length
  console.info(`x509-limbo: 1 file, ${cases.length} cases, ${failures} expected to fail`)
  expect(cases).toHaveLength(194)
  expect(failures).toBe(145)
  expect(new Set(cases.map((one) => one.id)).size).toBe(194)
  for (const one of cases) {
    for (const pem of [one.peer_certificate, ...one.trusted_certs, ...one.untrusted_intermediates]) {
      expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----\n/)
    }
  }
})

test('notation-go and notation-core-go: 90 files, of which the certificates and envelopes read as such', async () => {
  const { directory, close } = await openNotationTestdata()
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  const envelopes = join(directory, 'notation-go/internal/mock/testdata')
  console.info(`notation testdata: ${files.length} files, ${(await readdir(envelopes)).length} envelopes in JSON`)
  expect(files).toHaveLength(90)
  expect(await readdir(envelopes)).toHaveLength(17)
  for (const name of await readdir(envelopes)) {
    const envelope: unknown = JSON.parse(await readFile(join(envelopes, name), 'utf8'))
    expect(Object.keys(envelope as object).sort()).toEqual(['header', 'payload', 'protected', 'signature'])
  }
  const root = 'notation-go/verifier/testdata/truststore/x509/ca/valid-trust-store/NotationTestRoot.pem'
  expect(new X509Certificate(await readFile(join(directory, root))).subject).toContain('CN=Notation Test Root')
  expect(await readdir(join(directory, 'notation-core-go/x509/testdata'))).toContain('multi-der.der')
  expect(await readdir(join(directory, 'notation-go/verifier/testdata/timestamp/sigEnv'))).toHaveLength(7)
  await close()
  await expect(access(directory)).rejects.toThrow()
})
