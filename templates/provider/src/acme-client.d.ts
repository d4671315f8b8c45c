// SPDX-License-Identifier: Apache-2.0
// Remove this file: the client library of your service brings its own types.
declare module 'acme-client' {
  export class AcmeClient {
    constructor(options: { host: string; token: string; retries: number })
    getPublicKey(keyId: string, options?: { signal?: AbortSignal }): Promise<{ der: Uint8Array; version: number }>
    signHash(
      request: { keyId: string; version: number; algorithm: string; hash: Uint8Array },
      options?: { signal?: AbortSignal },
    ): Promise<Uint8Array>
  }
}
