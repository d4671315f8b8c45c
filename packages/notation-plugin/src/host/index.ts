// SPDX-License-Identifier: Apache-2.0
export type { VerificationResult } from '../protocol.js'

export { certificateChainSetting, type HostKeyOptions, type HostKeys, type OpenHostKey } from './key.js'
export {
  type AnswerOptions,
  createNotationPlugin,
  type HostAnswer,
  type HostProcess,
  type HostStream,
  type NotationPlugin,
  type NotationPluginOptions,
} from './plugin.js'
export {
  createHostVerifier,
  type HostExtension,
  type HostExtensionRequest,
  type HostVerdict,
  type HostVerifier,
} from './verifier.js'
