// SPDX-License-Identifier: Apache-2.0
export { type Certificate, parseCertificate } from './certificate.js'
export { parseEcdsaSignature } from './ecdsa-signature.js'
export type { BasicConstraints, Extension, Extensions, KeyUsage } from './extensions.js'
export { formatName, type Name, type NameAttribute } from './name.js'
export { verifyChainSignatures } from './path.js'
export { encodePem, type PemBlock, parseCertificateFile, parseCertificatesPem, parsePem } from './pem.js'
export { validateCodeSigningChain } from './profile.js'
export { parsePublicKey, type Unsupported } from './public-key.js'
