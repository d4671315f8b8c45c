#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs the conformance program of the distribution specification (its folder `conformance`, built with `go build`) against
// the fake registry of @ocisign/conformance: `node tools/run-distribution.mjs PROGRAM`, after `npm run build`.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createFakeRegistry } from '@ocisign/conformance/fake'
import { report } from './lib/workspace.mjs'

const program = process.argv[2]
if (program === undefined) {
  console.error('distribution: which program?')
  process.exit(2)
}

const users = { me: 'secret' }
const kinds = [
  ['open to all', { mounts: 'anywhere' }],
  ['with basic authentication', { mounts: 'anywhere', auth: { kind: 'basic', users } }],
  ['with tokens', { auth: { kind: 'bearer', users } }],
  [
    'with whole addresses, long chunks and no filter',
    { absoluteLocations: true, chunkMinLength: 10, filtersReferrers: false },
  ],
]
/** What the program does not ask for unless it is told to. */
const everything = {
  OCI_API_BLOBS_DIGEST_HEADER: 'true',
  OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
  OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
  OCI_API_MANIFESTS_TAG_PARAM: 'true',
}

/** What it says: how many passed, and what failed. */
async function run(options) {
  const registry = await createFakeRegistry(options)
  const folder = mkdtempSync(join(tmpdir(), 'distribution-'))
  const credentials = options.auth ? { OCI_USERNAME: 'me', OCI_PASSWORD: users.me } : {}
  const at = { OCI_REGISTRY: registry.host, OCI_TLS: 'disabled', OCI_RESULTS_DIR: folder }
  const child = spawn(resolve(program), {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...at, ...everything, ...credentials },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await new Promise((end) => child.once('close', end))
  await registry.close()
  rmSync(folder, { recursive: true })
  const failed = said.split('\n').filter((line) => /: (FAIL|Error)$/.test(line))
  return { passed: Number(/^ +Pass\.*: +(\d+)$/m.exec(said)?.[1] ?? 0), failed }
}

const problems = []
let total = 0
for (const [kind, options] of kinds) {
  const { passed, failed } = await run(options)
  total += passed
  if (passed === 0) problems.push(`${kind}: nothing passed`)
  problems.push(...failed.map((line) => `${kind}: ${line.trim()}`))
}
report('distribution', problems, `${total} of the program's tests passed`)
