// SPDX-License-Identifier: Apache-2.0
// node bench/providers.mjs [--artifacts 200] [--concurrency 16]: what signing adds to a key that takes its time, as the ratio
// of what it took to the least that it can take; and how quick real clients are against the fakes of their services.
import { createRequire } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  cose,
  createMemoryStore,
  createNotarySigner,
  digestBytes,
  encodeText,
  jws,
  mediaTypes,
  notaryAlgorithms,
  signArtifact,
  withCertificates,
} from '../packages/core/dist/index.js'
import { generateKey } from '../packages/provider-local/dist/index.js'
import { issueCertificates } from '../tools/providers/certificates.mjs'

const { values } = parseArgs({
  options: {
    artifacts: { type: 'string', default: '200' },
    concurrency: { type: 'string', default: '16' },
    wait: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
  },
})
const [artifacts, concurrency, waitMilliseconds, rounds] = Object.values(values).map(Number)
const packages = new URL('../packages/', import.meta.url)
const load = (path) => import(new URL(`${path}/index.js`, packages).href)
const requireFrom = (folder) => createRequire(new URL(`${folder}/package.json`, packages))

/** A store with so many artifacts, tagged by their numbers. */
async function fill() {
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
async function signAll(store, signer) {
  let next = 0
  const lane = async () => {
    while (next < artifacts) await signArtifact(store, `v${next++}`, signer)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}

/** Seconds for all signatures; the best of some rounds, each on a new store. */
async function measure(key, format) {
  const { chain } = await issueCertificates(key)
  const signer = createNotarySigner({ key: withCertificates(key, chain), format })
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const store = await fill()
    const start = process.hrtime.bigint()
    await signAll(store, signer)
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9)
  }
  return best
}

/** A key in this process that does nothing for a while first, as a service does. */
async function slowKey() {
  const key = await generateKey(notaryAlgorithms[0])
  return {
    ...key,
    async sign(message, options) {
      await wait(waitMilliseconds)
      return key.sign(message, options)
    },
  }
}

const clients = {
  async vault() {
    const { createFakeVault } = await load('conformance/dist/vault')
    const { createVaultKey } = await load('provider-vault/dist')
    const service = await createFakeVault({ token: 'x', latency: waitMilliseconds })
    service.createKey('k', 'ecdsa-p256')
    return { key: await createVaultKey({ address: service.origin, token: 'x', key: 'k' }), service }
  },
  async aws() {
    const { createFakeKms } = await load('conformance/dist/aws-kms')
    const { createKmsKey } = await load('provider-aws/dist')
    const { KMS } = requireFrom('provider-aws')('@aws-sdk/client-kms')
    const service = await createFakeKms({ latency: waitMilliseconds })
    const credentials = { accessKeyId: 'x', secretAccessKey: 'x' }
    const client = new KMS({ region: 'us-east-1', endpoint: service.origin, credentials, maxAttempts: 1 })
    return { key: await createKmsKey({ client, keyId: service.createKey('ECC_NIST_P256') }), service }
  },
  async azure() {
    const { createFakeKeyVault } = await load('conformance/dist/key-vault')
    const { createKeyVaultKey } = await load('provider-azure/dist')
    const { CryptographyClient, KeyClient } = requireFrom('provider-azure')('@azure/keyvault-keys')
    const service = await createFakeKeyVault({ token: 'x', latency: waitMilliseconds })
    const { origin, credential, clientOptions } = service
    service.createKey('k', 'EC', 'P-256')
    const cryptographyClient = (id) => new CryptographyClient(id, credential, clientOptions)
    const keyClient = new KeyClient(origin, credential, clientOptions)
    return { key: await createKeyVaultKey({ keyClient, cryptographyClient, name: 'k' }), service }
  },
  async gcp() {
    process.env.METADATA_SERVER_DETECTION = 'none'
    const { createFakeCloudKms } = await load('conformance/dist/cloud-kms')
    const { createCloudKmsKey } = await load('provider-gcp/dist')
    const { KeyManagementServiceClient } = requireFrom('provider-gcp')('@google-cloud/kms')
    const service = await createFakeCloudKms()
    const client = new KeyManagementServiceClient(service.clientOptions)
    const key = await createCloudKmsKey({ client, keyId: service.createKey('k', 'EC_SIGN_P256_SHA256') })
    return { key, service: { close: () => client.close().then(service.close) } }
  },
}

const turns = Math.ceil(artifacts / concurrency)
const least = (turns * waitMilliseconds) / 1000
const figures = { artifacts, concurrency, waitMilliseconds, leastSeconds: least, ratioToLeast: {}, clients: {} }
const key = await slowKey()
for (const [name, format] of Object.entries({ jws, cose }))
  figures.ratioToLeast[name] = Number(((await measure(key, format)) / least).toFixed(2))
for (const [name, start] of Object.entries(clients)) {
  const { key: remote, service } = await start()
  const seconds = await measure(remote, jws)
  figures.clients[name] = { seconds: Number(seconds.toFixed(3)), signaturesPerSecond: Math.round(artifacts / seconds) }
  await service.close()
}
console.log(JSON.stringify(figures, null, 2))
// Clients keep their connections.
process.exit(0)
