// SPDX-License-Identifier: Apache-2.0
// What signing costs: many artifacts in a store of this process, each signed with the key.
import { setTimeout as wait } from 'node:timers/promises'
import {
  createMemoryStore,
  createNotarySigner,
  digestBytes,
  encodeText,
  jws,
  mediaTypes,
  notaryAlgorithms,
  signArtifact,
  withCertificates,
} from '../../packages/core/dist/index.js'
import { generateKey } from '../../packages/provider-local/dist/index.js'
import { issueCertificates } from './certificates.mjs'

export const usual = { artifacts: 200, concurrency: 16, waitMilliseconds: 20 }

/** A store with so many artifacts, tagged by their numbers. */
async function fill(artifacts) {
  const store = createMemoryStore({ repository: 'example.com/bench' })
  const mediaType = mediaTypes.imageManifest
  for (let number = 0; number < artifacts; number++) {
    const annotations = { number: `${number}` }
    const bytes = encodeText(JSON.stringify({ schemaVersion: 2, mediaType, layers: [], annotations }))
    const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.length }
    await store.push(descriptor, bytes)
    await store.tag(descriptor, `v${number}`)
  }
  return store
}

/** Signs every artifact of a store, so many at the same time. */
async function signAll(store, signer, { artifacts, concurrency }) {
  let next = 0
  const lane = async () => {
    while (next < artifacts) await signArtifact(store, `v${next++}`, signer)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}

/** Seconds for all signatures; the best of some rounds, each on a new store. A key without certificates is issued some. */
export async function measureSigning(key, { format = jws, rounds = 1, ...options } = usual) {
  const { material } = await key.sign(new Uint8Array())
  const certified = material.kind === 'x509' ? key : withCertificates(key, (await issueCertificates(key)).chain)
  const signer = createNotarySigner({ key: certified, format, timestamper: 'none' })
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const store = await fill(options.artifacts)
    const start = process.hrtime.bigint()
    await signAll(store, signer, options)
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9)
  }
  return best
}

/** The least that it can take with a key that waits so long each time, in seconds. */
export const leastSeconds = ({ artifacts, concurrency, waitMilliseconds }) =>
  (Math.ceil(artifacts / concurrency) * waitMilliseconds) / 1000

/** A key in this process that does nothing for a while first, as a service does. */
export async function createSlowKey({ waitMilliseconds }) {
  const key = await generateKey(notaryAlgorithms[0])
  return {
    ...key,
    async sign(message, options) {
      await wait(waitMilliseconds)
      return key.sign(message, options)
    },
  }
}
