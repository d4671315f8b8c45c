// SPDX-License-Identifier: Apache-2.0
export type { AwsSignerClientLike } from './client.js'
export {
  type AwsSignerExtension,
  type AwsSignerExtensionOptions,
  type AwsSignerRequest,
  createAwsSignerExtension,
} from './extension.js'
export { type AwsSignerOptions, createAwsSigner } from './signer.js'
