// SPDX-License-Identifier: Apache-2.0
// node bench/blob.mjs [GIB]: `ocisign blob sign` and `blob verify` of a large file, against `openssl dgst -sha256` of the same.
import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const bytes = Math.round(Number(process.argv[2] ?? 2) * 1024 ** 3)
const rounds = 3
const main = new URL('../packages/cli/dist/main.js', import.meta.url).pathname
const directory = mkdtempSync(join(tmpdir(), 'ocisign-bench-'))

/** Runs a command of ours in a process that says how much memory it took at most. */
function ours(...args) {
  const code = `process.argv = [process.argv[0], ${JSON.stringify(main)}, ...${JSON.stringify(args)}]
process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'))
await import(${JSON.stringify(main)})`
  return timed(process.execPath, ['--input-type=module', '-e', code])
}

function timed(command, args) {
  const start = process.hrtime.bigint()
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw error ?? new Error(`${command}: ${stderr}`)
  const peak = /peak (\d+)/.exec(stderr)?.[1]
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, peakMiB: peak && Math.round(Number(peak) / 1024) }
}

const best = (runs) => runs.reduce((a, b) => (b.seconds < a.seconds ? b : a))

try {
  const file = join(directory, 'blob')
  const handle = openSync(file, 'w')
  ftruncateSync(handle, bytes)
  writeSync(handle, 'not only zeros')
  closeSync(handle)
  const config = ['--config-dir', join(directory, 'config')]
  ours('certificate', 'generate-test', ...config, '--trust', '--default', 'bench')
  ours('policy', 'init', '--blob', ...config, '--trust-store', 'ca:bench', '--trusted-identity', '*')
  const runs = { sign: [], verify: [], openssl: [] }
  timed('openssl', ['dgst', '-sha256', file])
  for (let round = 0; round < rounds; round++) {
    runs.openssl.push(timed('openssl', ['dgst', '-sha256', file]))
    runs.sign.push(ours('blob', 'sign', ...config, '--force', file))
    runs.verify.push(ours('blob', 'verify', ...config, '--signature', `${file}.jws.sig`, file))
  }
  const [openssl, sign, verify] = [best(runs.openssl), best(runs.sign), best(runs.verify)]
  const describe = ({ seconds, peakMiB }) => ({
    seconds: Number(seconds.toFixed(2)),
    toOpenssl: Number((seconds / openssl.seconds).toFixed(2)),
    peakMiB,
  })
  console.log(
    JSON.stringify(
      { bytes, opensslSeconds: Number(openssl.seconds.toFixed(2)), sign: describe(sign), verify: describe(verify) },
      null,
      2,
    ),
  )
} finally {
  rmSync(directory, { recursive: true, force: true })
}
