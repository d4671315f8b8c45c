// SPDX-License-Identifier: Apache-2.0
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createFakeAuthority,
  createFakeLeaf,
  type FakeAuthority,
  type FakeCertificate,
} from '@ocisign/conformance/fake'
import { beforeAll, describe, expect, test } from 'vitest'
import { addTrustStoreCertificates } from '../../src/node/add-certificates.js'
import { openDirectoryTrustStore } from '../../src/node/directory-trust-store.js'
import { listTrustStores } from '../../src/node/list-trust-stores.js'
import type { TrustStoreType } from '../../src/notary/policy/document.js'
import { encodePem } from '../../src/x509/pem.js'
import { makePipe } from '../pipe.js'
import { codeOf, listAll, withDirectory } from './temporary.js'

let root: FakeAuthority
let other: FakeAuthority
let leaf: FakeCertificate
let pem: string
let folder: string
beforeAll(async () => {
  root = await createFakeAuthority()
  other = await createFakeAuthority()
  leaf = await createFakeLeaf()
  pem = encodePem('CERTIFICATE', root.certificate)
  folder = join('truststore', 'x509', 'ca', 'acme')
})

const load = async (directory: string, name = 'acme', type: TrustStoreType = 'ca') =>
  openDirectoryTrustStore(directory).load({ type, name })
const inStore = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [join(folder, name), content]))

describe('a store in a directory', () => {
  test('holds PEM and DER, whatever the files are called', async () => {
    const files = inStore({
      'root.pem': pem,
      'other.cer': other.certificate,
      'leaf.crt': leaf.chain[0]!,
      again: root.certificate,
    })
    await withDirectory(files, async (directory) => expect(await load(directory)).toHaveLength(3))
  })

  test('is kept once it was loaded, and at hand at once', async () => {
    await withDirectory(inStore({ 'root.pem': pem }), async (directory) => {
      const store = openDirectoryTrustStore(directory)
      const [first, second] = await Promise.all([
        store.load({ type: 'ca', name: 'acme' }),
        store.load({ type: 'ca', name: 'acme' }),
      ])
      expect(second).toBe(first)
      await rm(join(directory, folder), { recursive: true })
      expect(store.load({ type: 'ca', name: 'acme' })).toBe(first)
    })
  })

  test('that could not be used is read again', async () => {
    await withDirectory(inStore({ 'root.pem': 'junk' }), async (directory) => {
      const store = openDirectoryTrustStore(directory)
      expect(await codeOf(() => store.load({ type: 'ca', name: 'acme' }))).toBe('INVALID_TRUST_STORE')
      await writeFile(join(directory, folder, 'root.pem'), pem)
      expect(await store.load({ type: 'ca', name: 'acme' })).toHaveLength(1)
    })
  })

  test('does no harm where it is broken and nobody asks for it', async () => {
    const files = { ...inStore({ 'root.pem': pem }), [join('truststore', 'x509', 'ca', 'broken', 'a.pem')]: 'junk' }
    await withDirectory(files, async (directory) => {
      expect(await load(directory)).toHaveLength(1)
      expect(await codeOf(() => load(directory, 'broken'))).toBe('INVALID_TRUST_STORE')
    })
  })

  test('is not there', async () => {
    await withDirectory(inStore({ 'root.pem': pem }), async (directory) => {
      expect(await codeOf(() => load(directory, 'absent'))).toBe('UNAVAILABLE_NOT_FOUND')
      expect(await codeOf(() => load(directory, 'acme', 'tsa'))).toBe('UNAVAILABLE_NOT_FOUND')
      expect(await codeOf(() => load(join(directory, 'absent')))).toBe('UNAVAILABLE_NOT_FOUND')
    })
  })

  test.each<[string, () => Readonly<Record<string, string | Uint8Array>>]>([
    ['notes', () => ({ 'root.pem': pem, 'notes.txt': 'the root of Acme' })],
    ['an empty file', () => ({ 'root.pem': pem, 'empty.pem': '' })],
    ['a hidden file', () => ({ 'root.pem': pem, '.DS_Store': Uint8Array.of(0, 0, 0, 1) })],
    ['a key', () => ({ 'root.pem': pem + leaf.keyPem })],
    ['a folder', () => ({ 'root.pem': pem, [join('more', 'other.pem')]: pem })],
    ['a file that is too large', () => ({ 'root.pem': pem + ' '.repeat(1024 * 1024) })],
  ])('with %s is refused', async (_, files) => {
    await withDirectory(inStore(files()), async (directory) => {
      expect(await codeOf(() => load(directory))).toBe('INVALID_TRUST_STORE')
    })
  })

  test('without any file is refused', async () => {
    await withDirectory({}, async (directory) => {
      await mkdir(join(directory, folder), { recursive: true })
      expect(await codeOf(() => load(directory))).toBe('INVALID_TRUST_STORE')
    })
  })

  test('with a pipe is refused, and does not wait for whoever writes it', async () => {
    await withDirectory(inStore({ 'root.pem': pem }), async (directory) => {
      makePipe(join(directory, folder, 'pipe.pem'))
      expect(await codeOf(() => load(directory))).toBe('INVALID_TRUST_STORE')
    })
  })
})

describe('threat model: a trust store leads nowhere else', () => {
  test('symbolic links to certificates and to folders are refused', async () => {
    await withDirectory({ ...inStore({ 'root.pem': pem }), 'outside.pem': pem }, async (directory) => {
      const link = join(directory, folder, 'link.pem')
      for (const target of ['root.pem', join(directory, 'outside.pem'), 'nowhere']) {
        await symlink(target, link)
        expect(await codeOf(() => load(directory))).toBe('INVALID_TRUST_STORE')
        await unlink(link)
      }
      expect(await load(directory)).toHaveLength(1)
      await rename(join(directory, folder), join(directory, 'moved'))
      await symlink(join(directory, 'moved'), join(directory, folder))
      expect(await codeOf(() => load(directory))).toBe('INVALID_TRUST_STORE')
    })
  })
  test('a file in the place of a store is refused', async () => {
    await withDirectory({ [join('truststore', 'x509', 'ca', 'acme')]: pem }, async (directory) => {
      expect(await codeOf(() => load(directory))).toBe('INVALID_TRUST_STORE')
    })
  })
  test('names and types that are paths are refused before anything is read', async () => {
    await withDirectory(inStore({ 'root.pem': pem }), async (directory) => {
      for (const name of ['..', '.', '', '../ca/acme', 'acme/', '/etc', 'acme\0', 'C:\\', 'a b'])
        expect(await codeOf(() => load(directory, name))).toBe('MISUSE_OPTION')
      for (const type of ['..', 'x509', '__proto__', 'CA', ''])
        expect(await codeOf(() => load(directory, 'acme', type as 'ca'))).toBe('MISUSE_OPTION')
    })
  })
})

describe('adding certificates', () => {
  const add = (directory: string, ...files: string[]) =>
    addTrustStoreCertificates(
      directory,
      'ca',
      'acme',
      files.map((file) => join(directory, file)),
    )

  test('copies them under their own names, into a new store or one that is there', async () => {
    const files = { 'in/root.pem': pem, 'in/other.cer': other.certificate, 'in/leaf.CRT': leaf.chain[0]! }
    await withDirectory(files, async (directory) => {
      const paths = await add(directory, 'in/root.pem', 'in/other.cer')
      expect(paths).toEqual(['root.pem', 'other.cer'].map((name) => join(directory, folder, name)))
      await add(directory, 'in/leaf.CRT')
      expect(await load(directory)).toHaveLength(3)
      expect((await listAll(join(directory, 'truststore'))).filter((path) => !path.endsWith('/'))).toHaveLength(3)
    })
  })

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['one that is no certificate', { 'in/second.pem': 'junk' }, 'INVALID_TRUST_STORE'],
    ['one that is not there', {}, 'UNAVAILABLE_FILE'],
    [
      'one whose name is taken',
      { 'in/second.pem': 'PEM', [join('truststore', 'x509', 'ca', 'acme', 'second.pem')]: 'PEM' },
      'MISUSE_OPTION',
    ],
  ])('adds none where there is %s', async (_, more, code) => {
    const files = Object.fromEntries(
      Object.entries({ 'in/root.pem': pem, ...more }).map(([name, text]) => [name, text.replace('PEM', pem)]),
    )
    await withDirectory(files, async (directory) => {
      const before = await listAll(directory)
      expect(await codeOf(() => add(directory, 'in/root.pem', 'in/second.pem'))).toBe(code)
      expect(await listAll(directory)).toEqual(before)
    })
  })

  test('refuses other names, other types, and the same name twice', async () => {
    await withDirectory({ 'a/root.pem': pem, 'b/root.pem': pem, 'root.txt': pem }, async (directory) => {
      expect(await codeOf(() => add(directory, 'root.txt'))).toBe('MISUSE_OPTION')
      expect(await codeOf(() => add(directory, 'a/root.pem', 'b/root.pem'))).toBe('MISUSE_OPTION')
      const files = [join(directory, 'a/root.pem')]
      expect(await codeOf(() => addTrustStoreCertificates(directory, 'ca', '..', files))).toBe('MISUSE_OPTION')
      expect(await codeOf(() => addTrustStoreCertificates(directory, 'CA' as 'ca', 'acme', files))).toBe(
        'MISUSE_OPTION',
      )
      expect((await listAll(directory)).some((path) => path.startsWith('truststore'))).toBe(false)
    })
  })

  test('refuses what the type does not allow', async () => {
    await withDirectory({ 'leaf.pem': encodePem('CERTIFICATE', leaf.chain[0]!) }, async (directory) => {
      const files = [join(directory, 'leaf.pem')]
      expect(await codeOf(() => addTrustStoreCertificates(directory, 'tsa', 'acme', files))).toBe('INVALID_TRUST_STORE')
    })
  })

  test('says what is in the way of a store', async () => {
    await withDirectory({ 'in/root.pem': pem, [join('truststore', 'x509')]: '' }, async (directory) => {
      const before = await listAll(directory)
      expect(await codeOf(() => add(directory, 'in/root.pem'))).toBe('UNAVAILABLE_FILE')
      expect(await listAll(directory)).toEqual(before)
    })
  })
})

describe('listing', () => {
  test('shows every store, usable or not, and why not', async () => {
    const ended = await createFakeAuthority({ notBefore: new Date('2020-01-01Z'), notAfter: new Date('2021-01-01Z') })
    const intermediate = await root.issueAuthority()
    const path = (type: string, name: string, file: string) => join('truststore', 'x509', type, name, file)
    const files = {
      [path('ca', 'good', 'root.pem')]: pem,
      [path('ca', 'broken', 'a.pem')]: pem,
      [path('ca', 'broken', 'b.pem')]: 'junk',
      [path('ca', 'nested', 'root.pem')]: pem,
      [path('ca', 'nested', join('more', 'root.pem'))]: pem,
      [path('ca', 'odd name', 'root.pem')]: pem,
      [path('ca', 'worth a look', 'x')]: pem,
      [path('signingAuthority', 'warned', 'ended.pem')]: ended.certificate,
      [path('signingAuthority', 'warned', 'intermediate')]: intermediate.certificate,
      [path('tsa', 'leaf', 'leaf.pem')]: leaf.chain[0]!,
      [join('truststore', 'x509', 'ca', 'file')]: pem,
    }
    await withDirectory(files, async (directory) => {
      await mkdir(join(directory, path('ca', 'empty', '')))
      await symlink('good', join(directory, path('ca', 'link', '')).replace(/\/$/, ''))
      const listed = await listTrustStores(directory)
      expect(
        listed.map(({ type, name, usable, files: read, warnings }) => [
          `${type}:${name}`,
          usable,
          read.length,
          warnings.length,
        ]),
      ).toEqual([
        ['ca:broken', false, 1, 1],
        ['ca:empty', false, 0, 1],
        ['ca:good', true, 1, 0],
        ['ca:link', false, 0, 1],
        ['ca:nested', false, 1, 1],
        ['ca:odd name', false, 0, 1],
        ['ca:worth a look', false, 0, 1],
        ['signingAuthority:warned', true, 2, 3],
        ['tsa:leaf', false, 0, 1],
      ])
      for (const { type, name, usable } of listed)
        expect((await codeOf(() => load(directory, name, type))) === 'none', `${type}:${name}`).toBe(usable)
    })
  })
  test('of a directory without stores is empty', async () => {
    await withDirectory({}, async (directory) => expect(await listTrustStores(directory)).toEqual([]))
  })
})
