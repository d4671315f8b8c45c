// SPDX-License-Identifier: Apache-2.0

/** How much is read from outside before giving up with UNAVAILABLE_LIMIT or INVALID_; every one has an option to change it where it matters. */
export const limits = {
  /** Signatures judged for one artifact. */
  signatures: 100,
  /** Manifests that one listing of referrers names, signatures or not. */
  referrers: 50_000,
  /** Manifests that belong to an artifact, all together: what an index holds, what refers to it, what refers to that. */
  manifests: 1000,
  /** Things fetched at the same time for one call, of each kind. */
  parallelFetches: 10,
  /** Artifacts signed, or blobs copied, at the same time. */
  concurrency: 4,
  /** Bytes of a manifest or an index. */
  manifestBytes: 4 * 1024 * 1024,
  /** Bytes of a signature envelope. */
  envelopeBytes: 1024 * 1024,
  /** Bytes of a trust policy, configuration or key file. */
  documentBytes: 1024 * 1024,
  /** Certificates in one chain. */
  chainCertificates: 10,
  /** Bytes of one certificate. */
  certificateBytes: 64 * 1024,
  /** Nesting of JSON, CBOR and DER. */
  depth: 32,
  /** Milliseconds for one call of a verb, all together. */
  deadlineMilliseconds: 60_000,
  /** Milliseconds for copying one artifact: layers may be large, and networks slow. */
  copyDeadlineMilliseconds: 30 * 60_000,
} as const
