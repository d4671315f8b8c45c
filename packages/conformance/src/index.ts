// SPDX-License-Identifier: Apache-2.0
export type { ConformanceCase } from './case.js'
export { type KeyFailure, type SigningKeyCasesOptions, signingKeyCases } from './signing-key.js'
export type { Secret } from './signing-key-secrets.js'
export type { VerifyRaw } from './signing-key-verify.js'
export { createSpoiled } from './spoiled.js'
export { type StoreCasesOptions, storeCases } from './store.js'
