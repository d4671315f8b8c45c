// SPDX-License-Identifier: Apache-2.0
export type {
  PolicySelectors,
  SkippingPolicy,
  TrustPolicy,
  TrustPolicyDocument,
  TrustPolicyKind,
  TrustStoreReference,
  TrustStoreType,
  VerifyingPolicy,
} from './document.js'
export type { NotaryCheck, NotaryLevel, NotaryLevelName } from './levels.js'
export { lintTrustPolicy } from './lint.js'
export { parseTrustPolicy } from './parse.js'
export { explainPolicySelection, type PolicyContext, type PolicySelection, selectPolicy } from './select.js'
export { explainStoreName, formatStore, trustStoreTypes } from './store-name.js'
