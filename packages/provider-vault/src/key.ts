// SPDX-License-Identifier: Apache-2.0
import {
  algorithmOfPublicKey,
  askKeyService,
  type CallOptions,
  createRemoteKey,
  decodeBase64,
  encodeBase64,
  isJsonObject,
  type JsonObject,
  OcisignError,
  type PublicKeyMaterial,
  parsePem,
  printable,
  type RetryOptions,
  type SigningKey,
  unsupportedKey,
} from '@ocisign/core'
import { signingParameters } from './algorithm.js'
import { keyError, misuse } from './errors.js'
import { askVault, type VaultServer } from './request.js'

/** What {@link createVaultKey} accepts. */
export interface VaultKeyOptions extends CallOptions {
  /** `https://vault.example.com:8200`, with a path where a proxy has one. */
  readonly address: string
  /** The name of the key. */
  readonly key: string
  /** Its version; the newest where left out. Either way the key stays with it. */
  readonly version?: number | undefined
  /** Where the transit engine is mounted; `transit` where left out. */
  readonly mount?: string | undefined
  /** The token, or who is asked for one before each request: tokens end. */
  readonly token: string | (() => Promise<string>)
  /** Of Vault Enterprise, HCP or OpenBao. */
  readonly namespace?: string | undefined
  /** Sends the token over plain http to a host that is not this machine. */
  readonly insecure?: boolean | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly retry?: RetryOptions | undefined
}

/**
 * Opens a key of the transit engine: HashiCorp Vault, OpenBao, or whatever speaks as they do.
 *
 * It signs with the version that it was opened with, which its `id` names; the material is that version's public key.
 * Does not look whether a later rotation disabled it: signing says so.
 *
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY | MISUSE_OPTION
 *
 * @example
 * ```ts
 * import { createFakeVault } from '@ocisign/conformance/vault'
 * import { createVaultKey } from '@ocisign/provider-vault'
 *
 * const server = await createFakeVault({ token: 's.example' }) // in your setup: https://vault.example.com:8200
 * server.createKey('release', 'ecdsa-p384')
 * const key = await createVaultKey({ address: server.origin, token: async () => 's.example', key: 'release' })
 * const { signature } = await key.sign(new TextEncoder().encode('hello'))
 * console.log(key.id, signature.length)
 * await server.close()
 * ```
 */
export async function createVaultKey(options: VaultKeyOptions): Promise<SigningKey<PublicKeyMaterial>> {
  const { signal, retry } = options
  const server = serverOf(options)
  const { host } = new URL(server.base)
  const mount = requirePath(options.mount ?? 'transit', 'mount')
  const name = requirePath(options.key, 'key')
  if (name.includes('/'))
    throw misuse('key', `"${printable(name, 80)}" is a path; say where the engine is mounted with mount`)
  const shown = `hashivault://${name}`

  const [keyPath, signPath] = [`${mount}/keys/${name}`, `${mount}/sign/${name}`]
  const ask = async (callOptions: CallOptions) =>
    readKey(await askVault(server, keyPath, undefined, callOptions), shown, options.version)
  const toError = (cause: unknown) => keyError({ id: shown, host, permission: `read on ${keyPath}` }, cause)
  const { version, spki } = await askKeyService(ask, { ...retry, id: shown, toError, signal })
  const id = `${shown}?version=${version}`
  const algorithm = algorithmOfPublicKey(spki, id)
  const hashBytes = Number(algorithm.hash.slice(3)) / 8

  return createRemoteKey<PublicKeyMaterial>({
    id,
    algorithm,
    material: { kind: 'public-key', spki },
    ecdsa: 'der',
    async signHash(hash, callOptions) {
      // The server signs a hash of any length without a word.
      if (hash.length !== hashBytes) throw new RangeError(`a hash of ${hash.length} bytes`)
      const body = { input: encodeBase64(hash), key_version: version, ...signingParameters(algorithm) }
      const { data } = await askVault(server, signPath, body, callOptions)
      return { signature: readSignature(data, id, version) }
    },
    toError: (cause) => keyError({ id, host, permission: `update on ${signPath}` }, cause),
    retry,
  })
}

function serverOf({
  address,
  token,
  namespace,
  insecure,
  fetch: send = globalThis.fetch,
}: VaultKeyOptions): VaultServer {
  const shown = printable(address, 200)
  if (!URL.canParse(address)) throw misuse('address', `"${shown}" is not the address of a server`)
  const url = new URL(address)
  if (url.username || url.password || url.search || url.hash)
    throw misuse('address', 'the address of a server has no user, query or fragment')
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (insecure || isLocal)))
    throw misuse('address', `${shown} is not https: the token could be read on the way`)
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}/v1/`,
    token: async () => requireToken(typeof token === 'string' ? token : await token().catch(refuseToken)),
    namespace,
    send,
  }
}

const refuseToken = (cause: unknown): never => {
  throw new OcisignError('DENIED_KEY', 'no token could be had for the server', { id: 'hashivault:' }, { cause })
}

/** It becomes a header. */
function requireToken(token: string): string {
  if (/^[!-~]+$/.test(token)) return token
  throw misuse('token', 'the token is empty, or has a character that no token has')
}

/** Names become part of a path: letters, digits and what cannot lead elsewhere. */
function requirePath(text: string, option: string): string {
  if (/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(text)) return text
  throw misuse(option, `"${printable(text, 80)}" is no name of a ${option}`)
}

function readKey({ data }: JsonObject, id: string, wanted: number | undefined) {
  const failed = (why: string, retryable = false) =>
    new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable })
  if (!isJsonObject(data) || !isJsonObject(data.keys)) throw failed('is described in a way that cannot be read')
  if (data.supports_signing === false) throw unsupportedKey(id, `a key of the type ${printable(String(data.type), 40)}`)
  const version = wanted ?? data.latest_version
  if (!Number.isSafeInteger(version) || (version as number) < 1) throw failed('has no version that could be named')
  const entry = Object.hasOwn(data.keys, String(version)) ? data.keys[String(version)] : undefined
  if (entry === undefined) throw failed(`has no version ${version}; it has ${Object.keys(data.keys).join(', ')}`)
  const publicKey = isJsonObject(entry) ? entry.public_key : undefined
  if (typeof publicKey !== 'string') throw unsupportedKey(id, 'a key without a public half')
  // Of Ed25519 it is bare bytes, which is no key for this anyway.
  if (!publicKey.startsWith('-----BEGIN'))
    throw unsupportedKey(id, `a key of the type ${printable(String(data.type), 40)}`)
  const [block] = parsePem(publicKey, `the public key of ${id}`)
  if (!block) throw failed('has a public key that cannot be read')
  return { version: version as number, spki: block.bytes }
}

function readSignature(data: unknown, id: string, version: number): Uint8Array {
  const text = (data as { readonly signature?: unknown } | null | undefined)?.signature
  const [, signed, base64] = /^vault:v([0-9]{1,10}):([A-Za-z0-9+/=]+)$/.exec(String(text)) ?? []
  const failed = (why: string) => new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable: false })
  if (base64 === undefined) throw failed('was answered for with something that is no signature')
  if (Number(signed) !== version) throw failed(`was asked for, and version ${signed} signed`)
  return decodeBase64(base64, 'the signature')
}
