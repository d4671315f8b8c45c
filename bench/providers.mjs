// SPDX-License-Identifier: Apache-2.0
// node bench/providers.mjs [--artifacts 200] [--concurrency 16]: what signing adds to a key that takes its time, as the ratio
// of what it took to the least that it can take; and how quick real clients are against the fakes of their services.
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { cose, jws } from '../packages/core/dist/index.js'
import { createSlowKey, leastSeconds, measureSigning, usual } from '../tools/providers/cost.mjs'

const { values } = parseArgs({
  options: {
    artifacts: { type: 'string', default: `${usual.artifacts}` },
    concurrency: { type: 'string', default: `${usual.concurrency}` },
    wait: { type: 'string', default: `${usual.waitMilliseconds}` },
    rounds: { type: 'string', default: '5' },
  },
})
const [artifacts, concurrency, waitMilliseconds, rounds] = Object.values(values).map(Number)
const packages = new URL('../packages/', import.meta.url)
const load = (path) => import(new URL(`${path}/index.js`, packages).href)
const requireFrom = (folder) => createRequire(new URL(`${folder}/package.json`, packages))

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

const options = { artifacts, concurrency, waitMilliseconds, rounds }
const least = leastSeconds(options)
const figures = { artifacts, concurrency, waitMilliseconds, leastSeconds: least, ratioToLeast: {}, clients: {} }
const key = await createSlowKey(options)
for (const [name, format] of Object.entries({ jws, cose }))
  figures.ratioToLeast[name] = Number(((await measureSigning(key, { ...options, format })) / least).toFixed(2))
for (const [name, start] of Object.entries(clients)) {
  const { key: remote, service } = await start()
  const seconds = await measureSigning(remote, options)
  figures.clients[name] = { seconds: Number(seconds.toFixed(3)), signaturesPerSecond: Math.round(artifacts / seconds) }
  await service.close()
}
console.log(JSON.stringify(figures, null, 2))
// Clients keep their connections.
process.exit(0)
