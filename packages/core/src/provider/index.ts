// SPDX-License-Identifier: Apache-2.0
// For authors of key providers.
export { readJsonAnswer } from './answer.js'
export { type AskOptions, askKeyService, reportTries } from './ask.js'
export { type ConnectionFailure, describeConnectionFailure } from './connection.js'
export { describeKey, type KeyDescription } from './describe-key.js'
export { importPeer } from './peer.js'
export { algorithmOfPublicKey, unsupportedKey } from './public-key.js'
export { createRemoteKey, type RemoteKeyOptions, type RemoteSignature } from './remote-key.js'
export { type RetryOptions, waitFor, withRetries } from './retry.js'
