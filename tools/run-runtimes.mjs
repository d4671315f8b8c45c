#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Bundles a program that only verifies, with WebCrypto, and runs it on Node, Deno, Bun and workerd. The runtimes are
// installed from npm into .cache/, pinned, without running a script of theirs. `node tools/run-runtimes.mjs [NAME…]`;
// the last line is the plain total.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { workspaceRoot } from './lib/workspace.mjs'
import { makeFixtures } from './runtimes/fixtures.mjs'

const versions = { deno: '2.9.6', bun: '1.4.5', workerd: '1.20261117.1' }
const cache = join(workspaceRoot, '.cache/runtimes')

/** Where each runtime's package for this platform keeps its program, and how that runs ours. */
const runtimes = {
  node: { run: (folder) => execute(process.execPath, [join(folder, 'run.mjs')]) },
  deno: {
    scope: '@deno',
    program: /^deno(\.exe)?$/,
    run: (folder, program) => execute(program, ['run', '--no-prompt', '--no-config', join(folder, 'run.mjs')]),
  },
  bun: {
    scope: '@oven',
    program: /^bin\/bun(\.exe)?$/,
    run: (folder, program) => execute(program, [join(folder, 'run.mjs')]),
  },
  workerd: {
    scope: '@cloudflare',
    program: /^bin\/workerd(\.exe)?$/,
    run: (folder, program) => execute(program, ['test', '--verbose', join(folder, 'config.capnp')]),
  },
}

function execute(program, args) {
  const env = { PATH: process.env.PATH, HOME: cache, NO_COLOR: '1' }
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 300_000, env })
  // workerd prints what a test says to one stream, and what it thinks of the test to the other.
  return [stdout, stderr, error?.message].join('\n')
}

function install(name) {
  const prefix = join(cache, `${name}-${versions[name]}`)
  const find = () => findProgram(join(prefix, 'node_modules', runtimes[name].scope), runtimes[name].program)
  if (find()) return find()
  mkdirSync(prefix, { recursive: true })
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  execFileSync('npm', ['install', '--prefix', prefix, ...flags, `${name}@${versions[name]}`], { stdio: 'inherit' })
  const program = find()
  if (!program) throw new Error(`${name} ${versions[name]} has no program for this platform`)
  return program
}

/** npm installs only the package that fits the platform; where there are several, any of them runs. */
function findProgram(scope, program) {
  if (!existsSync(scope)) return undefined
  for (const folder of readdirSync(scope))
    for (const file of readdirSync(join(scope, folder), { recursive: true }))
      if (program.test(file.replaceAll('\\', '/'))) return join(scope, folder, file)
}

const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (
  modules = [(name = "run", esModule = embed "worker.mjs"), (name = "bundle.mjs", esModule = embed "bundle.mjs")],
  compatibilityDate = "2026-01-01",
);
`

async function makeProgram(folder) {
  const entry = join(workspaceRoot, 'tools/runtimes/verify-bundle.ts')
  const define = { fixtures: JSON.stringify(await makeFixtures()) }
  const options = { bundle: true, format: 'esm', platform: 'neutral', target: 'es2022', define, logLevel: 'silent' }
  await build({ entryPoints: [entry], outfile: join(folder, 'bundle.mjs'), ...options })
  const load = `import { main } from './bundle.mjs'\n`
  writeFileSync(join(folder, 'run.mjs'), `${load}await main(console.log)\n`)
  const test = `export default { async test() { if (!(await main(console.log))) throw new Error('failed') } }\n`
  writeFileSync(join(folder, 'worker.mjs'), load + test)
  writeFileSync(join(folder, 'config.capnp'), config)
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(runtimes)
const folder = mkdtempSync(join(tmpdir(), 'ocisign-runtimes-'))
let [passed, failed] = [0, 0]
try {
  await makeProgram(folder)
  for (const name of names) {
    let output
    try {
      output = runtimes[name].run(folder, name === 'node' ? undefined : install(name))
    } catch (error) {
      output = error.message
    }
    const ok = Number(/^ok (\d+)$/m.exec(output)?.[1] ?? 0)
    const bad = /^failed (\d+) of (\d+)$/m.exec(output)
    if (ok === 0) console.log(output.trim())
    console.log(`${name}: ${ok > 0 ? `ok, ${ok} cases` : 'failed'}`)
    passed += ok > 0 ? ok : bad ? bad[2] - bad[1] : 0
    failed += ok > 0 ? 0 : Number(bad?.[1] ?? 1)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
