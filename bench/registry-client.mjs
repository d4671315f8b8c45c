// SPDX-License-Identifier: Apache-2.0
// The process of bench/registry.mjs that verifies with our libraries; its parent says what, and when.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent } from 'undici'
import { cose, createNotaryVerifier, jws, parseTrustPolicy, verifyArtifact } from '../packages/core/dist/index.js'
import { openDirectoryTrustStore } from '../packages/core/dist/node/index.js'
import { createRegistry } from '../packages/registry/dist/index.js'
import { createDispatcherFetch } from '../packages/registry/dist/node/index.js'

const [{ repository, tags, configDir, concurrency }] = await once(process, 'message')
const policy = parseTrustPolicy(new Uint8Array(readFileSync(`${configDir}/trustpolicy.json`)), 'oci')
const trustStore = await openDirectoryTrustStore(configDir)
const verifier = createNotaryVerifier({ policy, trustStore, formats: [jws, cose] })
const limits = { requestsPerHost: concurrency, requestsPerSecond: 1_000_000 }
const store = createRegistry({ limits, fetch: createDispatcherFetch(new Agent()) }).repository(repository)
const memory = () => process.memoryUsage.rss() / 1024 ** 2

process.on('message', async () => {
  const left = [...tags]
  let verified = 0
  let hundredth = memory()
  const start = process.hrtime.bigint()
  const work = async () => {
    for (let tag = left.shift(); tag !== undefined; tag = left.shift()) {
      const { decision } = await verifyArtifact(store, tag, verifier)
      if (decision !== 'verified') throw new Error(`${tag} is ${decision}`)
      if (++verified === 100) hundredth = memory()
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  process.send({ ops: tags.length, seconds, growthMiB: memory() - hundredth })
})
process.send('ready')
