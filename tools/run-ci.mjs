#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs every step one after the other, whether or not an earlier one failed, and adds up. `.ci/run` starts it;
// `.ci/run NAME…` runs only the named steps. Uses nothing that has to be installed first.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listFiles, workspaceRoot } from './lib/workspace.mjs'

const minimumGo = [1, 24]
const stepMinutes = 30
const scratch = mkdtempSync(join(tmpdir(), 'ocisign-ci-'))
const testReport = join(scratch, 'tests.json')

const steps = [
  // `npm test` installs and builds, so it comes first.
  {
    name: 'tests',
    command: ['npm', 'test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${testReport}`],
    count: countTests,
  },
  { name: 'lint', command: ['npm', 'run', '-s', 'lint'] },
  { name: 'types', command: ['npm', 'run', '-s', 'types'] },
  { name: 'layers', command: ['npm', 'run', '-s', 'layers'] },
  { name: 'sizes', command: ['npm', 'run', '-s', 'sizes'] },
  { name: 'knip', command: ['npm', 'run', '-s', 'knip'] },
  { name: 'packages', command: ['npm', 'run', '-s', 'packages'] },
  { name: 'template', command: ['npm', 'run', '-s', 'template'] },
  { name: 'api', command: ['npm', 'run', '-s', 'api', '--', '--check'] },
  { name: 'errors', command: ['npm', 'run', '-s', 'errors'] },
  { name: 'attacks', command: ['npm', 'run', '-s', 'attacks'] },
  { name: 'distribution', command: ['npm', 'run', '-s', 'distribution'] },
  { name: 'examples', command: ['npm', 'run', '-s', 'examples'] },
  { name: 'demo', command: ['node', 'examples/demo.mjs'] },
  { name: 'fuzz', command: fuzzCommand, env: { OCISIGN_FUZZ_RUNS: '20000' } },
  { name: 'runtimes', command: ['npm', 'run', '-s', 'runtimes'], count: countLastLine },
  { name: 'soak', command: ['npm', 'run', '-s', 'soak'], count: countLastLine },
  { name: 'browser', command: ['npm', 'run', '-s', 'browser'], count: countLastLine },
  { name: 'providers', command: ['npm', 'run', '-s', 'providers'], count: countLastLine },
  { name: 'interop', command: ['npm', 'run', '-s', 'interop'], count: countLastLine, ready: hasGo },
]

/** The tests that take their number of runs from the environment. */
function fuzzCommand() {
  const files = listFiles(workspaceRoot, 'packages', /\.test\.ts$/).filter((path) =>
    /\bfuzz[A-Z]\w*\(|OCISIGN_FUZZ_RUNS/.test(readFileSync(join(workspaceRoot, path), 'utf8')),
  )
  return ['npx', 'vitest', 'run', ...files]
}

function hasGo() {
  const { stdout } = spawnSync('go', ['version'], { encoding: 'utf8' })
  const found = /go(\d+)\.(\d+)/.exec(stdout ?? '')
  const isEnough = found && (found[1] > minimumGo[0] || (Number(found[1]) === minimumGo[0] && found[2] >= minimumGo[1]))
  return isEnough ? undefined : `needs Go ${minimumGo.join('.')} or later; found ${found ? found[0] : 'none'}`
}

function countTests(code) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(testReport, 'utf8'),
    )
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
  } catch {
    return { passed: 0, failed: code === 0 ? 1 : 0, skipped: 0 }
  }
}

function countLastLine(_code, output) {
  const found = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1)
  return found
    ? { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3] ?? 0) }
    : { passed: 0, failed: 1, skipped: 0 }
}

const countStep = (code) => ({ passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 })

/** Runs a command with its output in full view; resolves to its exit code, and the end of what it printed. */
function run(command, env) {
  return new Promise((resolve) => {
    const [program, ...args] = command
    const stdio = ['ignore', 'pipe', 'pipe']
    const child = spawn(program, args, { cwd: workspaceRoot, env: { ...process.env, CI: 'true', ...env }, stdio })
    const timer = setTimeout(() => child.kill('SIGKILL'), stepMinutes * 60_000)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        process.stdout.write(text)
        output = (output + text).slice(-100_000)
      })
    child.on('error', (error) => console.log(error.message))
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? 1, output })
    })
  })
}

async function runStep({ name, command, env, ready, count = countStep }) {
  console.log(`\n=== ${name}`)
  const start = process.hrtime.bigint()
  const obstacle = ready?.()
  if (obstacle) console.log(`${name}: ${obstacle}`)
  const { code, output } = obstacle
    ? { code: 1, output: '' }
    : await run(typeof command === 'function' ? command() : command, env)
  const counted = count(code, output)
  // A step that ends badly has failed, even where what it counted looks well.
  const failed = code !== 0 ? Math.max(1, counted.failed) : counted.failed
  return { name, ...counted, failed, seconds: Number(process.hrtime.bigint() - start) / 1e9 }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name))
const results = unknown.map((name) => ({ name: `no step ${name}`, passed: 0, failed: 1, skipped: 0, seconds: 0 }))
try {
  for (const step of steps) if (wanted.length === 0 || wanted.includes(step.name)) results.push(await runStep(step))
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log('')
for (const { name, passed, failed, skipped, seconds } of results)
  console.log(
    `${failed > 0 ? 'FAIL' : 'ok  '}  ${name.padEnd(10)} ${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed` +
      `${skipped > 0 ? ` ${skipped} skipped` : ''}  ${seconds.toFixed(0)} s`,
  )
const total = (key) => results.reduce((sum, result) => sum + result[key], 0)
const skipped = total('skipped') > 0 ? `, ${total('skipped')} skipped` : ''
console.log(`${total('passed')} passed, ${total('failed')} failed${skipped}`)
process.exitCode = total('failed') > 0 ? 1 : 0
