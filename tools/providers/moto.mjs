// SPDX-License-Identifier: Apache-2.0
// AWS KMS as moto has it, put right by moto_kms.py, through AWS's own client.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { workspaceRoot } from '../lib/workspace.mjs'
import { installPython } from './install.mjs'
import { answers, freePort, startServer } from './server.mjs'

const provider = join(workspaceRoot, 'packages/provider-aws')
const specs = ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'RSA_2048', 'RSA_3072', 'RSA_4096']

export const name = 'AWS KMS (moto 5.2.5)'

export async function start({ directory }) {
  const programs = installPython('moto', ['moto[server]==5.2.5', 'cryptography==50.0.2'])
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const script = join(workspaceRoot, 'tools/providers/moto_kms.py')
  const server = await startServer(join(programs, 'python'), [script, String(port)], {
    isReady: () => answers(`${endpoint}/moto-api/data.json`),
    environment: { HOME: directory },
  })
  const { KMS } = createRequire(join(provider, 'package.json'))('@aws-sdk/client-kms')
  const { createKmsKey } = await import(`${provider}/dist/index.js`)
  const { openKey } = await import(`${provider}/dist/uri/index.js`)
  const credentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  }
  const client = new KMS({ region: 'eu-central-1', endpoint, credentials, maxAttempts: 1 })
  const make = async (KeySpec, KeyUsage = 'SIGN_VERIFY') => (await client.createKey({ KeySpec, KeyUsage })).KeyMetadata

  const retry = { wait: async () => undefined }
  const open = (keyId) => createKmsKey({ client, keyId, retry })
  const disabled = async (spec) => {
    const { Arn, KeyId } = await make(spec)
    const key = await open(Arn)
    await client.disableKey({ KeyId })
    return key
  }
  const keys = []
  for (const spec of specs) {
    const { Arn, KeyId } = await make(spec)
    await client.createAlias({ AliasName: `alias/${spec}`, TargetKeyId: KeyId })
    keys.push({
      name: spec,
      secrets: [credentials.secretAccessKey],
      create: () => open(Arn),
      failures: [
        { name: 'the key is disabled', code: 'UNAVAILABLE_KEY', create: () => disabled(spec) },
        { name: 'there is no such alias', code: 'UNAVAILABLE_KEY', create: () => open('alias/missing') },
        {
          name: 'there is no such key',
          code: 'UNAVAILABLE_KEY',
          create: () => open(KeyId.replace(/^.{8}/, '00000000')),
        },
      ],
    })
  }
  return {
    keys,
    cases: [
      {
        name: 'an alias is the key behind it, which signs even after the alias moves',
        async run({ equal, verify }) {
          const key = await open('alias/ECC_NIST_P256')
          const { Arn, KeyId } = await make('ECC_NIST_P256')
          await client.updateAlias({ AliasName: 'alias/ECC_NIST_P256', TargetKeyId: KeyId })
          await verify(key)
          equal((await open('alias/ECC_NIST_P256')).id, `awskms:///${Arn}`)
        },
      },
      {
        name: 'a key for encryption is unsupported',
        rejects: 'UNSUPPORTED_KEY',
        run: async () => open((await make('RSA_2048', 'ENCRYPT_DECRYPT')).Arn),
      },
      {
        name: 'a curve that Notary does not know is unsupported',
        rejects: 'UNSUPPORTED_KEY',
        run: async () => open((await make('ECC_SECG_P256K1')).Arn),
      },
      {
        name: 'a URI opens the key at another end-point, with the credentials and the region of the environment',
        async run({ verify }) {
          Object.assign(process.env, {
            AWS_ACCESS_KEY_ID: credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          })
          const environment = { AWS_REGION: 'eu-central-1' }
          await verify(await openKey(`awskms://127.0.0.1:${port}/alias/RSA_3072`, { environment }))
        },
      },
    ],
    async close() {
      client.destroy()
      await server.close()
    },
  }
}
