// SPDX-License-Identifier: Apache-2.0
export * from './algorithm.js'
export {
  type Attached,
  type AttachedArtifact,
  type AttachedBlob,
  type AttachOptions,
  attachArtifact,
} from './attach.js'
export type { Attachment, Listed, Signature, SignatureHandle } from './attachment.js'
export * from './blob.js'
export * from './bytes.js'
export type { Lost, LostReason } from './copy/collect.js'
export type { CopyProgress } from './copy/write.js'
export { type CopyOptions, type CopyReport, type CopyVerdicts, copyArtifact } from './copy.js'
export type { Awaitable, PublicKey, SignatureAlgorithm, VerificationKey } from './crypto/platform.js'
export { type DeadlineOptions, untilAborted } from './deadline.js'
export * from './descriptor.js'
export * from './digest.js'
export * from './discover.js'
export * from './errors.js'
export * from './json.js'
export * from './key.js'
export * from './limits.js'
export * from './memory-store.js'
export {
  createNotaryAttachment,
  type NotaryAttachmentOptions,
  type SignatureManifestForm,
  signatureArtifactType,
  thumbprintAnnotation,
} from './notary/attachment.js'
export {
  attributeNames,
  parseVerificationPlugin,
  type VerificationPluginRequest,
  verificationPluginAttributes,
} from './notary/attributes.js'
export type { NotaryClaims } from './notary/claims.js'
export * from './notary/envelope.js'
export { createEnvelopeSigner, type EnvelopeSignerOptions, type GeneratedEnvelope } from './notary/envelope-signer.js'
export type {
  AnyVerificationExtension,
  ExtensionAnswer,
  ExtensionFinder,
  ExtensionRequest,
  ReplaceableCheck,
  VerificationExtension,
} from './notary/extension.js'
export type { CborLabel, CborTag, CborValue } from './notary/format/cbor-value.js'
export { cose } from './notary/format/cose.js'
export { coseDecoder } from './notary/format/cose-decoder.js'
export { jws } from './notary/format/jws.js'
export { jwsDecoder } from './notary/format/jws-decoder.js'
export { matchesIdentity, parseTrustedIdentity, type TrustedIdentity } from './notary/identity.js'
export { describeUnverifiedEnvelope, type UnverifiedDescription } from './notary/inspect.js'
export {
  type CertificateValidity,
  type MinimumValidityOptions,
  withMinimumValidity,
} from './notary/minimum-validity.js'
export {
  encodePayload,
  parsePayload,
  requireUserMetadata,
  reservedMetadataPrefix,
  type SignedTarget,
} from './notary/payload.js'
export * from './notary/policy/index.js'
export { createNotarySigner, type NotarySignerOptions } from './notary/signer.js'
export {
  type SigningCertificates,
  type SigningCertificatesOptions,
  verifySigningCertificates,
} from './notary/signing-certificates.js'
export {
  createMemoryTrustStore,
  type TrustAnchor,
  type TrustStore,
  type TrustStoreContents,
} from './notary/trust-store.js'
export { createNotaryVerifier, type NotaryVerifierOptions } from './notary/verifier.js'
export * from './provider/index.js'
export type { Listing, ReadBackOptions } from './read-back.js'
export * from './reference.js'
export type { Judgement } from './requirement.js'
export { type SignedArtifact, type SignOptions, signArtifact } from './sign.js'
export { type SignTreeOptions, signArtifactTree } from './sign-tree.js'
export type { Signer } from './signer.js'
export * from './store.js'
export type { TreeLimits } from './tree.js'
export {
  type Accepted,
  type Action,
  conclude,
  defineLevel,
  type Findings,
  isInconclusive,
  type Level,
  type NotRequired,
  type Outcome,
  type Outcomes,
  type Verdict,
  type Verified,
} from './verdict.js'
export type { ClaimsOf, Requirement, TrustContext, Verifier } from './verifier.js'
export { judgeSignatures, type VerifyOptions, verifyArtifact } from './verify.js'
export * from './verify-tree.js'
export {
  type CertificateExtensions,
  type CertificateTemplate,
  codeSigningProfile,
  encodeCertificate,
  keyIdentifier,
} from './x509/encode.js'
export { encodePublicKey, type PublicKeyNumbers } from './x509/encode-public-key.js'
export { type CertificateRequestTemplate, encodeCertificateRequest } from './x509/encode-request.js'
export {
  type BasicConstraints,
  type Certificate,
  type Extension,
  type Extensions,
  encodePem,
  formatName,
  type KeyUsage,
  type Name,
  type NameAttribute,
  orderChain,
  type PemBlock,
  parseCertificate,
  parseCertificateFile,
  parseCertificatesPem,
  parseEcdsaSignature,
  parsePem,
  parsePkcs7Certificates,
  parsePublicKey,
  type Unsupported,
} from './x509/index.js'
