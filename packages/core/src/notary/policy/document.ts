// SPDX-License-Identifier: Apache-2.0
// What a trust policy says, once it was read: plain, frozen data (trust-store-trust-policy, trust policy properties).
import type { TrustedIdentity } from '../identity.js'
import type { NotaryLevel } from './levels.js'

/** `oci`: for artifacts, selected by repository. `blob`: for files, selected by name. */
export type TrustPolicyKind = 'oci' | 'blob'

/** The kinds of trust store: who may have signed, who may have stated the time as a signing authority, or as a timestamping one. */
export type TrustStoreType = 'ca' | 'signingAuthority' | 'tsa'

/** A named trust store, written `ca:acme`. */
export interface TrustStoreReference {
  readonly type: TrustStoreType
  readonly name: string
}

/** What a policy is selected by. */
export interface PolicySelectors {
  /** Unique in its document. */
  readonly name: string
  /** Of an OCI policy: repositories that it is for, or `*` alone. */
  readonly scopes?: readonly string[]
  /** Of a blob policy: it is the one where none is named. */
  readonly globalPolicy?: boolean
}

/** A policy that asks for a signature. */
export interface VerifyingPolicy extends PolicySelectors {
  readonly skip: false
  readonly level: NotaryLevel
  /** When a policy with a `tsa` store asks for a timestamp; `always` by default. */
  readonly verifyTimestamp: 'always' | 'afterCertExpiry'
  /** Each once, in the order of the document. */
  readonly trustStores: readonly TrustStoreReference[]
  readonly trustedIdentities: readonly TrustedIdentity[]
}

/** A policy of level `skip`: it asks for no signature, and trusts nobody. */
export interface SkippingPolicy extends PolicySelectors {
  readonly skip: true
  readonly level: { readonly name: 'skip' }
}

/** One policy statement; `skip` tells which kind. */
export type TrustPolicy = VerifyingPolicy | SkippingPolicy

/** A trust policy document that holds to every rule. */
export interface TrustPolicyDocument {
  readonly kind: TrustPolicyKind
  readonly version: '1.0'
  readonly policies: readonly TrustPolicy[]
}
