// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { access, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type NotaryCorpus, openNotaryCorpus } from '../../src/corpus/index.js'

const PACKED = new URL('../../vectors/notary-corpus.tar.br', import.meta.url)
const MISMATCH = '0f06d7ac5b5474de44a7bc05d7ac1497c9fc4290478961378599ee42d14029db'

let corpus: NotaryCorpus
beforeAll(async () => {
  corpus = await openNotaryCorpus()
})
afterAll(() => corpus.close())

test('the packed file stays below 3 MiB', async () => {
  const { size } = await stat(PACKED)
  console.info(`notary corpus: ${corpus.cases.length} cases packed into ${size} bytes`)
  expect(size).toBeLessThanOrEqual(3 * 1024 * 1024)
})

test('877 cases in 29 groups, each with a name, tag and configuration of its own', () => {
  const groups: Record<string, number> = {}
  for (const { group } of corpus.cases) groups[group] = (groups[group] ?? 0) + 1
  expect(corpus.cases).toHaveLength(877)
  expect(new Set(corpus.cases.map((one) => one.name)).size).toBe(877)
  expect(groups).toEqual({
    algorithms: 36,
    scheme: 26,
    expiry: 22,
    levels: 28,
    attributes: 42,
    'user-metadata': 18,
    'trusted-identity': 49,
    'policy-document': 24,
    'trust-store': 17,
    scope: 16,
    multiple: 14,
    binding: 8,
    payload: 58,
    tamper: 30,
    primitive: 32,
    alg: 35,
    'jws-syntax': 36,
    'jws-encoding': 25,
    headers: 25,
    times: 38,
    chain: 37,
    'cose-structure': 31,
    'cose-headers': 23,
    'cose-encoding': 17,
    'cert-profile': 62,
    validity: 18,
    timestamp: 75,
    manifest: 24,
    revocation: 11,
  })
})

test('every case has the members that its type promises, and no other', () => {
  const checks = ['integrity', 'authenticity', 'authenticTimestamp', 'expiry', 'revocation']
  for (const { userMetadata, note, expected, ...one } of corpus.cases) {
    expect(Object.keys(one).sort()).toEqual(
      ['config', 'description', 'digest', 'group', 'manifest', 'mediaType', 'name', 'scope', 'tag'].sort(),
    )
    expect(Object.values(one).every((value) => typeof value === 'string')).toBe(true)
    expect(['string', 'undefined']).toContain(typeof note)
    expect(Object.values(userMetadata ?? {}).every((value) => typeof value === 'string')).toBe(true)
    expect(['artifactType', 'legacy', 'custom']).toContain(one.manifest)
    expect(typeof expected.verified).toBe('boolean')
    expect(expected.failedChecks.filter((check) => !checks.includes(check))).toEqual([])
    expect(['string', 'undefined']).toContain(typeof expected.error)
  }
})

test('blobs come back byte for byte: all but the one that is wrong on purpose match their digest', async () => {
  const directory = join(corpus.layout, 'blobs', 'sha256')
  const names = await readdir(directory)
  const wrong: string[] = []
  for (const name of names) {
    const digest = createHash('sha256')
      .update(await readFile(join(directory, name)))
      .digest('hex')
    if (digest !== name) wrong.push(name)
  }
  expect(names).toHaveLength(2667)
  expect(wrong).toEqual([MISMATCH])
})

test('every artifact is in the index under its tag, but for those that are absent on purpose', async () => {
  const index: unknown = JSON.parse(await readFile(join(corpus.layout, 'index.json'), 'utf8'))
  const { manifests } = index as { manifests: { digest: string; annotations?: Record<string, string> }[] }
  const tags = new Map(manifests.map((one) => [one.annotations?.['org.opencontainers.image.ref.name'], one.digest]))
  for (const { tag, digest } of corpus.cases) expect(tags.get(tag)).toBe(digest)
})

test('every case has its configuration directory, and odd trust stores are as they were', async () => {
  for (const { config } of corpus.cases) await access(join(corpus.configDirectory(config), 'trustpolicy.json'))
  const store = (config: string, name = 'corpus') => join(corpus.configDirectory(config), 'truststore/x509/ca', name)
  expect((await readdir(store('store-subdirectory'))).sort()).toContain('more')
  expect(await readdir(store('store-garbage-file'))).toContain('notes.txt')
  expect(await readdir(store('store-key-in-pem'))).toContain('key.pem')
  expect((await readFile(join(store('store-der'), 'root.crt')))[0]).toBe(0x30)
  expect(await readdir(store('store-name-dots', 'acme-rockets.io_1'))).toEqual(['roots.pem'])
})

test('a configuration that no case has is refused, also one that leads elsewhere', () => {
  for (const name of ['absent', '', '..', '../layout', 'strict/..']) {
    expect(() => corpus.configDirectory(name)).toThrow(expect.objectContaining({ code: 'MISUSE_OPTION' }))
  }
})

test('close removes the directory', async () => {
  const other = await openNotaryCorpus()
  expect(other.directory).not.toBe(corpus.directory)
  await other.close()
  await expect(access(other.directory)).rejects.toThrow()
  await access(corpus.directory)
})
