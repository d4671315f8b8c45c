// SPDX-License-Identifier: Apache-2.0
// Reads a folder of fixtures, and measures: what all benchmarks share.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cose, jws, parseCertificatesPem, parseTrustPolicy, withCertificates } from '../packages/core/dist/index.js'
import { openDirectoryTrustStore } from '../packages/core/dist/node/index.js'
import { openKeyFile } from '../packages/provider-local/dist/index.js'

export const defaultFixtures = new URL('./fixtures/', import.meta.url).pathname

/** The folder named by --dir, and how long a window is, in seconds. */
export function readArguments() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: defaultFixtures },
      seconds: { type: 'string', default: '0.4' },
      rounds: { type: 'string', default: '10' },
    },
  })
  return { directory: values.dir, seconds: Number(values.seconds), rounds: Number(values.rounds) }
}

/** The names of the fixtures in a folder. */
export function listFixtures(directory) {
  return readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'envelope')))
    .sort()
}

/** Everything a measurement needs, parsed; nothing of it is timed. */
export async function openFixture(directory, name) {
  const at = (...path) => join(directory, name, ...path)
  const format = name.startsWith('cose') ? cose : jws
  const target = JSON.parse(readFileSync(at('descriptor.json'), 'utf8'))
  const chain = parseCertificatesPem(readFileSync(at('chain.pem'))).map(({ der }) => der)
  return {
    name,
    format,
    target: { mediaType: target.mediaType, digest: target.digest, size: target.size },
    envelope: new Uint8Array(readFileSync(at('envelope'))),
    policy: parseTrustPolicy(new Uint8Array(readFileSync(at('config', 'trustpolicy.json'))), 'oci'),
    trustStore: await openDirectoryTrustStore(at('config')),
    key: withCertificates(await openKeyFile(at('key.pem')), chain),
    scope: 'local/corpus',
  }
}

/** Runs an operation for about so many seconds; resolves to operations a second. */
export async function measure(operation, seconds) {
  const until = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9))
  const start = process.hrtime.bigint()
  let operations = 0
  let now = start
  while (now < until) {
    // A batch between looks at the clock: the clock costs as much as a tenth of the quickest operation.
    for (let batch = 0; batch < 16; batch++) await operation()
    operations += 16
    now = process.hrtime.bigint()
  }
  return operations / (Number(now - start) / 1e9)
}

/** The best of several windows: what the machine can do when nobody disturbs it. */
export const best = (figures) => Math.round(Math.max(...figures))
