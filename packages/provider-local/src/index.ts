// SPDX-License-Identifier: Apache-2.0
export { createKeyObjectKey, generateKey, type LocalKey, type LocalKeyOptions } from './key.js'
export { type OpenKeyFileOptions, openKeyFile } from './open.js'
export { type PrivateKeyOptions, parsePrivateKey } from './parse.js'
export { createWebCryptoKey, type WebCryptoKeyPair } from './portable/web-crypto.js'
export {
  createTestCertificate,
  createTestChain,
  type TestCertificateOptions,
  type TestChain,
  type TestChainOptions,
} from './test-certificate.js'
