// SPDX-License-Identifier: Apache-2.0
export { createVaultKey, type VaultKeyOptions } from './key.js'
