// SPDX-License-Identifier: Apache-2.0
export { createPkcs11Key, type Pkcs11KeyOptions } from './key.js'
export type { Pkcs11Like } from './module.js'
export { openToken, type Token, type TokenOptions } from './token.js'
