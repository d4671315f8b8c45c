// SPDX-License-Identifier: Apache-2.0
// A signature by the key of each provider, in both formats, as notation-go judges it. The services are the fakes of
// @ocisign/conformance, which really sign; PKCS#11 is SoftHSM.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import {
  cose,
  createNotarySigner,
  encodePem,
  jws,
  signArtifact,
  withCertificates,
} from '../../packages/core/dist/index.js'
import { openLayout } from '../../packages/layout/dist/index.js'
import { createTestCertificate } from '../../packages/provider-local/dist/index.js'
import { issueCertificates } from '../../tools/providers/certificates.mjs'
import { formats } from '../context.mjs'

const codecs = { jws, cose }
const token = 'a-token-of-a-test'
const packages = fileURLToPath(new URL('../../packages/', import.meta.url))
const load = (path) => import(`${packages}${path}/index.js`)
/** The clients that a provider's own tests use. */
const requireFrom = (folder) => createRequire(`${packages}${folder}/package.json`)

/** Each resolves to keys by name, and what ends the service. Keys that bring no certificates are issued some. */
const services = {
  async vault() {
    const { createFakeVault } = await load('conformance/dist/vault')
    const { createVaultKey } = await load('provider-vault/dist')
    const service = await createFakeVault({ token })
    const open = (type) => {
      service.createKey(type, type)
      return createVaultKey({ address: service.origin, token, key: type })
    }
    return { keys: { p384: await open('ecdsa-p384'), rsa3072: await open('rsa-3072') }, close: service.close }
  },

  async aws() {
    const { createFakeKms } = await load('conformance/dist/aws-kms')
    const { createKmsKey } = await load('provider-aws/dist')
    const { KMS } = requireFrom('provider-aws')('@aws-sdk/client-kms')
    const service = await createFakeKms()
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: token }
    const client = new KMS({ region: 'us-east-1', endpoint: service.origin, credentials, maxAttempts: 1 })
    const open = (spec) => createKmsKey({ client, keyId: service.createKey(spec) })
    return { keys: { p521: await open('ECC_NIST_P521'), rsa2048: await open('RSA_2048') }, close: service.close }
  },

  async gcp() {
    const { createFakeCloudKms } = await load('conformance/dist/cloud-kms')
    const { createCloudKmsKey } = await load('provider-gcp/dist')
    const { KeyManagementServiceClient } = requireFrom('provider-gcp')('@google-cloud/kms')
    // Otherwise Google's client looks for its metadata server.
    process.env.METADATA_SERVER_DETECTION = 'none'
    const service = await createFakeCloudKms()
    const client = new KeyManagementServiceClient(service.clientOptions)
    const open = (algorithm) => createCloudKmsKey({ client, keyId: service.createKey(algorithm, algorithm) })
    const keys = { p256: await open('EC_SIGN_P256_SHA256'), rsa4096: await open('RSA_SIGN_PSS_4096_SHA512') }
    return { keys, close: () => client.close().then(service.close) }
  },

  async azure({ issue }) {
    const { createFakeKeyVault } = await load('conformance/dist/key-vault')
    const { createKeyVaultCertificateKey, createKeyVaultKey } = await load('provider-azure/dist')
    const service = await createFakeKeyVault({ token })
    const { clientOptions, credential, origin } = service
    const client = (name, type) => requireFrom('provider-azure')(`@azure/keyvault-${name}`)[type]
    const cryptographyClient = (id) => new (client('keys', 'CryptographyClient'))(id, credential, clientOptions)
    const keyClient = new (client('keys', 'KeyClient'))(origin, credential, clientOptions)
    const certificateClient = new (client('certificates', 'CertificateClient'))(origin, credential, clientOptions)
    const secretClient = new (client('secrets', 'SecretClient'))(origin, credential, clientOptions)
    service.createKey('p256', 'EC', 'P-256')
    service.createKey('rsa3072', 'RSA', 3072)
    service.mergeCertificate('merged', await issue())
    const open = (name) => createKeyVaultKey({ keyClient, cryptographyClient, name })
    const merged = { certificateClient, secretClient, cryptographyClient, name: 'merged', chain: 'merged' }
    const keys = {
      p256: await open('p256'),
      rsa3072: await open('rsa3072'),
      'merged certificate': await createKeyVaultCertificateKey(merged),
    }
    return { keys, close: service.close }
  },

  async 'trusted signing'() {
    const { createFakeTrustedSigning } = await load('conformance/dist/trusted-signing')
    const { createTrustedSigningKey } = await load('provider-azure/dist/trusted-signing')
    const service = await createFakeTrustedSigning({ token })
    const { origin: endpoint, account, profile } = service
    const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
    return {
      keys: { rsa3072: createTrustedSigningKey({ endpoint, account, profile, credential }) },
      close: service.close,
    }
  },

  async pkcs11({ folder }) {
    const { start } = await import('../../tools/providers/softhsm.mjs')
    const { keys, close } = await start({ directory: folder('softhsm') })
    const open = (kind) => keys.find(({ name }) => name === kind).create()
    return { keys: { p384: await open('EC:secp384r1'), rsa2048: await open('rsa:2048') }, close }
  },
}

export default async function ({ check, layout, folder, trusting, agree }) {
  const { createFakeAuthority } = await load('conformance/dist/fake')
  const authority = await createFakeAuthority()

  const trust = (chain) => {
    const rootPath = `${folder('root')}/root.pem`
    writeFileSync(rootPath, encodePem('CERTIFICATE', chain.at(-1)))
    return trusting({ rootPath })
  }
  const subject = 'C=US,ST=WA,O=ocisign test,CN=self-signed'
  /** A key with the chain it brings, or with one that was issued for it, and with one that it signed itself. */
  const certify = async (key) => {
    const { material } = await key.sign(new Uint8Array())
    if (material.kind === 'x509') return { 'its own chain': { key, chain: material.chain } }
    const { chain } = await issueCertificates(key)
    const own = [await createTestCertificate({ key, subject })]
    return {
      'an issued certificate': { key: withCertificates(key, chain), chain },
      'a certificate signed by itself': { key: withCertificates(key, own), chain: own },
    }
  }

  for (const [service, start] of Object.entries(services)) {
    let started
    try {
      started = await start({ folder, issue: () => authority.issue() })
    } catch (error) {
      await check(`${service} starts`, () => Promise.reject(error))
      continue
    }
    try {
      for (const [name, bare] of Object.entries(started.keys)) {
        for (const [kind, { key, chain }] of Object.entries(await certify(bare)))
          for (const format of formats)
            await check(`${service} ${name} ${format}, ${kind}: ocisign signs, notation-go verifies`, async () => {
              const { path } = layout()
              const signer = createNotarySigner({ key, format: codecs[format], timestamper: 'none' })
              await signArtifact(await openLayout(path), 'v1', signer)
              await agree(path, trust(chain), { ok: true, failedChecks: [] })
            })
      }
    } finally {
      await started.close()
    }
  }
}
