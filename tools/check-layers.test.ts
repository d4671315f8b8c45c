// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkLayers } from './check-layers.mjs'

const spdx = '// SPDX-License-Identifier: Apache-2.0\n'
const manifest = { type: 'module', sideEffects: false }
let root: string

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const addPackage = (folder: string, extra: object = {}) =>
  write(`packages/${folder}/package.json`, JSON.stringify({ name: `@ocisign/${folder}`, ...manifest, ...extra }))
const source = (path: string, ...lines: string[]) => write(path, `${spdx}${lines.join('\n')}\n`)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'layers-'))
  for (const folder of ['core', 'layout', 'registry', 'provider-local', 'sigstore', 'cli']) addPackage(folder)
  source('packages/core/src/x509/name.ts', 'export interface Name {}', 'export const parseName = () => 1')
  source('packages/core/src/notary/jws.ts', 'export function decode() {}')
})
afterEach(() => rmSync(root, { recursive: true }))

test('a workspace that keeps the rules has no problem', () => {
  source('packages/core/src/index.ts', `export * from './x509/name.js'`, `export * from './notary/jws.js'`)
  source('packages/core/src/node/read.ts', `import { readFileSync } from 'node:fs'`, 'export { readFileSync, process }')
  source(
    'packages/core/src/crypto/node.ts',
    `import { verify } from 'node:crypto'`,
    'export const v = (k: Buffer) => verify',
  )
  source('packages/layout/src/index.ts', `import { decode } from '@ocisign/core'`, 'export { decode }')
  source('packages/registry/src/index.ts', `import { parseDigest } from '@ocisign/core'`)
  source('packages/cli/src/main.ts', `import '@ocisign/layout'`, 'console.log(process.argv, Date.now())')
  expect(checkLayers(root).problems).toEqual([])
})

test('the clock, the network and the environment may be the default of a parameter', () => {
  source(
    'packages/core/src/verify.ts',
    'export const a = (clock = () => new Date()) => clock()',
    'export const b = ({ get = fetch }: { get?: typeof fetch }) => get',
    'export const c = (o: { clock?: () => Date }) => o.clock ?? (() => new Date())',
    'export const d = { process: 1 }.process',
    'export const e = new Date(0)',
  )
  expect(checkLayers(root).problems).toEqual([])
})

const core = 'packages/core/src/one.ts'
const broken: [name: string, path: string, line: string, problem: string][] = [
  [
    'an arrow between providers',
    'packages/provider-local/src/a.ts',
    `import '@ocisign/layout'`,
    'may not import layout',
  ],
  ['an arrow out of core', core, `import type { Layout } from '@ocisign/layout'`, 'core may not import layout'],
  ['a dynamic import', core, `export const f = () => import('@ocisign/cli')`, 'core may not import cli'],
  ['an import type', core, `export type T = import('@ocisign/cli').T`, 'core may not import cli'],
  ['a computed import', core, 'export const f = (name: string) => import(name)', 'only shows at run time'],
  ['a relative way out', 'packages/layout/src/a.ts', `import '../../core/src/one.js'`, 'leaves the sources of layout'],
  ['a package importing itself', core, `import '@ocisign/core'`, 'use a relative path'],
  ['an unknown package', 'packages/sigstore/src/a.ts', `import '@ocisign/nowhere'`, 'may not import nowhere'],
  [
    'registry using x509',
    'packages/registry/src/a.ts',
    `import { parseName as n } from '@ocisign/core'`,
    'use parseName',
  ],
  ['registry taking all', 'packages/registry/src/a.ts', `import * as core from '@ocisign/core'`, 'names what it takes'],
  ['sigstore using notary', 'packages/sigstore/src/a.ts', `export { decode } from '@ocisign/core'`, 'not use decode'],
  ['notary knowing sigstore', 'packages/core/src/notary/b.ts', `import '@ocisign/sigstore'`, 'not import sigstore'],
  ['the contracts knowing a family', core, `import './notary/jws.js'`, 'an arrow that goes down'],
  ['x509 knowing a family', 'packages/core/src/x509/b.ts', `import '../notary/jws.js'`, 'an arrow that goes down'],
  ['node: where any runtime runs', core, `import 'node:fs'`, 'runs on Node only'],
  ['a bare built-in', 'packages/layout/src/a.ts', `import 'fs'`, 'write node:fs'],
  ['the environment', core, 'export const e = () => process.env', 'process: take it'],
  ['the environment by way of globalThis', core, 'export const e = () => globalThis.process', 'process: take it'],
  [
    'the same, with a type',
    core,
    'export const e = () => (globalThis as { Buffer?: unknown }).Buffer',
    'Buffer: take it',
  ],
  ['the terminal', core, `export const e = () => console.log('hi')`, 'console: take it'],
  ['the clock', core, 'export const e = () => Date.now()', 'the clock: take'],
  ['the clock by constructor', core, 'export const e = () => new Date()', 'the clock: take'],
  ['the network', core, `export const e = () => fetch('https://example.com')`, 'fetch: take it'],
  ['Buffer', core, 'export const e = () => Buffer.alloc(1)', 'Buffer: use Uint8Array'],
  ['weak randomness', core, 'export const e = () => Math.random()', 'Math.random: use'],
  ['state in a variable', core, 'let count = 0\nexport const e = () => count++', 'state of a module'],
  ['state in a cache', core, 'const cache = new Map<string, string>()\nexport { cache }', 'state of a module'],
  ['a class', core, 'export class Verifier {}', 'a class: plain functions'],
]

test.each(broken)('%s is a problem', (_, path, line, problem) => {
  source(path, line)
  const { problems } = checkLayers(root)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(`${path}:`)
  expect(problems[0]).toContain(problem)
})

test('a package that is not in the list is a problem', () => {
  addPackage('extra')
  source('packages/extra/src/index.ts', 'export const one = 1')
  expect(checkLayers(root).problems[0]).toContain('not in the list of packages')
})

test.each([
  ['a dependency that goes down', { dependencies: { '@ocisign/cli': 'workspace:*' } }, 'may not depend on cli'],
  ['a dependency that floats', { dependencies: { valibot: '^1.5.0' } }, 'not pinned exactly'],
  ['side effects', { sideEffects: true }, 'sideEffects must be false'],
  ['CommonJS', { type: 'commonjs' }, 'type must be module'],
])('%s is a problem', (_, extra, problem) => {
  addPackage('core', extra)
  expect(checkLayers(root).problems).toEqual([expect.stringContaining(problem)])
})

test.each(['packages/core/src/a.ts', 'packages/core/test/a.test.ts', 'tools/a.mjs', 'interop/a.go'])(
  'a file without its licence is a problem: %s',
  (path) => {
    write(path, '#!/usr/bin/env node\nexport {}\n')
    expect(checkLayers(root).problems).toEqual([expect.stringContaining(`${path}:1: begins with`)])
  },
)

test.each([
  ['packages/core/src/a.ts', 400, 0],
  ['packages/core/src/a.ts', 401, 1],
  ['packages/core/test/a.test.ts', 600, 0],
  ['packages/core/test/a.test.ts', 601, 1],
  ['tools/a.mjs', 401, 1],
])('%s of %i lines: %i problem(s)', (path, lines, expected) => {
  write(path, spdx + '//\n'.repeat(lines - 1))
  expect(checkLayers(root).problems).toHaveLength(expected)
})

test('a long file is worth a note, and the figures are told', () => {
  write('packages/core/src/a.ts', spdx + '//\n'.repeat(250))
  const { problems, warnings, files, median, p90 } = checkLayers(root)
  expect(problems).toEqual([])
  expect(warnings).toEqual([expect.stringContaining('251 lines')])
  expect({ files, median, p90 }).toEqual({ files: 3, median: 3, p90: 251 })
})
