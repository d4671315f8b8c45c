// SPDX-License-Identifier: Apache-2.0
// A command loads itself, and of Node's modules only those it needs.
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, program, run } from './support/program.js'
import { createScene, type Scene } from './support/scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
  await run(['sign', '--oci-layout', ...scene.signingWith('good'), scene.path('layout:v1')])
})
afterAll(() => scene.dispose())

const recorder = join(import.meta.dirname, 'support/record-modules.cjs')
const bundles = join(program, '../commands')
const parts = join(program, '../parts')
let runs = 0

/** What a command line loads, after `main.js`. */
async function modulesOf(args: readonly string[], status = 0): Promise<readonly string[]> {
  const record = scene.path(`modules-${runs++}`)
  expect(await run(args, { require: recorder, env: { MODULES: record } })).toMatchObject({ status })
  return [...new Set(linesOf(await readFile(record, 'utf8')))].filter((each) => each !== program)
}

const ofNode = (modules: readonly string[]) => modules.filter((each) => each.startsWith('node:')).sort()
const ours = (modules: readonly string[]) => modules.filter((each) => /^[./]/.test(each))

test('verify loads nothing but its own bundle and a few modules of Node', async () => {
  const modules = await modulesOf(['verify', ...scene.verifying, scene.path('layout:v1')])
  expect(ours(modules)).toEqual([expect.stringMatching(/\/dist\/commands\/verify\.js$/)])
  const needed = ['buffer', 'crypto', 'fs', 'path', 'process']
  expect(ofNode(modules)).toEqual(needed.map((each) => `node:${each}`))
  for (const name of ['fs/promises', 'internal/crypto/webcrypto', 'net', 'tty'])
    expect(modules).not.toContain(`NativeModule ${name}`)
})

test.each([
  ['list', () => ['list', '--oci-layout', scene.path('layout:v1')]],
  ['inspect', () => ['inspect', '--oci-layout', scene.path('layout:v1')]],
  ['policy-lint', () => ['policy', 'lint', '--config-dir', scene.path('config')]],
  ['certificate-list', () => ['cert', 'list', '--config-dir', scene.path('config')]],
  ['help', () => ['--help']],
])('%s loads its own bundle only, and no terminal', async (name, args) => {
  const modules = await modulesOf(args())
  expect(ours(modules)).toEqual([join(bundles, `${name}.js`)])
  for (const unneeded of ['net', 'tty', 'child_process', 'worker_threads', 'http', 'dns'])
    expect(modules).not.toContain(`NativeModule ${unneeded}`)
})

test('a reference of a registry loads what speaks to it, and of undici what sends requests', async () => {
  const reference = '127.0.0.1:1/app:v1'
  const modules = await modulesOf(['list', reference], 3)
  expect(ours(modules)).toEqual(
    expect.arrayContaining([join(bundles, 'list.js'), '../parts/registry.js', '../parts/network.js']),
  )
  expect(modules).not.toContain('undici')
  expect(modules).toContain('undici/lib/dispatcher/agent.js')
})

test('a layout in an archive loads what reads it', async () => {
  const modules = await modulesOf(['list', '--oci-layout', `${scene.path('good.key')}:v1`], 4)
  expect(ours(modules)).toEqual([join(bundles, 'list.js'), '../parts/tar-layout.js'])
})

test('a key of a service loads the part that opens it, and no other', async () => {
  const chain = ['--certificate-chain', scene.path('good.chain')]
  const loads = async (uri: string, ...args: readonly string[]) =>
    ours(await modulesOf(['sign', '--oci-layout', '--key', uri, ...args, scene.path('layout:v1')], 2))
  const sign = join(bundles, 'sign.js')
  expect(await loads('awskms:///alias/x', ...chain)).toEqual([sign, '../parts/provider-aws.js'])
  expect(await loads('gcpkms://projects/p/cryptoKeys/k', ...chain)).toEqual([sign, '../parts/provider-gcp.js'])
  expect(await loads('trustedsigning://weu/a/p')).toEqual([sign, '../parts/trusted-signing.js'])
  // What brings no certificates is refused before anything is asked of it.
  expect(await loads('hashivault://x')).toEqual([sign, '../parts/provider-vault.js'])
})

test('help loads no cryptography', async () => {
  expect(await modulesOf(['--help'])).not.toContain('NativeModule crypto')
})

/** What only code of that kind says. */
const marks = {
  'reading certificates': 'two signature algorithms',
  signing: 'is not the key of the certificate it was given',
  'keys in files': 'holds no private key',
  'trust policies': 'trustPolicies',
  layouts: 'imageLayoutVersion',
  COSE: 'application/cose',
}

const expected: Readonly<Record<string, readonly (keyof typeof marks)[]>> = {
  'blob-sign': ['COSE', 'keys in files', 'reading certificates', 'signing'],
  'blob-verify': ['COSE', 'reading certificates', 'trust policies'],
  'certificate-list': ['reading certificates'],
  help: [],
  inspect: ['COSE', 'layouts', 'reading certificates'],
  list: ['layouts'],
  'policy-lint': ['reading certificates', 'trust policies'],
  sign: ['COSE', 'keys in files', 'layouts', 'reading certificates', 'signing'],
  verify: ['COSE', 'layouts', 'reading certificates', 'trust policies'],
}

test.each(Object.entries(expected))('the bundle of %s holds %j', async (name, kinds) => {
  const text = await readFile(join(bundles, `${name}.js`), 'utf8')
  expect(
    Object.entries(marks)
      .flatMap(([kind, mark]) => (text.includes(mark) ? [kind] : []))
      .sort(),
  ).toEqual(kinds)
})

test('no bundle holds a second implementation of elliptic curves; one imports a package', async () => {
  const imported = new Map<string, readonly (string | undefined)[]>()
  for (const folder of [bundles, parts])
    for (const file of readdirSync(folder).filter((each) => each.endsWith('.js'))) {
      const text = await readFile(join(folder, file), 'utf8')
      expect(text).not.toContain('Montgomery')
      const required = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name)
      const packages = required.filter((each) => !each?.startsWith('node:') && !each?.startsWith('../parts/'))
      if (packages.length > 0) imported.set(file, packages)
    }
  expect([...imported]).toEqual([['network.js', ['undici/lib/dispatcher/agent.js', 'undici']]])
})
