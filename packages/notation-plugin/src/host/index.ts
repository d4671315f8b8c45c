// SPDX-License-Identifier: Apache-2.0
export type { VerificationResult } from '../protocol.js'

export { certificateChainSetting, type HostKeyOptions, type HostKeys, type OpenHostKey } from './key.js'
export {
  type AnswerOptions,
  createNotationPlugin,
  type HostAnswer,
  type HostProcess,
  type HostStream,
  type HostVerdict,
  type HostVerifier,
  type NotationPlugin,
  type NotationPluginOptions,
} from './plugin.js'
