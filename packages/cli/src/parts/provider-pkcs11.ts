// SPDX-License-Identifier: Apache-2.0
export { openKey, scheme } from '@ocisign/provider-pkcs11/uri'
