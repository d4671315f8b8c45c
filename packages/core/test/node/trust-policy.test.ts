// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, readFile, stat, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isOcisignError } from '../../src/errors.js'
import { lintConfiguration } from '../../src/node/lint-configuration.js'
import { openTrustPolicy, writeTrustPolicy } from '../../src/node/trust-policy.js'
import { blobStatement, documentOf, statement } from '../notary/policy/documents.js'
import { codeOf, listAll, withDirectory } from './temporary.js'

const named = (name: string) => JSON.stringify(documentOf(statement({ name })))
const nameIn = async (directory: string, kind: 'oci' | 'blob' = 'oci') =>
  (await openTrustPolicy(directory, kind)).policies[0]!.name

describe('which file is read', () => {
  test('trustpolicy.oci.json, else trustpolicy.json', async () => {
    const both = { 'trustpolicy.oci.json': named('new'), 'trustpolicy.json': named('old') }
    await withDirectory(both, async (directory) => {
      expect(await nameIn(directory)).toBe('new')
      await unlink(join(directory, 'trustpolicy.oci.json'))
      expect(await nameIn(directory)).toBe('old')
      expect(await codeOf(() => openTrustPolicy(directory, 'blob'))).toBe('UNAVAILABLE_NOT_FOUND')
    })
  })
  test('trustpolicy.blob.json for blobs, and nothing else', async () => {
    const files = { 'trustpolicy.blob.json': JSON.stringify(documentOf(blobStatement())) }
    await withDirectory(files, async (directory) => {
      expect(await nameIn(directory, 'blob')).toBe('ours')
      expect(await codeOf(() => openTrustPolicy(directory, 'oci'))).toBe('UNAVAILABLE_NOT_FOUND')
    })
  })
  test('a new file that cannot be used never gives way to the old one', async () => {
    await withDirectory({ 'trustpolicy.json': named('old'), 'trustpolicy.oci.json': '{' }, async (directory) => {
      const path = join(directory, 'trustpolicy.oci.json')
      expect(await codeOf(() => openTrustPolicy(directory, 'oci'))).toBe('INVALID_TRUST_POLICY')
      await unlink(path)
      await mkdir(path)
      expect(await codeOf(() => openTrustPolicy(directory, 'oci'))).toBe('INVALID_CONFIGURATION')
    })
  })
})

describe('what is refused', () => {
  test('threat model: a symbolic link, wherever it leads', async () => {
    await withDirectory({ 'real.json': named('elsewhere') }, async (directory) => {
      const link = join(directory, 'trustpolicy.json')
      for (const target of ['real.json', 'nowhere.json', '/dev/zero']) {
        await symlink(target, link)
        expect(await codeOf(() => openTrustPolicy(directory, 'oci'))).toBe('INVALID_CONFIGURATION')
        await unlink(link)
      }
    })
  })
  test('a file that is too large', async () => {
    await withDirectory({ 'trustpolicy.json': ' '.repeat(1024 * 1024 + 1) }, async (directory) => {
      expect(await codeOf(() => openTrustPolicy(directory, 'oci'))).toBe('INVALID_CONFIGURATION')
    })
  })
  test('no file, saying which were looked for', async () => {
    await withDirectory({}, async (directory) => {
      const error = await openTrustPolicy(directory, 'oci').catch((reason: unknown) => reason as Error)
      expect(isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')).toBe(true)
      for (const name of ['trustpolicy.oci.json', 'trustpolicy.json']) expect((error as Error).message).toContain(name)
      expect((error as Error).message).not.toContain('\n')
    })
  })
  test('a broken one, saying which file it is', async () => {
    await withDirectory({ 'trustpolicy.json': '{}' }, async (directory) => {
      const error = await openTrustPolicy(directory, 'oci').catch((reason: unknown) => reason as Error)
      expect((error as Error).message).toContain(join(directory, 'trustpolicy.json'))
    })
  })
})

describe('writing one', () => {
  test('where every Notation finds it, for the owner alone', async () => {
    await withDirectory({}, async (parent) => {
      const directory = join(parent, 'new', 'notation')
      const path = await writeTrustPolicy(directory, 'oci', documentOf(statement()))
      expect(path).toBe(join(directory, 'trustpolicy.json'))
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect(await nameIn(directory)).toBe('ours')
      expect(await listAll(directory)).toEqual(['trustpolicy.json'])
      expect(await writeTrustPolicy(directory, 'blob', documentOf(blobStatement()))).toBe(
        join(directory, 'trustpolicy.blob.json'),
      )
    })
  })
  test('over another only where that is said, and over the one in use', async () => {
    await withDirectory(
      { 'trustpolicy.oci.json': named('new'), 'trustpolicy.json': named('old') },
      async (directory) => {
        expect(await codeOf(() => writeTrustPolicy(directory, 'oci', documentOf(statement())))).toBe('MISUSE_OPTION')
        expect(await nameIn(directory)).toBe('new')
        const path = await writeTrustPolicy(directory, 'oci', documentOf(statement()), { replace: true })
        expect(path).toBe(join(directory, 'trustpolicy.oci.json'))
        expect(await nameIn(directory)).toBe('ours')
      },
    )
  })
  test('never one that could not be read', async () => {
    await withDirectory({}, async (directory) => {
      expect(await codeOf(() => writeTrustPolicy(directory, 'oci', documentOf()))).toBe('INVALID_TRUST_POLICY')
      expect(await listAll(directory)).toEqual([])
    })
  })
  test('from text, which stays as it is', async () => {
    await withDirectory({}, async (directory) => {
      const path = await writeTrustPolicy(directory, 'oci', named('text'))
      expect(await readFile(path, 'utf8')).toBe(named('text'))
    })
  })
})

describe('lintConfiguration', () => {
  test('warns of a file that others may write, and of one that is not read', async () => {
    const files = { 'trustpolicy.oci.json': named('ours'), 'trustpolicy.json': '{' }
    await withDirectory(files, async (directory) => {
      await chmod(join(directory, 'trustpolicy.oci.json'), 0o666)
      const [linted] = await lintConfiguration(directory, ['oci'])
      expect(linted!.path).toBe(join(directory, 'trustpolicy.oci.json'))
      expect(linted!.problems.map(({ severity, path }) => `${severity} ${path}`)).toEqual([
        'warning ',
        'warning ',
        'error trustPolicies[0].trustStores',
      ])
    })
  })
  test('finds broken documents of both kinds, and none at all', async () => {
    await withDirectory({ 'trustpolicy.json': '{', 'trustpolicy.blob.json': '{}' }, async (directory) => {
      const linted = await lintConfiguration(directory)
      expect(linted.map(({ kind }) => kind)).toEqual(['oci', 'blob'])
      for (const { problems } of linted) expect(problems.some(({ severity }) => severity === 'error')).toBe(true)
    })
    await withDirectory({}, async (directory) => {
      expect(await codeOf(() => lintConfiguration(directory))).toBe('UNAVAILABLE_NOT_FOUND')
    })
  })
})
