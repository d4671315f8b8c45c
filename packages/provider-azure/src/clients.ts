// SPDX-License-Identifier: Apache-2.0
// What is used of the clients of @azure/keyvault-*; the caller makes and configures them.

/** What every call may be told. */
export interface AzureCallOptions {
  readonly abortSignal?: AbortSignal
}

/** A public key as Key Vault shows it: of one in an HSM the type ends in `-HSM`. */
export interface KeyVaultJwk {
  readonly kty?: string | undefined
  readonly crv?: string | undefined
  readonly n?: Uint8Array | undefined
  readonly e?: Uint8Array | undefined
  readonly x?: Uint8Array | undefined
  readonly y?: Uint8Array | undefined
}

/** What a version is like. */
export interface VersionProperties {
  readonly version?: string | undefined
  readonly enabled?: boolean | undefined
  readonly notBefore?: Date | undefined
  readonly expiresOn?: Date | undefined
  readonly createdOn?: Date | undefined
}

/** Of `KeyClient` of `@azure/keyvault-keys`. */
export interface KeyClientLike {
  readonly vaultUrl: string
  getKey(
    name: string,
    options?: { version?: string } & AzureCallOptions,
  ): Promise<{
    readonly id?: string | undefined
    readonly key?: KeyVaultJwk | undefined
    readonly properties: VersionProperties
  }>
  listPropertiesOfKeyVersions(name: string, options?: AzureCallOptions): AsyncIterable<VersionProperties>
}

export type KeyVaultAlgorithm = `${'ES' | 'PS'}${256 | 384 | 512}`

/** Of `CryptographyClient` of `@azure/keyvault-keys`, made for one version of one key. */
export interface CryptographyClientLike {
  sign(
    algorithm: KeyVaultAlgorithm,
    digest: Uint8Array,
    options?: AzureCallOptions,
  ): Promise<{ readonly result: Uint8Array; readonly keyID?: string | undefined }>
}

/** Of `CertificateClient` of `@azure/keyvault-certificates`. */
export interface CertificateClientLike {
  readonly vaultUrl: string
  getCertificate(name: string, options?: AzureCallOptions): Promise<CertificateAnswer>
  getCertificateVersion(name: string, version: string, options?: AzureCallOptions): Promise<CertificateAnswer>
  listPropertiesOfCertificateVersions(name: string, options?: AzureCallOptions): AsyncIterable<VersionProperties>
}

export interface CertificateAnswer {
  /** DER. */
  readonly cer?: Uint8Array | undefined
  readonly keyId?: string | undefined
  readonly properties: VersionProperties
}

/** Of `SecretClient` of `@azure/keyvault-secrets`: a certificate's chain is kept as a secret. */
export interface SecretClientLike {
  getSecret(name: string, options?: { version?: string } & AzureCallOptions): Promise<SecretAnswer>
}

export interface SecretAnswer {
  readonly value?: string | undefined
  readonly properties: { readonly contentType?: string | undefined }
}

export const callOptions = (signal: AbortSignal | undefined): AzureCallOptions =>
  signal ? { abortSignal: signal } : {}
