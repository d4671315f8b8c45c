// SPDX-License-Identifier: Apache-2.0
// The verifier that the configuration describes.
import {
  coseDecoder,
  createNotaryVerifier,
  jwsDecoder,
  type NotaryClaims,
  type TrustPolicyDocument,
  type Verifier,
} from '@ocisign/core'
import { openDirectoryTrustStore, openTrustPolicy } from '@ocisign/core/node'
import type { Invocation } from './command.js'
import { configDirectoryOf } from './config.js'
import { createExtensionFinder } from './extensions.js'

/** A verifier and the policy document in it. */
export interface ConfiguredVerifier {
  readonly policy: TrustPolicyDocument
  readonly verifier: Verifier<NotaryClaims>
}

/** Makes the verifier that the configuration describes; trust stores are read once they are needed. */
export async function openVerifier(invocation: Invocation, kind: 'oci' | 'blob'): Promise<ConfiguredVerifier> {
  const directory = configDirectoryOf(invocation)
  const policy = await openTrustPolicy(directory, kind)
  const trustStore = openDirectoryTrustStore(directory)
  const extensions = createExtensionFinder(invocation, directory)
  const verifier = createNotaryVerifier({ policy, trustStore, formats: [jwsDecoder, coseDecoder], extensions })
  return { policy, verifier }
}
