// SPDX-License-Identifier: Apache-2.0
// Trust policies, trust stores and test keys.
import { readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, run } from './support/program.js'
import { createScene, identity, type Scene, scope } from './support/scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.dispose())

const at = (name: string) => ['--config-dir', scene.path(name)]

describe('policy', () => {
  test('init writes what lint finds nothing wrong with, and explain explains', async () => {
    const { path } = scene
    const root = path('good.root.pem')
    expect(await run(['certificate', 'add', ...at('new'), '-t', 'ca', '-s', 'acme', root])).toMatchObject({ status: 0 })
    const common = ['--trust-store', 'ca:acme', '--trusted-identity', identity]
    expect(await run(['policy', 'init', ...at('new'), ...common, '--scope', scope, '--name', 'app'])).toMatchObject({
      status: 0,
    })
    expect(await run(['policy', 'init', ...at('new'), ...common, '--blob', '--level', 'permissive'])).toMatchObject({
      status: 0,
    })
    expect(JSON.parse(await readFile(path('new/trustpolicy.json'), 'utf8')).trustPolicies).toEqual([
      {
        name: 'app',
        registryScopes: [scope],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:acme'],
        trustedIdentities: [identity],
      },
    ])
    const linted = await run(['policy', 'lint', ...at('new'), '--output', 'json'])
    expect(linted.status).toBe(0)
    expect(JSON.parse(linted.stdout)).toMatchObject({
      schemaVersion: 1,
      usable: true,
      files: [{ kind: 'oci', problems: [] }, { kind: 'blob' }],
    })
    const explained = await run(['policy', 'explain', ...at('new'), '-o', 'json', `${scope}:v1`])
    expect(JSON.parse(explained.stdout)).toEqual({
      schemaVersion: 1,
      reference: `${scope}:v1`,
      selected: 'app',
      policies: [{ policy: 'app', selected: true, reason: expect.any(String) }],
    })
    expect((await run(['policy', 'explain', ...at('new'), '--blob'])).stdout).toMatch(/^✓ default: /)
    const forced = ['policy', 'init', ...at('new'), ...common, '--force', '--name', 'other']
    expect(await run(forced)).toMatchObject({ status: 0 })
    expect(await readFile(path('new/trustpolicy.json'), 'utf8')).toContain('other')
  })

  test('lint says where, of a file by itself', async () => {
    const file = scene.path('trustpolicy.blob.json')
    await writeFile(file, '{ "version": "1.0", "trustPolicies": [{ "name": "x", "level": 1 }] }')
    const { status, stdout, stderr } = await run(['policy', 'lint', file])
    expect(status).toBe(4)
    expect(stdout).toMatch(/✗ trustPolicies\[0\]\S*: /)
    expect(linesOf(stderr)).toHaveLength(1)
    const json = JSON.parse((await run(['policy', 'lint', '-o', 'json', file])).stdout)
    expect(json).toMatchObject({ usable: false, files: [{ path: file, kind: 'blob' }] })
    expect(json.files[0].problems[0]).toMatchObject({
      path: expect.any(String),
      message: expect.any(String),
      severity: 'error',
    })
  })
})

describe('certificate', () => {
  test('list shows what is trusted and what cannot be', async () => {
    await run(['certificate', 'add', ...at('stores'), '-t', 'ca', '-s', 'acme', scene.path('good.root.pem')])
    await run(['cert', 'add', ...at('stores'), '-t', 'tsa', '-s', 'clock', scene.path('good.root.pem')])
    await writeFile(scene.path('stores/truststore/x509/tsa/clock/junk.pem'), 'junk')
    const listed = JSON.parse((await run(['certificate', 'list', ...at('stores'), '-o', 'json'])).stdout)
    expect(listed).toEqual({
      schemaVersion: 1,
      stores: [
        {
          store: 'ca:acme',
          usable: true,
          certificates: [
            {
              file: expect.stringContaining('good.root.pem'),
              subject: 'CN=ocisign test root,O=ocisign test,ST=WA,C=US',
              notAfter: expect.stringMatching(/Z$/),
            },
          ],
          warnings: [],
        },
        expect.objectContaining({ store: 'tsa:clock', usable: false, warnings: [expect.any(String)] }),
      ],
    })
    const one = await run(['certificate', 'list', ...at('stores'), '--type', 'tsa'])
    expect(one.stdout).toContain('tsa:clock (cannot be used)')
    expect(one.stdout).not.toContain('ca:acme')
    expect((await run(['certificate', 'list', ...at('absent')])).status).toBe(0)
  })

  test('generate-test makes a key that signs, and with --trust a store that verifies', async () => {
    for (const [length, kind] of [
      ['1', 'p256'],
      ['3', 'rsa2048'],
    ] as const) {
      const name = `key-${length}`
      const options = ['--chain-length', length, '--algorithm', kind, '--trust', '--default']
      expect(await run(['certificate', 'generate-test', ...at(name), ...options, name])).toMatchObject({ status: 0 })
      expect((await stat(scene.path(name, 'localkeys', `${name}.key`))).mode & 0o777).toBe(0o600)
      const trust = [
        '--trust-store',
        `ca:${name}`,
        '--trusted-identity',
        `x509.subject: C=US, ST=WA, O=Notary, CN=${name}`,
      ]
      expect(await run(['policy', 'init', ...at(name), ...trust])).toMatchObject({ status: 0 })
      expect(await run(['sign', '--oci-layout', ...at(name), scene.path('layout:v1')])).toMatchObject({ status: 0 })
      const verified = await run(['verify', '--oci-layout', ...at(name), '--scope', 'a/b', scene.path('layout:v1')])
      expect(verified).toMatchObject({ status: 0, stderr: '' })
      const again = await run(['certificate', 'generate-test', ...at(name), name])
      expect(again).toMatchObject({ status: 2, stdout: '' })
    }
  })

  test('a second key does not become the default by itself, and paths do not depend on the folder', async () => {
    const options = { cwd: scene.folder }
    for (const name of ['first', 'second'])
      await run(['certificate', 'generate-test', '--config-dir', 'relative', name], options)
    const keys = JSON.parse(await readFile(scene.path('relative/signingkeys.json'), 'utf8'))
    expect(keys.default).toBe('first')
    expect(keys.keys.map(({ keyPath }: { keyPath: string }) => keyPath)).toEqual(
      ['first', 'second'].map((name) => scene.path('relative/localkeys', `${name}.key`)),
    )
    const explicit = ['sign', '--oci-layout', '--config-dir', 'relative', '--key', 'second', 'layout:v1']
    expect(await run(explicit, options)).toMatchObject({ status: 0 })
  })

  test('what fails half-way leaves nothing', async () => {
    await run(['certificate', 'generate-test', ...at('taken'), 'x'])
    await run(['certificate', 'add', ...at('taken'), '-t', 'ca', '-s', 'y', scene.path('good.root.pem')])
    await writeFile(scene.path('taken/truststore/x509/ca/y/y.crt'), await readFile(scene.path('good.root.pem')))
    const before = await scene.snapshot()
    const refused = await run(['certificate', 'generate-test', ...at('taken'), '--trust', 'y'])
    expect(refused).toMatchObject({ status: 2, stdout: '' })
    expect(linesOf(refused.stderr)).toHaveLength(1)
    expect(await scene.snapshot()).toEqual(before)
  })
})

test('the default configuration directory is the one of Notation', async () => {
  const env = { XDG_CONFIG_HOME: scene.path('xdg') }
  await run(['certificate', 'generate-test', 'k'], { env })
  expect(await readFile(scene.path('xdg/notation/signingkeys.json'), 'utf8')).toContain('"k"')
})

describe('help', () => {
  const commands = ['sign', 'verify', 'list', 'inspect', 'blob sign', 'blob verify', 'policy lint', 'policy explain']
  const more = ['policy init', 'certificate add', 'certificate list', 'certificate generate-test']
  test('names every command and the version', async () => {
    const { status, stdout } = await run(['--help'])
    expect(status).toBe(0)
    for (const name of [...commands, ...more]) expect(stdout).toContain(`  ${name} `)
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
  test.concurrent.each([...commands, ...more])('%s --help', async (name) => {
    const { status, stdout, stderr } = await run([...name.split(' '), '--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`Usage: ocisign ${name} `)
    expect(stdout).toContain('--debug')
  })
})
