// SPDX-License-Identifier: Apache-2.0
export { addTrustStoreCertificates } from './add-certificates.js'
export { type ConfigEnvironment, defaultConfigDirectory, signingKeysFile, trustPolicyFiles } from './config-paths.js'
export { openDirectoryTrustStore } from './directory-trust-store.js'
export { fileError } from './file-error.js'
export { type JsonMember, joinMember, splitJson, splitMember } from './json-text.js'
export { type LintedTrustPolicy, lintConfiguration } from './lint-configuration.js'
export { type ListedTrustStore, type ListTrustStoresOptions, listTrustStores } from './list-trust-stores.js'
export {
  type AddSigningKeyOptions,
  addSigningKey,
  findSigningKey,
  type LocalSigningKey,
  type PluginSigningKey,
  parseSigningKeys,
  readSigningKeys,
  type SigningKeys,
} from './signing-keys.js'
export { openTrustPolicy, type WriteTrustPolicyOptions, writeTrustPolicy } from './trust-policy.js'
export { type WriteFileOptions, writeFileAtomically } from './write-file.js'
