// SPDX-License-Identifier: Apache-2.0

/** A number as it comes over gRPC: 64 bits do not fit into a JavaScript number, so some come as text. */
type Int64 = { readonly value?: number | string | { toString(): string } | null | undefined } | null | undefined

/** What a public key is answered with. */
export interface PublicKeyAnswer {
  readonly name?: string | null | undefined
  readonly pem?: string | null | undefined
  readonly pemCrc32c?: Int64
  readonly algorithm?: unknown
}

/** What a signature is answered with. */
export interface SignAnswer {
  readonly name?: string | null | undefined
  readonly signature?: Uint8Array | string | null | undefined
  readonly signatureCrc32c?: Int64
  readonly verifiedDigestCrc32c?: boolean | null | undefined
}

/** A version of a key in a list. */
export interface VersionAnswer {
  readonly name?: string | null | undefined
  readonly state?: unknown
}

/** What is used of `KeyManagementServiceClient` of `@google-cloud/kms`; the caller makes and configures it. */
export interface CloudKmsClientLike {
  getPublicKey(request: { name: string }): Promise<readonly [PublicKeyAnswer, ...unknown[]]>
  asymmetricSign(request: {
    name: string
    digest: { sha256?: Uint8Array; sha384?: Uint8Array; sha512?: Uint8Array }
    digestCrc32c: { value: number }
  }): Promise<readonly [SignAnswer, ...unknown[]]>
  listCryptoKeyVersionsAsync(request: {
    parent: string
    filter?: string
    pageSize?: number
  }): AsyncIterable<VersionAnswer>
}

/** The number of an {@link Int64}; undefined where there is none. */
export function numberOf(value: Int64): number | undefined {
  return value?.value === undefined || value.value === null ? undefined : Number(value.value.toString())
}
