// SPDX-License-Identifier: Apache-2.0
export { createKeyVaultCertificateKey, type KeyVaultCertificateKeyOptions } from './certificate.js'
export type { CertificateClientLike, CryptographyClientLike, KeyClientLike, SecretClientLike } from './clients.js'
export { createKeyVaultKey, type KeyVaultKeyOptions } from './key.js'
