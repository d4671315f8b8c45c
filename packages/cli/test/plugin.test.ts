// SPDX-License-Identifier: Apache-2.0
// Notation plugins that really run: as keys, as signers, to verify, and what the commands for them do.
import { appendFile, chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFakeVault } from '@ocisign/conformance/vault'
import { encodePem, notaryAlgorithms } from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { chain, type Setting, writePlugin } from '../../notation-plugin/test/support/plugins.js'
import { codeOf, linesOf, run } from './support/program.js'
import { createScene, type Scene, scope } from './support/scene.js'

const name = 'com.example.plugin'
let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.dispose())

let count = 0

/** A configuration with one plugin, whose root is trusted. */
async function configure(setting: Setting = {}, directory = scene.path(`config-${count++}`)) {
  const folder = `${directory}/plugins/${setting.name ?? name}`
  await writePlugin(folder, setting)
  const store = `${directory}/truststore/x509/ca/acme`
  await mkdir(store, { recursive: true })
  await writeFile(`${store}/root.pem`, encodePem('CERTIFICATE', chain.chain.at(-1)!))
  const inConfig = ['--config-dir', directory]
  const trusting = ['--trust-store', 'ca:acme', '--trusted-identity', '*']
  await run(['policy', 'init', '--scope', scope, ...trusting, ...inConfig])
  return { directory, inConfig, folder }
}

const layout = () => scene.path('layout:v1')
const sign = (args: readonly string[], env = {}) =>
  run(['sign', '--oci-layout', '--quiet', '-o', 'json', ...args, layout()], { env })
const verify = (args: readonly string[], env = {}) =>
  run(['verify', '--oci-layout', '--scope', scope, '-o', 'json', ...args, layout()], { env })

describe('a plugin that signs', () => {
  test.each([
    ['SIGNATURE_GENERATOR.RAW', 'cose'],
    ['SIGNATURE_GENERATOR.ENVELOPE', 'jws'],
  ])('%s: by --plugin, by URI and by the name in signingkeys.json', async (capability, format) => {
    const { inConfig, directory, folder } = await configure({ capabilities: [capability] })
    const entry = { name: 'k', id: 'key-1', pluginName: name, pluginConfig: { region: 'eu' } }
    await writeFile(`${directory}/signingkeys.json`, JSON.stringify({ default: 'k', keys: [entry] }))
    const common = [...inConfig, '--signature-format', format, '--plugin-config', 'mode=fast']
    for (const key of [
      ['--plugin', name, '--id', 'key-1', '--plugin-config', 'region=eu'],
      ['--key', `notation-plugin:${name}?id=key-1&plugin-config=region%3Deu`],
      ['--key', 'k'],
      [],
    ]) {
      const { status, stdout, stderr } = await sign([...common, ...key])
      expect([status, stderr]).toEqual([0, ''])
      expect(JSON.parse(stdout)).toMatchObject({
        key: `notation-plugin:${name}?id=key-1`,
        validUntil: expect.any(String),
      })
    }
    const asked = linesOf(await readFile(`${folder}/asked.log`, 'utf8')).map((line) => JSON.parse(line))
    const signing = asked.filter(({ command }) => command.startsWith('generate-'))
    expect(signing.map(({ request }) => request.pluginConfig)).toEqual(Array(4).fill({ region: 'eu', mode: 'fast' }))
    expect(await verify(inConfig)).toMatchObject({ status: 0, stderr: '' })
  })

  test.each([
    ['bad-signature', 'SIGNATURE_GENERATOR.RAW', 1],
    ['other-chain', 'SIGNATURE_GENERATOR.RAW', 1],
    ['other-key', 'SIGNATURE_GENERATOR.RAW', 3],
    ['other-digest', 'SIGNATURE_GENERATOR.ENVELOPE', 1],
    ['unknown-spec', 'SIGNATURE_GENERATOR.RAW', 4],
  ])('that lies (%s, %s) signs nothing', async (lie, capability, status) => {
    const { inConfig } = await configure({ capabilities: [capability] })
    const before = await readFile(scene.path('layout/index.json'), 'utf8')
    const ended = await sign([...inConfig, '--plugin', name, '--id', 'key-1'], { LIES: lie })
    expect([ended.status, ended.stdout]).toEqual([status, ''])
    expect(ended.stderr).not.toContain('hunter2')
    expect(await readFile(scene.path('layout/index.json'), 'utf8')).toBe(before)
  })

  test('that is not there, and certificates that it brings itself', async () => {
    const { inConfig } = await configure()
    const missing = await sign([...inConfig, '--plugin', 'com.example.other', '--id', 'key-1'])
    expect([missing.status, codeOf(missing.stderr)]).toEqual([3, 'UNAVAILABLE_PLUGIN'])
    const args = ['--plugin', name, '--id', 'key-1', '--certificate-chain', scene.path('good.chain')]
    const twice = await sign([...inConfig, ...args])
    expect([twice.status, codeOf(twice.stderr)]).toEqual([2, 'MISUSE_OPTION'])
  })
})

describe('a plugin that verifies', () => {
  const verifier = ['SIGNATURE_VERIFIER.TRUSTED_IDENTITY', 'SIGNATURE_VERIFIER.REVOCATION_CHECK']
  const both = { capabilities: ['SIGNATURE_GENERATOR.ENVELOPE', ...verifier] }
  let configured: Awaited<ReturnType<typeof configure>>
  beforeAll(async () => {
    await scene.dispose()
    scene = await createScene()
    configured = await configure(both)
    const signed = await sign([...configured.inConfig, '--plugin', name, '--id', 'key-1'], { LIES: 'own-critical' })
    expect(signed).toMatchObject({ status: 0 })
  })

  test('is found where the signature names it, and judges it', async () => {
    expect(await verify([...configured.inConfig, '--plugin-config', 'a=b'])).toMatchObject({ status: 0, stderr: '' })
    const asked = linesOf(await readFile(`${configured.folder}/asked.log`, 'utf8')).map((line) => JSON.parse(line))
    expect(asked.at(-1)).toMatchObject({ command: 'verify-signature', request: { pluginConfig: { a: 'b' } } })
    const refused = await verify(configured.inConfig, { LIES: 'says-no' })
    expect([refused.status, codeOf(refused.stderr)]).toEqual([1, 'UNTRUSTED_NO_SIGNATURE'])
    const unprocessed = await verify(configured.inConfig, { LIES: 'unprocessed' })
    expect(unprocessed.status).toBe(1)
  })

  test('one that does not answer is no yes and no no', async () => {
    const { status } = await verify(configured.inConfig, { LIES: 'one-result' })
    expect(status).toBe(3)
  })

  test('without it the signature is refused', async () => {
    const { inConfig, directory } = await configure({ name: 'com.example.other' })
    const { status, stdout } = await verify(inConfig)
    expect(status).toBe(1)
    expect(stdout).toContain('UNSUPPORTED_ATTRIBUTE')
    expect(directory).not.toBe(configured.directory)
  })

  test('it is not run for a chain that nobody trusts', async () => {
    const { inConfig, directory, folder } = await configure(both)
    const { chain: stranger } = await createTestChain({ algorithm: notaryAlgorithms[0]! })
    await writeFile(`${directory}/truststore/x509/ca/acme/root.pem`, encodePem('CERTIFICATE', stranger.at(-1)!))
    expect((await verify(inConfig)).status).toBe(1)
    await expect(readFile(`${folder}/asked.log`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('ocisign plugin', () => {
  const plugin = (args: readonly string[]) => run(['plugin', ...args])

  test('install, list and uninstall', async () => {
    const source = scene.path('source')
    const executable = await writePlugin(source, { version: '1.0.0' })
    const inConfig = ['--config-dir', scene.path('installing')]
    expect((await plugin(['list', ...inConfig])).stdout).toContain('no plugins')
    expect(await plugin(['install', ...inConfig, '--sha256sum', '0'.repeat(64), executable])).toMatchObject({
      status: 4,
    })
    const installed = await plugin(['install', ...inConfig, '--file', source])
    expect(installed).toMatchObject({ status: 0, stdout: `Installed the plugin ${name} 1.0.0\n`, stderr: '' })
    const again = await plugin(['install', ...inConfig, source])
    expect([again.status, codeOf(again.stderr)]).toEqual([2, 'MISUSE_OPTION'])
    expect(again.stderr).toContain('--force')
    await writePlugin(source, { version: '1.1.0' })
    expect((await plugin(['install', ...inConfig, source])).stdout).toContain('1.1.0, in place of 1.0.0')
    const broken = scene.path('installing/plugins/com.example.broken')
    await mkdir(broken, { recursive: true })
    await appendFile(`${broken}/notation-com.example.broken`, '#!/bin/sh\nexit 3\n')
    await chmod(`${broken}/notation-com.example.broken`, 0o755)
    const listed = JSON.parse((await plugin(['list', '-o', 'json', ...inConfig])).stdout)
    expect(listed.plugins).toMatchObject([
      { name: 'com.example.broken', error: { code: 'UNAVAILABLE_PLUGIN' } },
      { name, version: '1.1.0', capabilities: ['SIGNATURE_GENERATOR.RAW'] },
    ])
    expect((await plugin(['ls', ...inConfig])).stdout).toContain('com.example.broken (cannot be used)')
    expect(await plugin(['rm', '--yes', ...inConfig, 'com.example.broken'])).toMatchObject({ status: 0, stderr: '' })
    expect(await plugin(['add', '--force', ...inConfig, source])).toMatchObject({ status: 0, stderr: '' })
    expect(await plugin(['uninstall', '--yes', ...inConfig, name])).toMatchObject({ status: 0, stderr: '' })
    const gone = await plugin(['uninstall', ...inConfig, name])
    expect([gone.status, codeOf(gone.stderr)]).toEqual([3, 'UNAVAILABLE_PLUGIN'])
  })

  test('create makes a plugin of a provider', async () => {
    const inConfig = ['--config-dir', scene.path('creating')]
    const created = await plugin(['create', ...inConfig, '--provider', '@ocisign/provider-vault', 'com.example.vault'])
    expect(created).toMatchObject({ status: 0, stderr: '' })
    const folder = scene.path('creating/plugins/com.example.vault')
    const { dependencies } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
    expect(Object.keys(dependencies)).toEqual(['@ocisign/notation-plugin', '@ocisign/provider-vault'])
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\^\d+\.\d+\.\d+/)
    const more = [
      '--dependency',
      'acme-client@^2.0.0',
      '--provider',
      '@acme/keys@1.2.3',
      '--directory',
      scene.path('made'),
    ]
    expect(await plugin(['create', ...more, 'com.example.acme'])).toMatchObject({ status: 0 })
    const manifest = JSON.parse(await readFile(scene.path('made/com.example.acme/package.json'), 'utf8'))
    expect(manifest.dependencies).toMatchObject({ '@acme/keys': '1.2.3', 'acme-client': '^2.0.0' })
  })

  test('what create made is a plugin that signs', async () => {
    const token = 's.0123456789abcdefghij'
    const vault = await createFakeVault({ token })
    onTestFinished(() => vault.close())
    vault.createKey('release', 'ecdsa-p384')
    const [config, id] = [scene.path('vault'), 'hashivault://release']
    const inConfig = ['--config-dir', config]
    const env = { VAULT_ADDR: vault.origin, VAULT_TOKEN: token }
    await plugin(['create', ...inConfig, '--provider', '@ocisign/provider-vault', 'com.example.vault'])
    const modules = `${config}/plugins/com.example.vault/node_modules/@ocisign`
    await mkdir(modules, { recursive: true })
    const packages = join(import.meta.dirname, '../..')
    for (const each of ['notation-plugin', 'provider-vault']) await symlink(join(packages, each), `${modules}/${each}`)
    expect(await run(['cert', 'generate-test', '--key', id, ...inConfig, 'release'], { env })).toMatchObject({
      status: 0,
    })
    const chained = ['--plugin-config', `certificate-chain=${config}/localkeys/release.crt`]
    const signed = await sign([...inConfig, '--plugin', 'com.example.vault', '--id', id, ...chained], env)
    expect(signed).toMatchObject({ status: 0, stderr: '' })
    const listed = JSON.parse((await plugin(['list', '-o', 'json', ...inConfig])).stdout)
    expect(listed.plugins).toMatchObject([{ name: 'com.example.vault', version: '1.0.0' }])
  })

  test.each([
    ['no provider', ['create', 'com.example.x']],
    ['no version of it', ['create', '--provider', '@acme/keys', 'com.example.x']],
    ['no version of what it needs', ['create', '--provider', '@acme/keys@1.0.0', '--dependency', 'a', 'com.example.x']],
    ['no name', ['create', '--provider', '@acme/keys@1.0.0']],
    ['a name that is none', ['create', '--provider', '@acme/keys@1.0.0', '../x']],
    ['a package that is none', ['create', '--provider', 'Keys@1.0.0', 'com.example.x']],
    ['two files', ['install', '--file', 'a', 'b']],
    ['nothing to install', ['install']],
  ])('%s: misuse', async (_, args) => {
    const { status, stdout, stderr } = await plugin([...args, '--config-dir', scene.path('misused')])
    expect([status, stdout, codeOf(stderr)]).toEqual([2, '', 'MISUSE_OPTION'])
  })
})
