// SPDX-License-Identifier: Apache-2.0
// Azure and Google: their own client libraries, which a wrapper in node_modules sends to a fake, for no URI can.
import { writeFile } from 'node:fs/promises'
import { createFakeCloudKms } from '@ocisign/conformance/cloud-kms'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { createFakeKeyVault } from '@ocisign/conformance/key-vault'
import { createFakeTrustedSigning } from '@ocisign/conformance/trusted-signing'
import { encodePem } from '@ocisign/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, run } from './support/program.js'
import { createScene, type Scene, scope } from './support/scene.js'
import { installPeer, writePackage } from './support/services.js'

const token = 'eyJ0eXAiOiJKV1QifQ.secret'
const tls = await createFakeAuthority()
const vault = await createFakeKeyVault({ token })
const kms = await createFakeCloudKms()
const signing = await createFakeTrustedSigning({ token, tls })
const authority = await createFakeAuthority()
let scene: Scene
let cwd: string
let env: Readonly<Record<string, string>>

const wrap = (real: string, names: readonly string[]) =>
  [
    `import * as real from '${real}'`,
    ...names.map(
      (name) => `export class ${name} extends real.${name} {
        constructor(url, credential, options) {
          super(url, credential, { ...options, disableChallengeResourceVerification: true })
        }
      }`,
    ),
  ].join('\n')

beforeAll(async () => {
  scene = await createScene()
  cwd = scene.path('installed')
  const write = (name: string, text: string) =>
    writePackage(cwd, name, { 'package.json': '{ "type": "module", "main": "index.js" }', 'index.js': text })
  for (const [part, names] of [
    ['keys', ['KeyClient', 'CryptographyClient']],
    ['certificates', ['CertificateClient']],
    ['secrets', ['SecretClient']],
  ] as const) {
    await installPeer(cwd, 'provider-azure', `@azure/keyvault-${part}`, `real-${part}`)
    await write(`@azure/keyvault-${part}`, wrap(`real-${part}`, names))
  }
  const credential = `getToken() { return Promise.resolve({ token: process.env.TOKEN, expiresOnTimestamp: 4102444800000 }) }`
  await write('@azure/identity', `export class DefaultAzureCredential { ${credential} }`)
  await installPeer(cwd, 'conformance', '@google-cloud/kms', 'real-kms')
  await installPeer(cwd, 'conformance', '@grpc/grpc-js', 'real-grpc')
  await write(
    '@google-cloud/kms',
    `import kms from 'real-kms'
    import grpc from 'real-grpc'
    const [servicePath, port] = process.env.KMS.split(':')
    const sslCreds = grpc.credentials.createInsecure()
    export class KeyManagementServiceClient extends kms.KeyManagementServiceClient {
      constructor(options) {
        super({ ...options, servicePath, port: Number(port), sslCreds, projectId: 'p' })
      }
    }`,
  )
  const roots = [vault.clientOptions.tlsOptions.ca, encodePem('CERTIFICATE', tls.chain.at(-1)!)]
  await writeFile(scene.path('roots.pem'), roots.join(''))
  env = { TOKEN: token, KMS: kms.address, NODE_EXTRA_CA_CERTS: scene.path('roots.pem') }
})
afterAll(async () => {
  await Promise.all([vault.close(), kms.close(), signing.close()])
  await scene.dispose()
})

/** Signs and verifies with a configuration that trusts a root; without one, what the key certifies of itself. */
async function signAndVerify(name: string, uri: string, root?: Uint8Array, more: readonly string[] = []) {
  const config = scene.path(`config-${name}`)
  const inConfig = ['--config-dir', config]
  const own = ['certificate', 'generate-test', '--key', uri, '--trust', ...inConfig, name]
  const file = scene.path(`${name}.pem`)
  if (root) await writeFile(file, encodePem('CERTIFICATE', root))
  const trust = root ? ['certificate', 'add', '--type', 'ca', '--store', name, ...inConfig, file] : own
  const trusted = await run(trust, { cwd, env })
  expect(trusted).toMatchObject({ status: 0, stderr: '' })
  await run(['policy', 'init', '--scope', scope, '--trust-store', `ca:${name}`, '--trusted-identity', '*', ...inConfig])
  const chain = root ? [] : ['--certificate-chain', `${config}/localkeys/${name}.crt`]
  const args = ['--quiet', '-o', 'json', '--key', uri, ...chain, ...more, scene.path('layout:v1')]
  const signed = await run(['sign', '--oci-layout', ...args], { cwd, env })
  expect(signed).toMatchObject({ status: 0, stderr: '' })
  const verified = await run(['verify', '--oci-layout', '--scope', scope, ...inConfig, scene.path('layout:v1')])
  expect(verified).toMatchObject({ status: 0, stderr: '' })
  expect(trusted.stdout + signed.stdout).not.toContain(token)
  return JSON.parse(signed.stdout).key as string
}

const vaultUri = (rest: string) => `azurekms://${new URL(vault.origin).host}/${rest}`

test('azurekms: the newest version of a key', async () => {
  vault.createKey('release', 'EC', 'P-384')
  const version = vault.createKey('release', 'RSA', 2048)
  expect(await signAndVerify('azure', vaultUri('release'))).toContain(version)
})

test('azurekms: a certificate with its merged chain needs no --certificate-chain', async () => {
  vault.mergeCertificate('merged', await authority.issue())
  await signAndVerify('merged', vaultUri('merged?certificate=merged'), authority.chain.at(-1)!)
})

test('azurekms: a permission that is missing is named, and no token shows', async () => {
  vault.forbid('keys/sign')
  const { status, stdout, stderr } = await run(['key', 'show', '--debug', vaultUri('release')], { cwd, env })
  vault.forbid(undefined)
  expect([status, stdout]).toEqual([3, ''])
  expect(stderr).toContain('keys/sign')
  expect(stderr).toContain('DENIED_KEY')
  expect(stderr).not.toContain(token)
})

test('trustedsigning: the chain comes with each signature, and without a timestamp it has to be asked for by name', async () => {
  const uri = `trustedsigning://${new URL(signing.origin).host}/${signing.account}/${signing.profile}`
  const refused = await run(['sign', '--oci-layout', '--key', uri, scene.path('layout:v1')], { cwd, env })
  expect([refused.status, codeOf(refused.stderr)]).toEqual([2, 'MISUSE_TIMESTAMP_REQUIRED'])
  const root = signing.authority.chain.at(-1)!
  expect(await signAndVerify('trusted', uri, root, ['--without-timestamp'])).toBe(uri)
  const { stdout } = await run(['key', 'show', uri], { cwd, env })
  expect(stdout).toContain('without a timestamp')
})

test('gcpkms: the newest version of a key', async () => {
  const name = kms.createKey('release', 'EC_SIGN_P256_SHA256')
  kms.createKey('release', 'EC_SIGN_P384_SHA384')
  expect(await signAndVerify('google', `gcpkms://${name}`)).toMatch(/cryptoKeyVersions\/2$/)
  const older = await signAndVerify('google-1', `gcpkms://${name}/versions/1`)
  expect(older).toMatch(/cryptoKeyVersions\/1$/)
})
