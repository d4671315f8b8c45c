// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkProvider } from '@ocisign/conformance/provider'
import { afterEach, expect, test } from 'vitest'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const manifest = {
  name: 'ocisign-provider-acme',
  type: 'module',
  sideEffects: false,
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './uri': { types: './dist/uri/index.d.ts', default: './dist/uri/index.js' },
  },
  dependencies: { '@ocisign/core': '^0.1.0', left: '1.0.0' },
  peerDependencies: { 'acme-client': '^1.0.0' },
  peerDependenciesMeta: { 'acme-client': { optional: true } },
}

const files: Readonly<Record<string, string>> = {
  'README.md': '# acme',
  'src/index.ts': "export { createAcmeKey } from './key.js'\n",
  'src/key.ts': [
    "import type { AcmeClient } from 'acme-client'",
    "import { createRemoteKey } from '@ocisign/core'",
    "import { x } from 'left'",
    '// class, console.log and process.env in a comment are nobody`s concern',
    "export const createAcmeKey = (client: AcmeClient) => [client, x, createRemoteKey, 'process.exit(1)']",
  ].join('\n'),
  'src/uri/index.ts': [
    "export const scheme = 'acme'",
    'export async function openKey(uri: string, { environment = process.env } = {}) {',
    "  return [uri, environment, await import('acme-client')]",
    '}',
  ].join('\n'),
  'test/conformance.test.ts': "import { signingKeyCases } from '@ocisign/conformance'",
  'dist/index.js': 'export const createAcmeKey = () => {}',
  'dist/uri/index.js': [
    "export const scheme = 'acme'",
    "export const openKey = async () => { throw Object.assign(new Error(''), { code: 'INVALID_KEY' }) }",
  ].join('\n'),
}

function make(changes: Readonly<Record<string, string | undefined>> = {}, changed: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocisign-provider-'))
  folders.push(folder)
  const all = { ...files, 'package.json': JSON.stringify({ ...manifest, ...changed }), ...changes }
  for (const [path, content] of Object.entries(all)) {
    if (content === undefined) continue
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

const load = (url: string) => import(/* @vite-ignore */ url)
const check = (directory: string) => checkProvider({ directory, load })

test('a provider as every other has no problem', async () => {
  expect(await check(make())).toEqual([])
})

test('declarations may have classes: they run nothing', async () => {
  expect(await check(make({ 'src/acme-client.d.ts': "declare module 'acme-client' { class Client {} }" }))).toEqual([])
})

test('the folder uri may have more than one file', async () => {
  const credential = "export const open = async () => import('acme-client')"
  expect(await check(make({ 'src/uri/credential.ts': credential }))).toEqual([])
})

test('a folder that is no package says so', async () => {
  expect(await check(make({ 'package.json': undefined }))).toEqual(['there is no package.json'])
})

const sources: readonly (readonly [string, string, RegExp])[] = [
  ['src/key.ts', 'class Key {}', /^src\/key\.ts: has a class/],
  ['src/key.ts', 'const key = new (class Key {})()', /has a class/],
  ['src/key.ts', "console.log('x')", /writes to the console/],
  ['src/key.ts', "await fetch('https://example.com')", /calls fetch itself/],
  ['src/key.ts', 'const region = process.env.REGION', /reads the process/],
  ['src/uri/index.ts', 'if (process.env.X) throw 1', /reads the process/],
  ['src/key.ts', "import { Client } from 'acme-client'", /loads acme-client with the package/],
  ['src/key.ts', "export * from 'acme-client'", /loads acme-client with the package/],
  ['src/key.ts', "import {\n  type A,\n  B,\n} from 'acme-client/sub'", /loads acme-client with the package/],
  ['src/key.ts', "import 'acme-client'", /loads acme-client with the package/],
  ['src/key.ts', "const { Client } = await import('acme-client')", /only uri does/],
  ['src/key.ts', "import { openLayout } from '@ocisign/layout'", /@ocisign\/layout, which is no dependency/],
  ['src/uri/index.ts', "await import('stranger')", /stranger, which is no dependency/],
]
test.each(sources)('%s with `%s` is wrong', async (path, content, expected) => {
  const problems = await check(make({ [path]: content }))
  expect(problems).toEqual([expect.stringMatching(expected)])
})

const missing: readonly (readonly [string, RegExp])[] = [
  ['src/index.ts', /there is no src\/index\.ts/],
  ['src/key.ts', /there is no src\/key\.ts/],
  ['src/uri/index.ts', /there is no src\/uri\/index\.ts/],
  ['README.md', /there is no README\.md/],
  ['test/conformance.test.ts', /no file in test runs signingKeyCases/],
  ['dist/uri/index.js', /\.\/dist\/uri\/index\.js is not there/],
]
test.each(missing)('without %s it is wrong', async (path, expected) => {
  expect(await check(make({ [path]: undefined }))).toEqual([expect.stringMatching(expected)])
})

const manifests: readonly (readonly [string, object, RegExp])[] = [
  ['is no module', { type: 'commonjs' }, /"type" is not "module"/],
  ['has side effects', { sideEffects: true }, /"sideEffects" is not false/],
  ['has no ./uri', { exports: { '.': manifest.exports['.'] } }, /no ".\/uri"/],
  ['does not need core', { dependencies: { left: '1.0.0' } }, /@ocisign\/core is no dependency/],
  [
    'needs another of ours',
    { dependencies: { ...manifest.dependencies, '@ocisign/layout': '1' } },
    /@ocisign\/layout is a dependency/,
  ],
  ['needs its client always', { peerDependenciesMeta: {} }, /acme-client is not optional/],
]
test.each(manifests)('a package.json that %s is wrong', async (_, changed, expected) => {
  expect(await check(make({}, changed))).toEqual([expect.stringMatching(expected)])
})

const built: readonly (readonly [string, string, RegExp])[] = [
  ['dist/index.js', 'export const openAcme = () => {}', /exports no function named create…Key/],
  ['dist/index.js', 'export const createAcmeKey = () => {}\nexport class Odd {}', /exports the class Odd/],
  ['dist/uri/index.js', `export const scheme = 'Acme:'\n${files['dist/uri/index.js']!.split('\n')[1]}`, /no scheme/],
  ['dist/uri/index.js', "export const scheme = 'acme'", /exports no function openKey/],
  [
    'dist/uri/index.js',
    "export const scheme = 'acme'\nexport const openKey = async () => ({})",
    /should refuse a URI of another scheme/,
  ],
]
test.each(built)('%s that is `%s` is wrong', async (path, content, expected) => {
  expect(await check(make({ [path]: content }))).toEqual([expect.stringMatching(expected)])
})

test('without load nothing is run', async () => {
  const directory = make({ 'dist/index.js': 'throw new Error()' })
  expect(await checkProvider({ directory })).toEqual([])
})
