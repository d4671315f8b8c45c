// SPDX-License-Identifier: Apache-2.0
export { createKmsKey, type KmsClientLike, type KmsKeyOptions } from './key.js'
