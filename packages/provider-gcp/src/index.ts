// SPDX-License-Identifier: Apache-2.0
export type { CloudKmsClientLike } from './client.js'
export { type CloudKmsKeyOptions, createCloudKmsKey } from './key.js'
