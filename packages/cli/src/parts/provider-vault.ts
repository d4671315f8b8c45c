// SPDX-License-Identifier: Apache-2.0
export { openKey, scheme } from '@ocisign/provider-vault/uri'
