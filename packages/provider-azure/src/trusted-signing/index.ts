// SPDX-License-Identifier: Apache-2.0
export { createTrustedSigningKey, type TokenCredentialLike, type TrustedSigningKeyOptions } from './key.js'
export { openKey, scheme } from './uri.js'
