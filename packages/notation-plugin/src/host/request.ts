// SPDX-License-Identifier: Apache-2.0
// What Notation asks a plugin (plugin-extensibility). Members that are not known are left alone, as the contract says.
import { decodeBase64, isJsonObject, isOcisignError, type JsonObject, parseJsonObject, printable } from '@ocisign/core'
import { contractVersion, type PluginConfig, type PluginErrorCode } from '../protocol.js'

/** An error in the contract's words. */
export interface HostFailure {
  readonly errorCode: PluginErrorCode
  readonly errorMessage: string
}

/** A request as it was read; whatever it lacks throws a {@link HostFailure}. */
export interface HostRequest {
  readonly config: PluginConfig
  /** The whole of it, for a verifier of signatures. */
  readonly document: JsonObject
  text(name: string): string
  bytes(name: string): Uint8Array
}

/** Makes the error of a request that cannot be used. */
export const refusal = (errorMessage: string, errorCode: PluginErrorCode = 'VALIDATION_ERROR'): HostFailure => ({
  errorCode,
  errorMessage,
})

/** Reads a request. Metadata are asked for without a version of the contract. @throws HostFailure */
export function readRequest(input: Uint8Array, isVersioned: boolean): HostRequest {
  const document = parse(input)
  const text = (name: string): string => {
    const value = document[name]
    if (typeof value !== 'string' || value === '') throw refusal(`the request has no ${name}`)
    return value
  }
  if (isVersioned && text('contractVersion') !== contractVersion)
    throw refusal(
      `version ${printable(text('contractVersion'), 40)} of the contract is not spoken here, ${contractVersion} is`,
      'UNSUPPORTED_CONTRACT_VERSION',
    )
  return {
    config: readConfig(document),
    document,
    text,
    bytes(name) {
      // An empty message can be signed as well as any other.
      const value = document[name]
      if (typeof value !== 'string') throw refusal(`the request has no ${name}`)
      return decodeBase64(value, name)
    },
  }
}

function parse(input: Uint8Array): JsonObject {
  try {
    return parseJsonObject(input, { what: 'the request' })
  } catch (error) {
    throw isOcisignError(error) ? refusal(error.message) : error
  }
}

function readConfig({ pluginConfig = null }: JsonObject): PluginConfig {
  if (pluginConfig === null) return {}
  if (!isJsonObject(pluginConfig) || !Object.values(pluginConfig).every((value) => typeof value === 'string'))
    throw refusal('pluginConfig is not an object of texts')
  return pluginConfig as PluginConfig
}
