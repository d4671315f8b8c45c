// SPDX-License-Identifier: Apache-2.0
// The transit engine of HashiCorp Vault and OpenBao, as far as signing needs it.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Algorithm, DigestAlgorithm } from '@ocisign/core'
import {
  type FakeService,
  type FakeServiceOptions,
  type ServiceAnswer,
  type ServiceRequest,
  startService,
} from '../fake/service.js'
import { signHash } from '../fake/sign-hash.js'

/** What {@link createFakeVault} accepts. */
export interface FakeVaultOptions extends FakeServiceOptions {
  /** The one token it takes. */
  readonly token: string
  /** Where the engine is; `transit` by default. */
  readonly mount?: string | undefined
  /** Every request has to name it. */
  readonly namespace?: string | undefined
}

/** A running fake. */
export interface FakeVault extends FakeService {
  /** Makes a key, or the next version of one: `ecdsa-p256`, `rsa-3072`, `ed25519`, `aes256-gcm96` … */
  createKey(name: string, type: string): void
}

interface Key {
  readonly type: string
  readonly versions: readonly { readonly privateKey: KeyObject; readonly publicKey: string }[]
}

const failed = (status: number, ...errors: readonly string[]): ServiceAnswer => ({ status, body: { errors } })

/**
 * Starts a server that signs with keys of its own. What it refuses, and how, is what OpenBao 2.7 does.
 *
 * @example
 * ```ts
 * import { createFakeVault } from '@ocisign/conformance/vault'
 *
 * const server = await createFakeVault({ token: 's.example' })
 * server.createKey('release', 'ecdsa-p256')
 * server.fail({ status: 503, body: { errors: ['Vault is sealed'] } })
 * await server.close()
 * ```
 */
export async function createFakeVault(options: FakeVaultOptions): Promise<FakeVault> {
  const { mount = 'transit', token, namespace } = options
  const keys = new Map<string, Key>()

  const handle = (request: ServiceRequest): ServiceAnswer => {
    if (request.headers['x-vault-token'] !== token) return failed(403, '1 error occurred:\n\t* permission denied\n\n')
    if (request.headers['x-vault-namespace'] !== namespace) return failed(403, 'permission denied')
    const [, action, name = ''] = new RegExp(`^/v1/${mount}/(keys|sign)/([^/]+)$`).exec(request.path) ?? []
    const key = keys.get(name)
    if (action === 'keys' && request.method === 'GET') return key ? describe(name, key) : failed(404)
    if (action === 'sign' && request.method === 'POST')
      return key ? sign(key, JSON.parse(new TextDecoder().decode(request.body))) : failed(400, 'signing key not found')
    return failed(404, `no handler for route "${request.path}"`)
  }
  const service = await startService(handle, options)
  return {
    ...service,
    get peak() {
      return service.peak
    },
    createKey(name, type) {
      const { versions } = keys.get(name) ?? { versions: [] }
      keys.set(name, { type, versions: [...versions, generate(type)] })
    },
  }
}

function generate(type: string): Key['versions'][number] {
  const [, family, size = ''] = /^(ecdsa-p|rsa-|ed)([0-9]+)/.exec(type) ?? []
  if (family === undefined) return { privateKey: generateKeyPairSync('ed25519').privateKey, publicKey: '' }
  const { privateKey } =
    family === 'ecdsa-p'
      ? generateKeyPairSync('ec', { namedCurve: `P-${size}` })
      : family === 'rsa-'
        ? generateKeyPairSync('rsa', { modulusLength: Number(size) })
        : generateKeyPairSync('ed25519')
  const publicKey = createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  // Of Ed25519 the server shows nothing but the bytes.
  const shown =
    family === 'ed'
      ? Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')
      : publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return { privateKey, publicKey: shown }
}

function describe(name: string, { type, versions }: Key): ServiceAnswer {
  const isSymmetric = type.startsWith('aes')
  const entries = versions.map(({ publicKey }, index) => [
    index + 1,
    isSymmetric ? 1_700_000_000 : { creation_time: '2026-01-01T00:00:00Z', name: type, public_key: publicKey },
  ])
  const data = {
    name,
    type,
    keys: Object.fromEntries(entries),
    latest_version: versions.length,
    min_available_version: 0,
    supports_signing: !isSymmetric,
  }
  return { status: 200, body: { request_id: 'fake', data } }
}

function sign({ type, versions }: Key, body: Readonly<Record<string, unknown>>): ServiceAnswer {
  const version = Number(body.key_version ?? 0) || versions.length
  const key = versions[version - 1]
  if (!key) return failed(400, 'requested version for signing does not exist')
  const hash = String(body.hash_algorithm).replace('sha2-', 'sha') as DigestAlgorithm
  if (body.prehashed !== true || !/^sha(256|384|512)$/.test(hash)) return failed(400, 'the fake signs hashes only')
  const isEc = type.startsWith('ecdsa')
  const bits = isEc ? Number(type.slice(7)) : Number(type.slice(4))
  const scheme = isEc ? 'ECDSA' : body.signature_algorithm === 'pkcs1v15' ? 'RSASSA-PKCS1-v1_5' : 'RSASSA-PSS'
  const algorithm: Algorithm = { scheme, hash, keyBits: bits }
  const input = Buffer.from(String(body.input), 'base64')
  const modulusBytes = bits / 8
  // What the server does where nobody says how long the salt is.
  const saltLength = body.salt_length === 'hash' ? input.length : modulusBytes - input.length - 2
  const ecdsa = body.marshaling_algorithm === 'jws' ? 'raw' : 'der'
  const signature = Buffer.from(signHash(key.privateKey, algorithm, input, { ecdsa, saltLength }))
  const text = signature.toString(ecdsa === 'raw' ? 'base64url' : 'base64')
  return { status: 200, body: { data: { key_version: version, signature: `vault:v${version}:${text}` } } }
}
