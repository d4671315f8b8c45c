// SPDX-License-Identifier: Apache-2.0
// Keys of every provider, by the built program: it signs into a layout and verifies what it signed.

import { mkdir } from 'node:fs/promises'
import { createFakeKms } from '@ocisign/conformance/aws-kms'
import { createFakeVault } from '@ocisign/conformance/vault'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, linesOf, run } from './support/program.js'
import { createScene, type Scene, scope } from './support/scene.js'
import { installPeer, writePackage } from './support/services.js'

const token = 's.0123456789abcdefghij'
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const vault = await createFakeVault({ token })
const kms = await createFakeKms()
let scene: Scene
/** With the client libraries, and without. */
let installed: string
let bare: string

beforeAll(async () => {
  scene = await createScene()
  installed = scene.path('installed')
  bare = scene.path('bare')
  await mkdir(bare)
  await installPeer(installed, 'provider-aws', '@aws-sdk/client-kms')
  await installPeer(installed, 'provider-azure', '@azure/identity')
  await installPeer(installed, 'provider-azure', '@azure/keyvault-keys')
  await installPeer(installed, 'provider-gcp', '@google-cloud/kms')
})
afterAll(async () => {
  await Promise.all([vault.close(), kms.close()])
  await scene.dispose()
})

const vaultEnv = { VAULT_ADDR: vault.origin, VAULT_TOKEN: token }
const awsEnv = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: secret }
const awsUri = (id: string) => `awskms://${new URL(kms.origin).host}/${id}`

/** Makes a configuration that trusts a test certificate of this key, and signs and verifies with it. */
async function signAndVerify(name: string, uri: string, env: Readonly<Record<string, string>>, format: string) {
  const config = scene.path(`config-${name}`)
  const options = { cwd: installed, env }
  const inConfig = ['--config-dir', config]
  const made = await run(['certificate', 'generate-test', '--key', uri, '--trust', ...inConfig, name], options)
  expect(made).toMatchObject({ status: 0, stderr: '' })
  await run(['policy', 'init', '--scope', scope, '--trust-store', `ca:${name}`, '--trusted-identity', '*', ...inConfig])
  const chain = `${config}/localkeys/${name}.crt`
  const layout = scene.path('layout:v1')
  const signing = ['--key', uri, '--certificate-chain', chain, '--signature-format', format, '--output', 'json']
  const signed = await run(['sign', '--oci-layout', ...signing, layout], options)
  expect(signed.status).toBe(0)
  const verified = await run(['verify', '--oci-layout', '--scope', scope, '-o', 'json', ...inConfig, layout])
  expect(verified).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(verified.stdout)).toMatchObject({ decision: 'verified' })
  for (const { stdout, stderr } of [made, signed, verified])
    for (const each of [token, secret]) expect(stdout + stderr).not.toContain(each)
  return JSON.parse(signed.stdout) as { readonly key: string; readonly validUntil: string }
}

describe.each([
  ['ecdsa-p256', 'jws'],
  ['rsa-3072', 'cose'],
])('hashivault: %s, %s', (type, format) => {
  test('signs, says which version did, and verifies', async () => {
    vault.createKey(type, type)
    vault.createKey(type, type)
    const signed = await signAndVerify(`vault-${type}`, `hashivault://${type}`, vaultEnv, format)
    expect(signed.key).toMatch(/\?version=2$/)
    expect(Date.parse(signed.validUntil)).toBeGreaterThan(Date.now())
    const older = await signAndVerify(`vault1-${type}`, `hashivault://${type}?version=1`, vaultEnv, format)
    expect(older.key).toMatch(/\?version=1$/)
  })
})

test.each([
  ['ECC_NIST_P384', 'cose'],
  ['RSA_2048', 'jws'],
])('awskms: %s, %s', async (spec, format) => {
  const id = kms.createKey(spec)
  const { key } = await signAndVerify(`aws-${spec}`, awsUri(id), awsEnv, format)
  expect(key).toContain(id)
})

describe('a client library that is not installed', () => {
  test.each([
    ['awskms:///alias/release', '@aws-sdk/client-kms', awsEnv],
    ['azurekms://vault/key', '@azure/identity', {}],
    ['azurekms://vault/key?certificate=merged', '@azure/identity', {}],
    ['trustedsigning://weu/account/profile', '@azure/identity', {}],
    ['gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k', '@google-cloud/kms', {}],
    ['pkcs11:object=key?module-path=/nowhere.so', 'pkcs11js', {}],
    ['awssigner:///arn:aws:signer:us-east-1:123456789012:/signing-profiles/p', '@aws-sdk/client-signer', awsEnv],
  ])('%s: is named, with the command that installs it', async (uri, name, env) => {
    const brings = /^(?:trusted|awssigner)|certificate=/.test(uri)
    const chain = brings ? [] : ['--certificate-chain', scene.path('good.chain')]
    const args = ['sign', '--oci-layout', '--key', uri, ...chain, scene.path('layout:v1')]
    const { status, stdout, stderr } = await run(args, { cwd: bare, env })
    expect([status, stdout, codeOf(stderr)]).toEqual([2, '', 'MISUSE_PACKAGE'])
    expect(stderr).toContain(`npm install ${name}`)
    expect(linesOf(stderr)).toHaveLength(1)
  })

  test('nothing of it is needed where the URI is none', async () => {
    for (const uri of ['awskms://release', 'gcpkms://key', 'azurekms://vault', 'trustedsigning://weu', 'pkcs11:?x=1']) {
      const { status, stderr } = await run(['key', 'show', uri], { cwd: bare })
      expect([uri, status, codeOf(stderr)]).toEqual([uri, 4, 'INVALID_KEY'])
    }
  })
})

describe('what goes wrong', () => {
  const sign = (args: readonly string[], options: Parameters<typeof run>[1] = {}) =>
    run(['sign', '--oci-layout', ...args, scene.path('layout:v1')], { cwd: installed, ...options })
  const chain = () => ['--certificate-chain', scene.path('good.chain')]

  test.each<[string, () => readonly string[], number, string]>([
    ['a scheme that nobody knows', () => ['--key', 'acme://key'], 2, 'MISUSE_OPTION'],
    ['no certificates', () => ['--key', 'hashivault://ecdsa-p256'], 2, 'MISUSE_OPTION'],
    [
      'certificates for a key that brings its own',
      () => ['--key', 'trustedsigning://w/a/p', ...chain()],
      2,
      'MISUSE_OPTION',
    ],
    [
      'the certificates of another key',
      () => ['--key', 'hashivault://ecdsa-p256', ...chain()],
      1,
      'UNTRUSTED_INTEGRITY',
    ],
    ['a key that there is not', () => ['--key', 'hashivault://missing', ...chain()], 3, 'UNAVAILABLE_KEY'],
    ['--plugin without --id', () => ['--plugin', 'com.example.plugin'], 2, 'MISUSE_OPTION'],
    ['--id without --plugin', () => ['--id', 'key'], 2, 'MISUSE_OPTION'],
    ['both --key and --plugin', () => ['--key', 'k', '--plugin', 'p', '--id', 'i'], 2, 'MISUSE_OPTION'],
    [
      '--plugin-config for another key',
      () => ['--key', 'hashivault://x', ...chain(), '--plugin-config', 'a=b'],
      2,
      'MISUSE_OPTION',
    ],
  ])('%s', async (_, args, status, code) => {
    const ended = await sign(args(), { env: vaultEnv })
    expect([ended.status, ended.stdout, codeOf(ended.stderr)]).toEqual([status, '', code])
    expect(ended.stderr).not.toContain(token)
  })

  test('a wrong token, and a refusal of AWS, show no credentials', async () => {
    const wrong = await sign(['--key', 'hashivault://ecdsa-p256', ...chain()], {
      env: { ...vaultEnv, VAULT_TOKEN: 's.wrong' },
    })
    expect([wrong.status, codeOf(wrong.stderr)]).toEqual([3, 'DENIED_KEY'])
    expect(wrong.stderr).not.toContain('s.wrong')
    kms.fail({ status: 400, body: { __type: 'AccessDeniedException', message: 'no' } })
    const denied = await sign(['--key', awsUri('alias/x'), ...chain(), '--debug'], { env: awsEnv })
    kms.recover()
    expect(denied.status).toBe(3)
    expect(denied.stderr).toContain('DENIED_KEY')
    expect(denied.stderr).not.toContain(secret)
  })

  test('Google and Azure without credentials: denied, and nothing waits for a service that is not there', async () => {
    const google = { METADATA_SERVER_DETECTION: 'none', GOOGLE_APPLICATION_CREDENTIALS: '/nowhere.json' }
    const uri = 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k'
    const denied = await sign(['--key', uri, ...chain()], { env: google })
    expect([denied.status, codeOf(denied.stderr)]).toEqual([3, 'DENIED_KEY'])
    const azure = { AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' }
    const refused = await sign(['--key', 'azurekms://127.0.0.1:1/key', ...chain()], { env: azure })
    expect(refused.status).toBe(3)
  })

  test('a PIN or a token in a URI is not repeated', async () => {
    const refused = await sign(['--key', `hashivault://key?token=${token}`, ...chain()], { env: vaultEnv })
    expect([refused.status, codeOf(refused.stderr)]).toEqual([4, 'INVALID_KEY'])
    expect(refused.stderr).not.toContain(token)
    const { stderr } = await sign(['--key', 'pkcs11:object=key?module-path=/nowhere.so&pin-value=31415926'])
    expect(stderr).not.toContain('31415926')
  })

  test('a key whose certificates live for days is refused without the flag that names it', async () => {
    const ended = await sign(['--key', 'trustedsigning://weu/account/profile'])
    expect([ended.status, codeOf(ended.stderr)]).toEqual([2, 'MISUSE_TIMESTAMP_REQUIRED'])
    expect(ended.stderr).toContain('--without-timestamp')
  })
})

describe('--provider', () => {
  const keyModule = (scheme: string, more = '') => `
    import { generateKeyPairSync, sign } from 'node:crypto'
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
    export const scheme = '${scheme}'
    export async function openKey(uri) {
      ${more}
      return {
        contract: 'signing-key/1',
        id: uri,
        algorithm: { scheme: 'ECDSA', hash: 'sha256', keyBits: 256 },
        sign: async (message) => ({
          signature: new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
          material: { kind: 'public-key', spki },
        }),
      }
    }`
  const manifest = (exported: object | undefined) =>
    JSON.stringify({ type: 'module', main: 'index.js', exports: exported })
  const show = (provider: string, uri: string) =>
    run(['key', 'show', '-o', 'json', '--provider', provider, uri], { cwd: installed })

  beforeAll(async () => {
    const write = (name: string, files: Readonly<Record<string, string>>) => writePackage(installed, name, files)
    await write('@acme/keys', {
      'package.json': manifest({ './uri': { import: './uri.js' } }),
      'uri.js': keyModule('acme'),
    })
    await write('acme-main', { 'package.json': manifest(undefined), 'index.js': keyModule('acme') })
    await write('acme-exports', { 'package.json': manifest({ '.': './index.js' }), 'index.js': keyModule('acme') })
    await write('acme-shadow', { 'package.json': manifest(undefined), 'index.js': keyModule('awskms') })
    await write('acme-nothing', { 'package.json': manifest(undefined), 'index.js': 'export const scheme = 1' })
    await write('acme-no-key', { 'package.json': manifest(undefined), 'index.js': keyModule('acme', 'return {}') })
    await write('acme-throws', {
      'package.json': manifest(undefined),
      'index.js': keyModule('acme', `throw new Error('token hunter2')`),
    })
    await write('acme-broken', { 'package.json': manifest(undefined), 'index.js': `import 'acme-missing'` })
  })

  test.each(['@acme/keys', 'acme-main', 'acme-exports'])('%s opens keys', async (name) => {
    const { status, stdout, stderr } = await show(name, 'acme:key')
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      key: 'acme:key',
      algorithm: 'ECDSA-256-sha256',
      notary: { usable: false },
    })
  })

  test('and signs; that it needs certificates shows when it does', async () => {
    const args = ['sign', '--oci-layout', '--provider', 'acme-main', '--key', 'acme:key', scene.path('layout:v1')]
    const ended = await run(args, { cwd: installed })
    expect([ended.status, codeOf(ended.stderr)]).toEqual([2, 'MISUSE_OPTION'])
    expect(ended.stderr).toContain('--certificate-chain')
  })

  test.each([
    ['acme-missing', 'acme:key', 2, 'MISUSE_PACKAGE'],
    ['acme-shadow', 'awskms:///x', 2, 'MISUSE_PACKAGE'],
    ['acme-nothing', 'acme:key', 2, 'MISUSE_PACKAGE'],
    ['acme-no-key', 'acme:key', 2, 'MISUSE_PACKAGE'],
    ['acme-broken', 'acme:key', 2, 'MISUSE_PACKAGE'],
    ['acme-main', 'other:key', 2, 'MISUSE_OPTION'],
    ['../acme-main', 'acme:key', 2, 'MISUSE_OPTION'],
    ['node:fs', 'acme:key', 2, 'MISUSE_OPTION'],
    ['acme-throws', 'acme:key', 3, 'UNAVAILABLE_KEY'],
  ])('%s, %s: exit %i, %s', async (name, uri, status, code) => {
    const ended = await show(name, uri)
    expect([ended.status, ended.stdout, codeOf(ended.stderr)]).toEqual([status, '', code])
    expect(ended.stderr).not.toContain('hunter2')
  })
})
