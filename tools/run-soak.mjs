#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Verifies 30,000 times in one process while the registries fail one in twenty requests, in every way that
// @ocisign/conformance knows, always the same ones. Nothing may be called verified that is not, nothing unsigned that is
// signed, and no memory may be lost. `node --expose-gc tools/run-soak.mjs [COUNT]`; the last line is the plain total.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { getHeapSpaceStatistics } from 'node:v8'
import {
  cose,
  createMemoryTrustStore,
  createNotaryVerifier,
  decodeBase64,
  isOcisignError,
  jws,
  parseTrustPolicy,
  verifyArtifact,
} from '@ocisign/core'
import { createRegistry } from '@ocisign/registry'
import { createDispatcherFetch } from '@ocisign/registry/node'
import { Agent } from 'undici'

const count = Number(process.argv[2] ?? 30_000)
const warmUp = Math.min(3000, Math.floor(count / 2))
const concurrency = 64
const allowedGrowth = 1.1
/** Of a kind of image, so many answers have to be its own: a client that never finds out anything is never wrong. */
const leastKnown = 0.5

if (!globalThis.gc) {
  console.error('soak: run it with node --expose-gc')
  process.exit(1)
}

const server = fork(new URL('./soak/server.mjs', import.meta.url), { stdio: 'inherit' })
const stopped = once(server, 'exit').then(([code]) => Promise.reject(new Error(`the registries ended with ${code}`)))
stopped.catch(() => {})
const hear = async () => (await Promise.race([once(server, 'message'), stopped]))[0]

const { images, root } = await hear()
const statement = {
  name: 'soak',
  registryScopes: ['*'],
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:soak'],
  trustedIdentities: ['x509.subject: C=US, ST=WA, O=Soak'],
}
const policy = parseTrustPolicy({ version: '1.0', trustPolicies: [statement] }, 'oci')
const trustStore = await createMemoryTrustStore({ ca: { soak: [decodeBase64(root)] } })
const verifier = createNotaryVerifier({ policy, trustStore, formats: [jws, cose] })
const limits = { requestsPerHost: concurrency, requestsPerSecond: 1_000_000 }
/** Half of the time by the platform's fetch, half by undici's dispatcher. */
const registries = [createRegistry({ limits }), createRegistry({ limits, fetch: createDispatcherFetch(new Agent()) })]

/** What is said of one image: its own answer, another, or the code that says why nothing could be; and why. */
async function ask({ repository, tag, digest }, byTag, registry) {
  try {
    const verdict = await verifyArtifact(registry.repository(repository), byTag ? tag : digest, verifier)
    return { said: verdict.target.digest === digest ? verdict.decision : 'verified another image' }
  } catch (error) {
    if (!isOcisignError(error)) return { said: `a crash: ${error}` }
    const why = error.message
    if (error.code !== 'UNTRUSTED_NO_SIGNATURE') return { said: error.code, why }
    return { said: error.details.refusals.length === 0 ? 'unsigned' : 'refused', why }
  }
}

/** Of every kind of image, how often it was said to be what. */
const tallies = {}
const wrong = new Map()
let next = 0

async function verifyUpTo(end) {
  const work = async () => {
    while (next < end) {
      const number = next++
      const image = images[number % images.length]
      const turn = Math.floor(number / images.length)
      const { said, why } = await ask(image, turn % 2 === 0, registries[Math.floor(turn / 2) % 2])
      tallies[image.kind] ??= {}
      const tally = tallies[image.kind]
      tally[said] = (tally[said] ?? 0) + 1
      // Nobody knows, and says so: right, however the registry was.
      const isUnknown = /^(UNAVAILABLE|DENIED|INVALID)_/.test(said)
      if (said === image.answer || isUnknown) continue
      const problem = `${said} instead of ${image.answer}: ${why?.replace(/\b[0-9a-f]{64}\b/g, '…').slice(0, 300)}`
      wrong.set(problem, (wrong.get(problem) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
}

async function measureHeap() {
  // What timers and sockets still hold of the last requests is let go first.
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    globalThis.gc()
  }
  // V8 goes on compiling what is used for a long time: code is not what a program loses.
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !name.startsWith('code'))
    .reduce((sum, { space_used_size: used }) => sum + used, 0)
}

const start = process.hrtime.bigint()
// Without faults first: every image has to be what it is meant to be.
const sound = []
for (const image of images)
  for (const byTag of [true, false]) {
    const { said, why } = await ask(image, byTag, registries[0])
    if (said !== image.answer) sound.push(`${image.kind}: ${said}: ${why}`)
  }
server.send('misbehave')
const before = await hear()
await verifyUpTo(warmUp)
const heapBefore = await measureHeap()
await verifyUpTo(count)
const heapAfter = await measureHeap()
const seconds = Number(process.hrtime.bigint() - start) / 1e9
server.send('count')
const { requests, faults } = await hear()
server.disconnect()

let [passed, failed] = [0, 0]
const check = (what, problems) => {
  if (problems.length === 0) passed++
  else failed++
  console.log(
    `${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${what}${problems.map((each) => `\n      ${each}`).join('')}`,
  )
}
const mebibytes = (bytes) => (bytes / 1024 ** 2).toFixed(1)
const answers = Object.fromEntries(images.map(({ kind, answer }) => [kind, answer]))
for (const [kind, tally] of Object.entries(tallies)) console.log(`${kind.padEnd(44)} ${JSON.stringify(tally)}`)
const faulty = Object.values(faults).reduce((sum, each) => sum + each, 0)
const share = ((100 * faulty) / (requests - before.requests)).toFixed(1)
console.log(`${requests} requests, ${faulty} of them (${share} %) with faults: ${JSON.stringify(faults)}`)
check('without faults, every image is what it is meant to be', sound)
check(
  `${count} verifications: none is verified, refused or unsigned that is not`,
  [...wrong].map(([problem, times]) => `${times} times ${problem}`),
)
check(
  'every kind of fault was met',
  Object.keys(faults).filter((kind) => faults[kind] === 0),
)
check(
  'of every kind of image, most answers are its own',
  Object.entries(tallies).flatMap(([kind, tally]) => {
    const total = Object.values(tally).reduce((sum, each) => sum + each, 0)
    const known = (tally[answers[kind]] ?? 0) / total
    return known < leastKnown ? [`${kind}: ${known.toFixed(2)}`] : []
  }),
)
check(
  `heap after ${warmUp}: ${mebibytes(heapBefore)} MiB, after ${count}: ${mebibytes(heapAfter)} MiB`,
  heapAfter > heapBefore * allowedGrowth ? [`more than ${allowedGrowth} times as much`] : [],
)
console.log(`${Math.round(count / seconds)} verifications a second, ${seconds.toFixed(0)} seconds`)
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
