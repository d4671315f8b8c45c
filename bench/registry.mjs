// SPDX-License-Identifier: Apache-2.0
// node bench/registry.mjs [--registry NAME] [--tags N] [--concurrency N] [--rounds N]: verifies every signed tag of a
// registry on this machine, ours in one process of Node and notation-go in one process of Go, in turns; and how much
// memory ours takes on the way. Prints JSON, and one line for people.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { build } from '../interop/build.mjs'
import { writeConfiguration } from '../interop/configuration.mjs'
import { startPeer } from '../interop/peer.mjs'
import { startRegistry } from '../interop/registries.mjs'
import {
  createNotarySigner,
  digestBytes,
  encodeText,
  jws,
  mediaTypes,
  parseCertificatesPem,
  signArtifact,
  withCertificates,
} from '../packages/core/dist/index.js'
import { openKeyFile } from '../packages/provider-local/dist/index.js'
import { createRegistry } from '../packages/registry/dist/index.js'

const { values } = parseArgs({
  options: {
    registry: { type: 'string', default: 'cuemem' },
    tags: { type: 'string', default: '500' },
    concurrency: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '20' },
  },
})
const [count, concurrency, rounds] = [values.tags, values.concurrency, values.rounds].map(Number)
const directory = mkdtempSync(`${tmpdir()}/ocisign-bench-`)

/** Pushes and signs so many images, each different. */
async function fill(repository, { keyPath, chainPath }) {
  const store = createRegistry({ limits: { requestsPerSecond: 1_000_000 } }).repository(repository)
  const chain = parseCertificatesPem(readFileSync(chainPath)).map(({ der }) => der)
  const signer = createNotarySigner({ key: withCertificates(await openKeyFile(keyPath), chain), format: jws })
  const push = async (mediaType, bytes) => {
    const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.length }
    await store.push(descriptor, bytes)
    return descriptor
  }
  const config = await push(mediaTypes.empty, encodeText('{}'))
  const tags = Array.from({ length: count }, (_, number) => `v${number}`)
  // One after another: what is measured is reading.
  for (const tag of tags) {
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, artifactType: 'text/plain', config }
    const document = { ...manifest, layers: [config], annotations: { 'org.opencontainers.image.version': tag } }
    const image = await push(mediaTypes.imageManifest, encodeText(JSON.stringify(document)))
    await store.tag(image, tag)
    await signArtifact(store, image.digest, signer)
  }
  return tags
}

/** A process of its own that verifies on request, so that its memory is its own. */
async function startOurs(repository, tags, configDir) {
  const child = fork(new URL('./registry-client.mjs', import.meta.url), { stdio: 'inherit' })
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`our process ended with ${code}`)))
  ended.catch(() => {})
  const ask = async (message) => {
    child.send(message)
    return (await Promise.race([once(child, 'message'), ended]))[0]
  }
  await ask({ repository, tags, configDir, concurrency })
  return {
    run: () => ask('run'),
    stop: () => child.disconnect(),
  }
}

const median = (figures) => [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)]
const rounded = (value) => Number(value.toFixed(2))

build(['notation-go', 'notation-go-bench'])
const go = startPeer('notation-go')
const theirs = startPeer('notation-go-bench')
const registry = await startRegistry(values.registry, { directory })
try {
  const material = await go.ask({ op: 'makeChain', algorithm: 'p256', length: 3, odd: '', outDir: `${directory}/keys` })
  const configDir = `${directory}/notation`
  writeConfiguration(configDir, { roots: { 'ca:bench': [material.rootPath] } })
  const repository = `${registry.host}/bench/app`
  const tags = await fill(repository, material)
  const ours = await startOurs(repository, tags, configDir)
  const request = { op: 'verifyTags', repository, tags, configDir, concurrency, threads: availableParallelism() }
  const perSecond = ({ ops, seconds }) => ops / seconds
  const figures = { ours: [], reference: [] }
  // The first time each is as it comes, ours before it is compiled to the end; only ours says how its memory grows.
  const first = await ours.run()
  await theirs.ask(request)
  for (let round = 0; round < rounds; round++) {
    figures.reference.push(perSecond(await theirs.ask(request)))
    figures.ours.push(perSecond(await ours.run()))
  }
  ours.stop()
  const report = {
    registry: values.registry,
    tags: count,
    concurrency,
    processors: availableParallelism(),
    oursPerSecond: Math.round(median(figures.ours)),
    oursFirstPerSecond: Math.round(perSecond(first)),
    referencePerSecond: Math.round(median(figures.reference)),
    ratio: rounded(median(figures.ours) / median(figures.reference)),
    ratioOfBest: rounded(Math.max(...figures.ours) / Math.max(...figures.reference)),
    growthMiB: rounded(first.growthMiB),
  }
  console.log(JSON.stringify(report, null, 2))
  const { oursPerSecond, referencePerSecond, ratio, growthMiB } = report
  console.log(
    `${count} tags: ${oursPerSecond} verifications a second, notation-go ${referencePerSecond}: ${ratio} times as many; ` +
      `memory grows by ${growthMiB} MiB from the 100th to the ${count}th`,
  )
} finally {
  await Promise.all([go.close(), theirs.close(), registry.stop()])
  rmSync(directory, { recursive: true, force: true })
}
