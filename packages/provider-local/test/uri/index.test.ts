// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { KeyOpener } from '@ocisign/core'
import * as module from '@ocisign/provider-local/uri'
import { afterAll, expect, test } from 'vitest'

const opener: KeyOpener = module
const folder = await mkdtemp(join(tmpdir(), 'ocisign key '))
afterAll(() => rm(folder, { recursive: true }))
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const path = join(folder, 'key%20.pem')
const encrypted = join(folder, 'encrypted.pem')
await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
await writeFile(
  encrypted,
  privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' }),
)

test('the scheme is file', () => expect(opener.scheme).toBe('file'))

test('a path is opened as it is written, relative or not', async () => {
  for (const each of [path, relative(process.cwd(), path)])
    expect((await opener.openKey(`file:${each}`)).id).toBe(`file:${each}`)
})

test('a URL is opened, its escapes decoded', async () => {
  const url = pathToFileURL(path).href
  expect(url).toContain('key%2520.pem')
  expect((await opener.openKey(url)).id).toBe(`file:${path}`)
  expect((await opener.openKey(url.replace('file://', 'file://localhost'))).id).toBe(`file:${path}`)
})

test('a passphrase is asked for where there is need of one', async () => {
  const passphrase = async () => 'open sesame'
  await opener.openKey(`file:${encrypted}`, { passphrase })
  await expect(opener.openKey(`file:${encrypted}`)).rejects.toMatchObject({ code: 'DENIED_KEY' })
  await opener.openKey(`file:${path}`, { passphrase: () => Promise.reject(new Error('asked')) })
})

test('a caller that has given up gets the reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(opener.openKey(`file:${path}`, { signal })).rejects.toBe(signal.reason)
})

test.each([
  '',
  'file:',
  'key.pem',
  'awskms:///x',
  'FILE:key.pem',
  'file://host/key.pem',
  'file:///a?b',
  'file:///a#b',
  'file:///%2F',
  'file:///%zz',
  'file://[',
])('%j is refused', async (uri) => {
  await expect(opener.openKey(uri)).rejects.toMatchObject({ code: 'INVALID_KEY' })
})

test('a file that is not there is unavailable', async () => {
  await expect(opener.openKey('file:missing.pem')).rejects.toMatchObject({ code: 'UNAVAILABLE_FILE' })
})
