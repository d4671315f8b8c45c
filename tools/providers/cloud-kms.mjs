// SPDX-License-Identifier: Apache-2.0
// A second opinion on Google Cloud KMS: a server of Google's own messages for Python, and Google's client for Node.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { workspaceRoot } from '../lib/workspace.mjs'
import { installPython } from './install.mjs'
import { accepts, freePort, startServer } from './server.mjs'

const provider = join(workspaceRoot, 'packages/provider-gcp')
const requirements = ['google-cloud-kms==3.18.0', 'grpcio==1.85.1', 'google-crc32c==1.9.0', 'cryptography==50.0.2']
const fitting = ['EC_SIGN_P256_SHA256', 'EC_SIGN_P384_SHA384', 'RSA_SIGN_PSS_2048_SHA256', 'RSA_SIGN_PSS_4096_SHA512']
const others = ['RSA_SIGN_PSS_3072_SHA256', 'RSA_SIGN_PKCS1_2048_SHA256']
const ring = 'projects/p/locations/global/keyRings/r/cryptoKeys'
const nameOf = (algorithm) => `${ring}/${algorithm.toLowerCase()}`

export const name = 'Google Cloud KMS (messages of google-cloud-kms 3.18.0 for Python)'

export async function start() {
  const programs = installPython('cloud-kms', requirements)
  const port = await freePort()
  const script = join(workspaceRoot, 'tools/providers/cloud_kms.py')
  const server = await startServer(join(programs, 'python'), [script, String(port), ...fitting, ...others], {
    isReady: () => accepts(port),
  })
  // Otherwise Google's client looks for its metadata server.
  process.env.METADATA_SERVER_DETECTION = 'none'
  const requireClient = createRequire(join(provider, 'package.json'))
  const { KeyManagementServiceClient } = requireClient('@google-cloud/kms')
  const grpc = createRequire(join(workspaceRoot, 'packages/conformance/package.json'))('@grpc/grpc-js')
  const { createCloudKmsKey } = await import(`${provider}/dist/index.js`)
  const sslCreds = grpc.credentials.createInsecure()
  const client = new KeyManagementServiceClient({ servicePath: '127.0.0.1', port, sslCreds, projectId: 'p' })

  const retry = { wait: async () => undefined }
  const open = (keyId) => createCloudKmsKey({ client, keyId, retry })
  return {
    keys: fitting.map((algorithm) => ({
      name: algorithm,
      secrets: [],
      create: () => open(nameOf(algorithm)),
      failures: [
        {
          name: 'the version is disabled',
          code: 'UNAVAILABLE_KEY',
          create: () => open(`${nameOf(algorithm)}/cryptoKeyVersions/2`),
        },
        { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open(`${ring}/missing`) },
      ],
    })),
    cases: [
      ...others.map((algorithm) => ({
        name: `${algorithm}, which Notary does not use, is unsupported`,
        rejects: 'UNSUPPORTED_KEY',
        run: () => open(nameOf(algorithm)),
      })),
      {
        name: 'without a version the newest that is enabled signs',
        run: async ({ equal }) =>
          equal((await open(nameOf(fitting[0]))).id, `gcpkms://${nameOf(fitting[0])}/cryptoKeyVersions/1`),
      },
    ],
    async close() {
      await client.close()
      await server.close()
    },
  }
}
