// SPDX-License-Identifier: Apache-2.0
import './errors.js'

export { combineCredentials, staticCredentials } from './auth/sources.js'
export type { Action, Credential, CredentialRequest, CredentialSource } from './auth/types.js'
export { parseImageReference } from './names.js'
export {
  type Notice,
  type Registry,
  type RegistryLimits,
  type RegistryOptions,
  type RegistryRepository,
  registryLimits,
} from './options.js'
export { createRegistry } from './registry.js'
