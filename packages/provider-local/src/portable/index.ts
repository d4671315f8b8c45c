// SPDX-License-Identifier: Apache-2.0
// What needs nothing of Node: WebCrypto keys, and deterministic ECDSA in plain JavaScript.
export { createDeterministicKey, type EcPrivateJwk } from './deterministic.js'
export { createWebCryptoKey, type WebCryptoKeyPair } from './web-crypto.js'
