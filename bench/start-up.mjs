// SPDX-License-Identifier: Apache-2.0
// node bench/start-up.mjs: how much longer `ocisign verify` of one reference takes than `node -e 0`, in interleaved pairs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestBytes, encodeText, mediaTypes } from '../packages/core/dist/index.js'
import { openLayout } from '../packages/layout/dist/index.js'

const pairs = Number(process.argv[2] ?? 30)
const main = new URL('../packages/cli/dist/main.js', import.meta.url).pathname
const directory = mkdtempSync(join(tmpdir(), 'ocisign-bench-'))

function run(...args) {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return milliseconds
}

const median = (figures) => [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)]

try {
  const [layout, config] = [join(directory, 'layout'), join(directory, 'config')]
  const store = await openLayout(layout, { create: true })
  const bytes = encodeText('{"schemaVersion":2}')
  const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
  await store.push(image, bytes)
  await store.tag(image, 'v1')
  run(main, 'certificate', 'generate-test', '--config-dir', config, '--trust', '--default', 'bench')
  run(main, 'policy', 'init', '--config-dir', config, '--trust-store', 'ca:bench', '--trusted-identity', '*')
  run(main, 'sign', '--oci-layout', '--config-dir', config, `${layout}@${image.digest}`)
  const verify = [main, 'verify', '--oci-layout', '--config-dir', config, '--scope', 'local/bench', `${layout}:v1`]
  const [bare, ours] = [[], []]
  run('-e', '0')
  run(...verify)
  for (let pair = 0; pair < pairs; pair++) {
    bare.push(run('-e', '0'))
    ours.push(run(...verify))
  }
  const more = ours.map((each, index) => each - bare[index])
  const rounded = (value) => Number(value.toFixed(1))
  const figures = { pairs, nodeMilliseconds: rounded(median(bare)), verifyMilliseconds: rounded(median(ours)) }
  console.log(JSON.stringify({ ...figures, medianDifference: rounded(median(more)) }, null, 2))
} finally {
  rmSync(directory, { recursive: true, force: true })
}
