// SPDX-License-Identifier: Apache-2.0
import {
  algorithmName,
  algorithmOfPublicKey,
  type CallOptions,
  encodeBase64,
  equalAlgorithms,
  isOcisignError,
  isUnicode,
  limits,
  OcisignError,
  parseCertificate,
  type RawSignature,
  type RetryOptions,
  reportTries,
  type SigningKey,
  unsupportedKey,
  withRetries,
  type X509Material,
} from '@ocisign/core'
import { type AlgorithmNames, findByKeySpec } from './algorithm.js'
import { misuse } from './errors.js'
import { type OpenPlugin, openPlugin, type PluginOptions, requireCapability } from './plugin.js'
import { type GeneratedSignature, parseDescribedKey, parseGeneratedSignature } from './protocol.js'

/** What {@link openPluginKey} accepts. */
export interface PluginKeyOptions extends PluginOptions {
  /** What the plugin calls the key. */
  readonly id: string
  /** Only what the plugin itself says may succeed later (`THROTTLED`, `TIMEOUT`) is tried again. */
  readonly retry?: RetryOptions | undefined
}

/** Answers with ten certificates of the largest size. */
const maxSignatureBytes = 2 * limits.envelopeBytes
const maxDescriptionBytes = 64 * 1024

/**
 * Opens a key of an installed Notation plugin (plugin-extensibility, signature generator): `describe-key`, and
 * `generate-signature` for each signature. The message goes to the plugin unhashed.
 *
 * What the plugin answers must be what it was asked for: the same key id, the algorithm of the described key, a chain
 * whose leaf has a key of that algorithm, a signature of its exact width. That the signature is good is for the signer
 * to verify, as it does for every key.
 *
 * @throws INVALID_PLUGIN | UNSUPPORTED_PLUGIN | UNAVAILABLE_PLUGIN | MISUSE_OPTION where there is no such plugin
 * @throws INVALID_KEY | UNSUPPORTED_KEY | DENIED_KEY | UNAVAILABLE_KEY where it has no such key
 *
 * @example
 * ```ts compile
 * import { openPluginKey, pluginDirectory } from '@ocisign/notation-plugin'
 *
 * const directory = pluginDirectory('/home/me/.config/notation') // or of defaultConfigDirectory() of @ocisign/core/node
 * const key = await openPluginKey({ directory, name: 'com.example.hsm', id: 'release', config: { slot: '1' } })
 * console.log(key.algorithm) // give it to createNotarySigner
 * ```
 */
export async function openPluginKey(options: PluginKeyOptions): Promise<SigningKey<X509Material>> {
  const { id: keyId, signal, retry } = options
  requireKeyId(keyId)
  const plugin = await openPlugin(options)
  requireCapability(
    plugin,
    'SIGNATURE_GENERATOR.RAW',
    plugin.metadata.capabilities.includes('SIGNATURE_GENERATOR.ENVELOPE')
      ? ': it makes whole envelopes, so it is a signer and no key'
      : '',
  )
  const id = keyUri(plugin.name, keyId)
  const names = await describeKey(plugin, keyId, { signal })
  return {
    contract: 'signing-key/1',
    id,
    algorithm: names.algorithm,
    async sign(message, { signal } = {}) {
      signal?.throwIfAborted()
      const { keySpec, hashAlgorithm } = names
      const question = {
        command: 'generate-signature',
        request: { keyId, keySpec, hashAlgorithm, payload: encodeBase64(message) },
        maxBytes: maxSignatureBytes,
        parse: parseGeneratedSignature,
      } as const
      return withRetries(
        async (callOptions) => readSignature(await plugin.ask(question, callOptions), id, keyId, names),
        mayRetry,
        (error, tries) => reportTries(keyError(error, id), tries),
        { ...retry, signal },
      )
    },
  }
}

/**
 * How a key of a plugin is written on a command line.
 *
 * @example
 * ```ts
 * import { keyUri } from '@ocisign/notation-plugin'
 *
 * console.log(keyUri('com.example.hsm', 'slot 1')) // for --key
 * ```
 */
export function keyUri(name: string, keyId: string): string {
  return `notation-plugin:${name}?id=${encodeURIComponent(keyId)}`
}

/** Holds what a key is called to what can be shown. @throws MISUSE_OPTION */
export function requireKeyId(id: string): void {
  if (id !== '' && id.length <= 1024 && isUnicode(id)) return
  throw misuse('id', 'the id of a key of a plugin is text of 1 to 1,024 characters')
}

/** Asks which kind of key it is. @throws INVALID_KEY | UNSUPPORTED_KEY | DENIED_KEY | UNAVAILABLE_KEY */
export async function describeKey(plugin: OpenPlugin, keyId: string, options: CallOptions): Promise<AlgorithmNames> {
  const id = keyUri(plugin.name, keyId)
  const question = {
    command: 'describe-key',
    request: { keyId },
    maxBytes: maxDescriptionBytes,
    parse: parseDescribedKey,
  } as const
  const described = await plugin.ask(question, options).catch((error: unknown) => {
    throw keyError(error, id)
  })
  if (described.keyId !== keyId) throw lie(id, 'described another key')
  const names = findByKeySpec(described.keySpec)
  if (!names) throw unsupportedKey(id, 'a key of a kind that the plugin contract does not know')
  return names
}

/** Only what the plugin itself says is worth it; each try may make a signature. */
const mayRetry = (error: unknown): boolean =>
  isOcisignError(error, 'UNAVAILABLE_PLUGIN') &&
  (error.details.errorCode === 'THROTTLED' || error.details.errorCode === 'TIMEOUT')

/** What a plugin's failure means for its key. */
function keyError(cause: unknown, id: string): unknown {
  if (!isOcisignError(cause, 'UNAVAILABLE_PLUGIN')) return cause
  const { errorCode, retryable } = cause.details
  const message = `${id}: ${cause.message}`
  if (errorCode === 'ACCESS_DENIED') return new OcisignError('DENIED_KEY', message, { id }, { cause })
  if (errorCode === 'VALIDATION_ERROR') return new OcisignError('INVALID_KEY', message, { id }, { cause })
  return new OcisignError('UNAVAILABLE_KEY', message, { id, retryable }, { cause })
}

const lie = (id: string, what: string, cause?: unknown) =>
  new OcisignError('UNAVAILABLE_KEY', `${id}: the plugin ${what}`, { id, retryable: false }, { cause })

function readSignature(
  { keyId: answered, signature, signingAlgorithm, certificateChain: chain }: GeneratedSignature,
  id: string,
  keyId: string,
  { algorithm, signingAlgorithm: expected }: AlgorithmNames,
): RawSignature<X509Material> {
  if (answered !== keyId) throw lie(id, 'signed with another key')
  if (signingAlgorithm !== expected) throw lie(id, `did not sign with ${expected}`)
  const ofLeaf = algorithmOfLeaf(chain[0]!, id)
  if (!equalAlgorithms(ofLeaf, algorithm))
    throw lie(
      id,
      `answered with the certificate of a key for ${algorithmName(ofLeaf)}, not ${algorithmName(algorithm)}`,
    )
  const { scheme, keyBits } = algorithm
  const width = scheme === 'ECDSA' ? 2 * Math.ceil(keyBits / 8) : keyBits / 8
  if (signature.length !== width)
    throw lie(id, `answered with a signature of ${signature.length} bytes instead of ${width}`)
  return { signature, material: { kind: 'x509', chain } }
}

function algorithmOfLeaf(der: Uint8Array, id: string) {
  try {
    const { publicKey } = parseCertificate(der)
    if ('unsupported' in publicKey) throw unsupportedKey(id, `a key of the kind ${publicKey.unsupported}`)
    return algorithmOfPublicKey(publicKey.spki, id)
  } catch (cause) {
    if (isOcisignError(cause, 'UNSUPPORTED_KEY')) throw cause
    throw lie(id, 'answered with a certificate that cannot be read', cause)
  }
}
