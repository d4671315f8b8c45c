// SPDX-License-Identifier: Apache-2.0
// What a plugin is asked and what it answers (plugin-extensibility, plugin contract 1.0). Answers are untrusted: they are
// held to their form here, and to what was asked by whoever asked.
import {
  decodeBase64,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  limits,
  parseJsonObject,
  type ReplaceableCheck,
  requireExactNames,
} from '@ocisign/core'
import { invalidPlugin, unsupportedPlugin } from './errors.js'
import { isVersion } from './semver.js'

/** The version of the contract that is spoken here. */
export const contractVersion = '1.0'

/** What a plugin may be asked: its first and only parameter. */
export type PluginCommand =
  | 'get-plugin-metadata'
  | 'describe-key'
  | 'generate-signature'
  | 'generate-envelope'
  | 'verify-signature'

/** What a plugin says it can do. */
export type PluginCapability =
  | 'SIGNATURE_GENERATOR.RAW'
  | 'SIGNATURE_GENERATOR.ENVELOPE'
  | 'SIGNATURE_GENERATOR.ENVELOPE_FOR_BLOB'
  | VerifierCapability

/** The checks that a verification plugin may take over. */
export type VerifierCapability = 'SIGNATURE_VERIFIER.TRUSTED_IDENTITY' | 'SIGNATURE_VERIFIER.REVOCATION_CHECK'

/** What the contract calls the checks that an extension may take over. */
export const capabilityOf: Readonly<Record<ReplaceableCheck, VerifierCapability>> = {
  trustedIdentity: 'SIGNATURE_VERIFIER.TRUSTED_IDENTITY',
  revocation: 'SIGNATURE_VERIFIER.REVOCATION_CHECK',
}

/** The errors of the contract. */
export type PluginErrorCode =
  | 'VALIDATION_ERROR'
  | 'UNSUPPORTED_CONTRACT_VERSION'
  | 'ACCESS_DENIED'
  | 'TIMEOUT'
  | 'THROTTLED'
  | 'ERROR'

/** The errors of the contract, as a list. */
export const pluginErrorCodes: readonly PluginErrorCode[] = [
  'VALIDATION_ERROR',
  'UNSUPPORTED_CONTRACT_VERSION',
  'ACCESS_DENIED',
  'TIMEOUT',
  'THROTTLED',
  'ERROR',
]

/** Settings for a plugin, which go to it as they are; no place for secrets. */
export type PluginConfig = Readonly<Record<string, string>>

/** What a plugin says about itself. */
export interface PluginMetadata {
  readonly name: string
  readonly description: string
  /** Semantic version. */
  readonly version: string
  readonly url: string
  readonly supportedContractVersions: readonly string[]
  /** Those that are not known here included. */
  readonly capabilities: readonly string[]
}

/**
 * Reads the answer of `get-plugin-metadata` of the plugin that is installed under `name`.
 * @throws INVALID_PLUGIN | UNSUPPORTED_PLUGIN | INVALID_JSON | INVALID_TEXT
 */
export function parsePluginMetadata(bytes: Uint8Array, name: string): PluginMetadata {
  const names = ['name', 'description', 'version', 'url', 'supportedContractVersions', 'capabilities']
  const reader = readAnswer(bytes, name, 'its metadata', names)
  const metadata: PluginMetadata = {
    name: reader.text('name'),
    description: reader.text('description'),
    version: reader.text('version'),
    url: reader.text('url'),
    supportedContractVersions: reader.texts('supportedContractVersions'),
    capabilities: reader.texts('capabilities'),
  }
  if (metadata.name !== name)
    throw invalidPlugin(name, 'calls itself by another name; its folder and file must have it')
  if (!isVersion(metadata.version)) throw invalidPlugin(name, 'has a version that is no semantic version')
  if (metadata.capabilities.length === 0) throw invalidPlugin(name, 'says that it can do nothing')
  if (!metadata.supportedContractVersions.includes(contractVersion))
    throw unsupportedPlugin(name, `does not speak version ${contractVersion} of the plugin contract`)
  return metadata
}

/** The answer of `describe-key`. */
export interface DescribedKey {
  readonly keyId: string
  readonly keySpec: string
}

/** Reads the answer of `describe-key`. @throws INVALID_PLUGIN | INVALID_JSON | INVALID_TEXT */
export function parseDescribedKey(bytes: Uint8Array, plugin: string): DescribedKey {
  const reader = readAnswer(bytes, plugin, 'its description of the key', ['keyId', 'keySpec'])
  return { keyId: reader.text('keyId'), keySpec: reader.text('keySpec') }
}

/** The answer of `generate-signature`. */
export interface GeneratedSignature {
  readonly keyId: string
  readonly signature: Uint8Array
  readonly signingAlgorithm: string
  /** Leaf first, each DER. */
  readonly certificateChain: readonly Uint8Array[]
}

/** Reads the answer of `generate-signature`. @throws INVALID_PLUGIN | INVALID_JSON | INVALID_TEXT | INVALID_BASE64 */
export function parseGeneratedSignature(bytes: Uint8Array, plugin: string): GeneratedSignature {
  const names = ['keyId', 'signature', 'signingAlgorithm', 'certificateChain']
  const reader = readAnswer(bytes, plugin, 'its signature', names)
  const chain = reader.texts('certificateChain', (limits.certificateBytes * 4) / 3 + 4)
  if (chain.length === 0 || chain.length > limits.chainCertificates)
    throw invalidPlugin(plugin, `answered with a chain of ${chain.length} certificates`)
  return {
    keyId: reader.text('keyId'),
    signature: reader.bytes('signature'),
    signingAlgorithm: reader.text('signingAlgorithm'),
    certificateChain: chain.map((text) => decodeBase64(text, 'a certificate of the plugin')),
  }
}

/** The answer of `generate-envelope`. */
export interface GeneratedEnvelope {
  readonly signatureEnvelope: Uint8Array
  readonly signatureEnvelopeType: string
  /** For the manifest of the signature. */
  readonly annotations: Readonly<Record<string, string>>
}

/** Reads the answer of `generate-envelope`. @throws INVALID_PLUGIN | INVALID_JSON | INVALID_TEXT | INVALID_BASE64 */
export function parseGeneratedEnvelope(bytes: Uint8Array, plugin: string): GeneratedEnvelope {
  const names = ['signatureEnvelope', 'signatureEnvelopeType', 'annotations']
  const reader = readAnswer(bytes, plugin, 'its envelope', names)
  return {
    signatureEnvelope: reader.bytes('signatureEnvelope', limits.envelopeBytes),
    signatureEnvelopeType: reader.text('signatureEnvelopeType'),
    annotations: reader.textMap('annotations'),
  }
}

/** What a verification plugin found about one check. */
export interface VerificationResult {
  readonly success: boolean
  readonly reason: string
}

/** The answer of `verify-signature`. */
export interface VerifiedSignature {
  readonly verificationResults: ReadonlyMap<string, VerificationResult>
  readonly processedAttributes: readonly string[]
}

/** Reads the answer of `verify-signature`. @throws INVALID_PLUGIN | INVALID_JSON | INVALID_TEXT */
export function parseVerifiedSignature(bytes: Uint8Array, plugin: string): VerifiedSignature {
  const reader = readAnswer(bytes, plugin, 'its verdict', ['verificationResults', 'processedAttributes'])
  const results = reader.object('verificationResults')
  const verificationResults = Object.entries(results).map(([check, value]): [string, VerificationResult] => {
    if (!isJsonObject(value) || typeof value.success !== 'boolean')
      throw invalidPlugin(plugin, 'answered with a verdict that is neither yes nor no')
    requireExactNames(value, ['success', 'reason'], 'its verdict')
    const { success, reason = '' } = value
    if (typeof reason !== 'string') throw invalidPlugin(plugin, 'gave a reason that is not text')
    return [check, { success, reason }]
  })
  return {
    verificationResults: new Map(verificationResults),
    processedAttributes: reader.texts('processedAttributes'),
  }
}

/** What a plugin says went wrong. */
export interface PluginFailure {
  readonly errorCode: PluginErrorCode
  readonly errorMessage: string
}

/** Reads an error of a plugin; a code that is not known is `ERROR`. @throws INVALID_PLUGIN | INVALID_JSON | INVALID_TEXT */
export function parsePluginFailure(bytes: Uint8Array, plugin: string): PluginFailure {
  const answer = parseJsonObject(bytes, { what: 'its error' })
  const { errorCode, errorMessage = '' } = answer
  if (typeof errorCode !== 'string' || typeof errorMessage !== 'string')
    throw invalidPlugin(plugin, 'failed without an error of the contract')
  return { errorCode: pluginErrorCodes.find((each) => each === errorCode) ?? 'ERROR', errorMessage }
}

const maxTexts = 100
const maxText = 4096

/** Members of an answer by type; those that are not known are left alone, as later versions of the contract add some. */
function readAnswer(bytes: Uint8Array, plugin: string, what: string, names: readonly string[]) {
  const answer: JsonObject = parseJsonObject(bytes, { what })
  requireExactNames(answer, names, what)
  const invalid = (name: string) => invalidPlugin(plugin, `answered with no usable ${name} in ${what}`)
  const isText = (value: JsonValue | undefined, length: number): value is string =>
    typeof value === 'string' && value !== '' && value.length <= length
  const text = (name: string, length = maxText): string => {
    const value = answer[name]
    if (!isText(value, length)) throw invalid(name)
    return value
  }
  const object = (name: string): JsonObject => {
    const value = answer[name]
    if (!isJsonObject(value) || Object.keys(value).length > maxTexts) throw invalid(name)
    return value
  }
  return {
    text,
    object,
    bytes: (name: string, length = 16 * 1024): Uint8Array => decodeBase64(text(name, Math.ceil(length / 3) * 4), name),
    texts(name: string, length = maxText): readonly string[] {
      // Go writes null for an empty list.
      const value = answer[name] ?? []
      if (!Array.isArray(value) || value.length > maxTexts || !value.every((each) => isText(each, length)))
        throw invalid(name)
      return value
    },
    textMap(name: string): Readonly<Record<string, string>> {
      if (answer[name] === undefined || answer[name] === null) return {}
      const entries = Object.entries(object(name))
      if (!entries.every(([key, value]) => key.length <= maxText && typeof value === 'string')) throw invalid(name)
      return Object.fromEntries(entries) as Record<string, string>
    },
  }
}
