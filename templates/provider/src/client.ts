// SPDX-License-Identifier: Apache-2.0

/** What is used of the service's client; whoever opens a key makes one and configures it. */
export interface AcmeClientLike {
  /** The public key of the newest version, SubjectPublicKeyInfo in DER, and which version it is. */
  getPublicKey(keyId: string, options?: CallOptions): Promise<{ readonly der: Uint8Array; readonly version: number }>
  /** Signs a hash; ECDSA comes back in DER. */
  signHash(
    request: { keyId: string; version: number; algorithm: string; hash: Uint8Array },
    options?: CallOptions,
  ): Promise<Uint8Array>
}

interface CallOptions {
  readonly signal?: AbortSignal
}
