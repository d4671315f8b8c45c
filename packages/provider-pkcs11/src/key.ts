// SPDX-License-Identifier: Apache-2.0
import {
  algorithmOfPublicKey,
  askKeyService,
  createRemoteKey,
  type KeyMaterial,
  OcisignError,
  type RetryOptions,
  type SigningKey,
  type X509Material,
} from '@ocisign/core'
import { keyError } from './errors.js'
import { mechanismFor } from './module.js'
import { findPrivateKey, nameOf, type ObjectName, readChain, readPublicKey } from './objects.js'
import type { Token } from './token.js'

/** What {@link createPkcs11Key} accepts: a key's label, its id, or both. */
export interface Pkcs11KeyOptions extends ObjectName {
  readonly token: Token
  /** Takes the certificates from the token: the key's own, and those that issued it as far as they are there. */
  readonly certificates?: 'token' | undefined
  readonly retry?: RetryOptions | undefined
}

/** An answer can be as long as the longest signature: RSA with 16,384 bits. */
const longestSignature = 2048

/**
 * Makes a key on a token sign: hashes are made here, for many modules know no mechanism that hashes.
 *
 * RSASSA-PSS has its parameters stated exactly (MGF1 with the same hash, a salt as long as the hash). The key's handle is
 * looked for again in each session that is used, for it may be good in one only.
 *
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY | MISUSE_OPTION
 *
 * @example
 * ```ts compile
 * import { createNotarySigner, jws } from '@ocisign/core'
 * import { createPkcs11Key, type Token } from '@ocisign/provider-pkcs11'
 *
 * export async function createSigner(token: Token) {
 *   const key = await createPkcs11Key({ token, label: 'release', certificates: 'token' })
 *   return createNotarySigner({ key, format: jws })
 * }
 * ```
 */
export function createPkcs11Key(
  options: Pkcs11KeyOptions & { readonly certificates: 'token' },
): Promise<SigningKey<X509Material>>
/** The material is the public key, unless certificates are asked for. @throws as above */
export function createPkcs11Key(options: Pkcs11KeyOptions): Promise<SigningKey>
export async function createPkcs11Key(options: Pkcs11KeyOptions): Promise<SigningKey> {
  const { token, retry } = options
  if (options.label === undefined && options.id === undefined)
    throw new OcisignError('MISUSE_OPTION', 'a key on a token is named by its label, its id, or both', {
      option: 'label',
    })
  const { module } = token
  const id = `${token.id};${nameOf(options)}`
  const toError = (cause: unknown) => keyError(id, cause)
  const read = () =>
    token.use((session) => {
      const key = findPrivateKey(module, session, options, id)
      const publicKey = readPublicKey(module, session, key, options, id)
      return { spki: publicKey, chain: options.certificates ? readChain(module, session, publicKey) : [] }
    })
  const { spki, chain } = await askKeyService(read, { ...retry, id, toError })
  if (options.certificates && chain.length === 0)
    throw new OcisignError('UNAVAILABLE_KEY', `${id} has no certificate on the token`, { id, retryable: false })
  const algorithm = algorithmOfPublicKey(spki, id)
  const mechanism = mechanismFor(algorithm.scheme, algorithm.hash)
  return createRemoteKey<KeyMaterial>({
    id,
    algorithm,
    material: options.certificates ? { kind: 'x509', chain } : { kind: 'public-key', spki },
    ecdsa: 'raw',
    signHash: (hash) =>
      token.use(async (session) => {
        const key = findPrivateKey(module, session, options, id)
        module.C_SignInit(session, mechanism, key)
        const data = Buffer.from(hash)
        try {
          return { signature: await module.C_SignAsync(session, data, Buffer.alloc(longestSignature)) }
        } finally {
          // Used to the end: pkcs11js does not keep what another thread reads from being collected.
          data.fill(0)
        }
      }),
    toError,
    retry,
  })
}
