// SPDX-License-Identifier: Apache-2.0
export {
  type Certificate,
  describeSubject,
  isSelfIssued,
  isValidAt,
  parseCertificate,
  parseCertificates,
} from './certificate.js'
export { parseEcdsaSignature } from './ecdsa-signature.js'
export type { BasicConstraints, Extension, Extensions, KeyUsage } from './extensions.js'
export { formatName, type Name, type NameAttribute, parseName } from './name.js'
export { oids } from './oid.js'
export { type ChainSignatureOptions, importCertificateKey, verifyChainSignatures, verifyIssuedBy } from './path.js'
export { encodePem, type PemBlock, parseCertificateFile, parseCertificatesPem, parsePem } from './pem.js'
export { algorithmOfLeaf, validateCodeSigningChain } from './profile.js'
export { parsePublicKey, type Unsupported } from './public-key.js'
