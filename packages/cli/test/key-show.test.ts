// SPDX-License-Identifier: Apache-2.0
// What keys show of themselves, requests for certificates, and certificates that end soon.
import 'reflect-metadata'
import { readFile, writeFile } from 'node:fs/promises'
import { notaryAlgorithms, parsePem } from '@ocisign/core'
import * as peculiar from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, linesOf, run } from './support/program.js'
import { createKey, createScene, passphrase, type Scene } from './support/scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
  await createKey(scene.path('rsa'), { algorithm: notaryAlgorithms[4]!, length: 1 })
  await createKey(scene.path('months'), { days: 90 })
  await createKey(scene.path('weeks'), { days: 400, notBefore: new Date(Date.now() - 380 * 86_400_000) })
  await createKey(scene.path('ended'), { notBefore: new Date(Date.now() - 9e8), notAfter: new Date(Date.now() - 1e8) })
})
afterAll(() => scene.dispose())

const key = (name: string) => `file:${scene.path(`${name}.key`)}`
const showAs = async (args: readonly string[]) => {
  const { status, stdout, stderr } = await run(['key', 'show', '-o', 'json', ...args])
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

describe('key show', () => {
  test('a key with its certificates', async () => {
    const shown = await showAs([key('months'), '--certificate-chain', scene.path('months.chain')])
    expect(shown).toMatchObject({
      schemaVersion: 1,
      key: key('months'),
      algorithm: 'ECDSA-256-sha256',
      publicKey: expect.stringContaining('BEGIN PUBLIC KEY'),
      needsTimestamp: false,
      notary: { usable: true, envelopes: { jws: 'ES256', cose: 'ES256' } },
    })
    expect(shown.certificates).toHaveLength(2)
    expect(shown.certificates[0]).toMatchObject({
      subject: expect.stringContaining('CN=ocisign test leaf'),
      daysLeft: 89,
    })
    const { stdout } = await run(['key', 'show', key('months'), '--certificate-chain', scene.path('months.chain')])
    for (const text of [
      'ECDSA-256-sha256',
      '89 days left',
      'JWS ES256',
      'signs        Notary',
      '-----END PUBLIC KEY-----',
    ])
      expect(stdout).toContain(text)
  })

  test.each([
    ['without certificates', 'rsa', undefined, 'MISUSE_OPTION'],
    ['with those of another key', 'good', 'months', 'UNTRUSTED_INTEGRITY'],
    ['with those that ended', 'ended', 'ended', 'UNTRUSTED_VALIDITY'],
  ])('a key %s says why it signs nothing', async (_, name, chain, code) => {
    const shown = await showAs([key(name), ...(chain ? ['--certificate-chain', scene.path(`${chain}.chain`)] : [])])
    expect(shown.notary).toMatchObject({ usable: false, error: { code } })
  })

  test('a key of signingkeys.json, and one that is encrypted', async () => {
    const entry = { name: 'k', keyPath: scene.path('good.encrypted.key'), certPath: scene.path('good.chain') }
    await writeFile(scene.path('config/signingkeys.json'), JSON.stringify({ keys: [entry] }))
    const args = ['key', 'show', 'k', '--config-dir', scene.path('config')]
    expect(await run(args, { env: { OCISIGN_KEY_PASSPHRASE: passphrase } })).toMatchObject({ status: 0, stderr: '' })
    const denied = await run(args)
    expect([denied.status, codeOf(denied.stderr)]).toEqual([3, 'DENIED_KEY'])
  })

  test('a key of signingkeys.json has the certificates that are named there, unless others are given', async () => {
    const entry = { name: 'named', keyPath: scene.path('months.key'), certPath: scene.path('months.chain') }
    await writeFile(scene.path('config/signingkeys.json'), JSON.stringify({ keys: [entry] }))
    const inConfig = ['named', '--config-dir', scene.path('config')]
    const { certificates, notary } = await showAs(inConfig)
    expect([certificates.length, notary.usable]).toEqual([2, true])
    const other = await showAs([...inConfig, '--certificate-chain', scene.path('good.chain')])
    expect(other.notary).toMatchObject({ usable: false, error: { code: 'UNTRUSTED_INTEGRITY' } })
  })

  test('a path where a name belongs says how a file is written', async () => {
    const { status, stderr } = await run(['key', 'show', './good.key', '--config-dir', scene.path('config')])
    expect([status, codeOf(stderr), stderr.includes('file:./good.key')]).toEqual([2, 'MISUSE_OPTION', true])
  })

  test('the private half is nowhere', async () => {
    const secret = (await readFile(scene.path('months.key'), 'utf8')).split('\n')[1]!
    const { stdout, stderr } = await run(['key', 'show', '--debug', key('months')])
    expect(stdout + stderr).not.toContain(secret)
    expect(stdout).not.toContain('PRIVATE')
  })
})

describe('certificate csr', () => {
  const subject = 'C=US,ST=WA,O=Acme,CN=release'

  test.each(['good', 'rsa'])('%s: a request that others verify, in a file or on standard output', async (name) => {
    const path = scene.path(`${name}.csr`)
    const args = ['certificate', 'csr', '--key', key(name), '--subject', subject]
    expect(await run([...args, '--output', path])).toMatchObject({ status: 0, stderr: '' })
    const { stdout } = await run(args)
    for (const text of [await readFile(path, 'utf8'), stdout]) {
      const [block] = parsePem(text, 'the request')
      expect(block?.label).toBe('CERTIFICATE REQUEST')
      const request = new peculiar.Pkcs10CertificateRequest(block!.bytes as Uint8Array<ArrayBuffer>)
      expect(await request.verify()).toBe(true)
      expect(request.subject).toBe('C=US, ST=WA, O=Acme, CN=release')
    }
    const again = await run([...args, '--output', path])
    expect([again.status, codeOf(again.stderr)]).toEqual([2, 'MISUSE_OPTION'])
    expect(await run([...args, '--output', path, '--force'])).toMatchObject({ status: 0 })
  })

  test.each([
    ['no key', ['--subject', subject], 2, 'MISUSE_OPTION'],
    ['no subject', ['--key', 'file:x'], 2, 'MISUSE_OPTION'],
    ['no such key', ['--key', 'file:/nowhere.pem', '--subject', subject], 3, 'UNAVAILABLE_FILE'],
    ['what makes whole signatures', ['--key', 'awssigner:///arn:x', '--subject', subject], 2, 'MISUSE_OPTION'],
  ])('%s', async (_, args, status, code) => {
    const ended = await run(['cert', 'csr', ...args])
    expect([ended.status, ended.stdout, codeOf(ended.stderr)]).toEqual([status, '', code])
  })

  test('a subject that is no name', async () => {
    const ended = await run(['cert', 'csr', '--key', key('good'), '--subject', 'release'])
    expect([ended.status, codeOf(ended.stderr)]).toEqual([4, 'INVALID_DISTINGUISHED_NAME'])
    expect(ended.stderr).toContain('C=US,ST=WA')
  })

  test('a subject that no trust policy can name is warned of', async () => {
    const args = ['cert', 'csr', '--key', key('good'), '--output', '-', '--subject', 'CN=release']
    const warned = await run(args)
    expect([warned.status, linesOf(warned.stderr).length]).toEqual([0, 1])
    expect(parsePem(warned.stdout, 'the request')).toHaveLength(1)
    expect(warned.stderr).toContain('C=US,ST=WA')
    expect((await run([...args, '--quiet'])).stderr).toBe('')
  })
})

test('generate-test --key makes no key and takes none of the options for one', async () => {
  for (const option of [['--default'], ['--algorithm', 'p384'], ['--chain-length', '2']]) {
    const args = [
      'certificate',
      'generate-test',
      '--key',
      key('good'),
      ...option,
      'x',
      '--config-dir',
      scene.path('new'),
    ]
    expect(await run(args)).toMatchObject({ status: 2 })
  }
})

describe('certificates that end', () => {
  const sign = (name: string, ...args: readonly string[]) =>
    run(['sign', '--oci-layout', '-o', 'json', ...scene.signingWith(name), ...args, scene.path('layout:v1')])

  test('soon: a warning, unless --quiet; the signature says until when', async () => {
    const warned = await sign('weeks')
    expect(warned.status).toBe(0)
    expect(linesOf(warned.stderr)[0]).toMatch(/ends in (?:19|20) days/)
    const { validUntil } = JSON.parse(warned.stdout)
    expect(Math.round((Date.parse(validUntil) - Date.now()) / 86_400_000)).toBe(20)
    expect((await sign('weeks', '--quiet')).stderr).toBe('')
    expect((await sign('months')).stderr).not.toContain('ends in')
    // A day is all that it ever had.
    expect((await sign('good')).stderr).not.toContain('ends in')
  })

  test('--min-validity refuses, and nothing is stored', async () => {
    const before = await readFile(scene.path('layout/index.json'), 'utf8')
    const refused = await sign('months', '--min-validity', '91d')
    expect([refused.status, refused.stdout, codeOf(refused.stderr)]).toEqual([1, '', 'UNTRUSTED_VALIDITY'])
    expect(await readFile(scene.path('layout/index.json'), 'utf8')).toBe(before)
    expect(await sign('months', '--min-validity', '30d')).toMatchObject({ status: 0 })
    const weeks = await sign('weeks', '--min-validity', '1h')
    expect([weeks.status, weeks.stderr.includes('ends in')]).toEqual([0, false])
    expect(await sign('months', '--min-validity', 'soon')).toMatchObject({ status: 2 })
  })

  test('blob sign says the same', async () => {
    await writeFile(scene.path('file.txt'), 'hello')
    const { status, stdout, stderr } = await run([
      'blob',
      'sign',
      '-o',
      'json',
      ...scene.signingWith('weeks'),
      scene.path('file.txt'),
    ])
    expect(status).toBe(0)
    expect(stderr).toContain('ends in')
    expect(JSON.parse(stdout)).toMatchObject({ key: key('weeks'), validUntil: expect.any(String) })
  })
})
