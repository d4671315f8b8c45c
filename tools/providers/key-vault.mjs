// SPDX-License-Identifier: Apache-2.0
// A second opinion on Azure Key Vault: a server in Python, and Azure's client for Node.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { workspaceRoot } from '../lib/workspace.mjs'
import { installPython } from './install.mjs'
import { accepts, freePort, startServer } from './server.mjs'

const provider = join(workspaceRoot, 'packages/provider-azure')
const kinds = ['P-256', 'P-384', 'P-521', '2048', '3072', '4096']
const token = 'a-token-of-a-test'

export const name = 'Azure Key Vault (in Python)'

export async function start({ directory }) {
  const programs = installPython('key-vault', ['cryptography==50.0.2'])
  const port = await freePort()
  const caFile = join(directory, 'ca.pem')
  const script = join(workspaceRoot, 'tools/providers/key_vault.py')
  const server = await startServer(join(programs, 'python'), [script, String(port), caFile, ...kinds], {
    isReady: async () => existsSync(caFile) && accepts(port),
  })
  const { CryptographyClient, KeyClient } = createRequire(join(provider, 'package.json'))('@azure/keyvault-keys')
  const { createKeyVaultKey } = await import(`${provider}/dist/index.js`)
  const clientOptions = {
    disableChallengeResourceVerification: true,
    tlsOptions: { ca: readFileSync(caFile, 'utf8') },
    retryOptions: { maxRetries: 0 },
  }
  const retry = { wait: async () => undefined }
  const open = (key, given = token) => {
    const credential = { getToken: async () => ({ token: given, expiresOnTimestamp: Date.now() + 3_600_000 }) }
    const keyClient = new KeyClient(`https://127.0.0.1:${port}`, credential, clientOptions)
    const cryptographyClient = (id) => new CryptographyClient(id, credential, clientOptions)
    return createKeyVaultKey({ keyClient, cryptographyClient, name: key, retry })
  }
  return {
    keys: kinds.map((kind) => ({
      name: kind,
      secrets: [token],
      create: () => open(kind),
      failures: [
        { name: 'the caller may not', code: 'DENIED_KEY', create: () => open(kind, 'denied') },
        { name: 'there is no such key', code: 'UNAVAILABLE_KEY', create: () => open('missing') },
      ],
    })),
    cases: [],
    close: server.close,
  }
}
