// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

const dist = new URL('dist/', import.meta.url)
// Built files have hashes in their names; what an earlier build made must not be published.
if (existsSync(dist))
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.js')) rmSync(new URL(file, dist))

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** No command signs deterministically: a second implementation of three curves would be dead weight. */
const leaveOutDeterministicKeys: Plugin = {
  name: 'leave-out-deterministic-keys',
  setup(build) {
    build.onResolve({ filter: /\/deterministic(?:-[A-Z0-9]+)?\.js$/ }, () => ({
      path: 'left-out',
      namespace: 'left-out',
    }))
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: `export function createDeterministicKey() { throw new Error('not part of the command line') }`,
    }))
  },
}

const common: Options = {
  format: ['esm'],
  // The declarations come from `tsc -b`; see docs/decisions.
  dts: false,
  clean: false,
  splitting: true,
  treeshake: false,
  target: 'es2022',
  platform: 'node',
  removeNodeProtocol: false,
  noExternal: [/^@ocisign\//],
  esbuildPlugins: [leaveOutDeterministicKeys],
}

// Each command is bundled by itself, with all that it needs and nothing else: starting one reads two files, and what
// commands share is there several times, which costs less than looking it up.
const commands = readdirSync(new URL('src/commands/', import.meta.url)).map((file) => file.replace(/\.ts$/, ''))

export default defineConfig([
  { ...common, entry: ['src/main.ts'], external: [/^\.\/commands\//] },
  ...commands.map((name) => ({ ...common, entry: { [`commands/${name}`]: `src/commands/${name}.ts` } })),
])
