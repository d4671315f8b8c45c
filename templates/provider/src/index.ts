// SPDX-License-Identifier: Apache-2.0
export type { AcmeClientLike } from './client.js'
export { type AcmeKeyOptions, createAcmeKey } from './key.js'
