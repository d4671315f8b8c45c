// SPDX-License-Identifier: Apache-2.0
// What commands that look at signatures without verifying them share.
import { createNotaryAttachment, type Descriptor, type Listed, limits, OcisignError } from '@ocisign/core'
import { artifactOptions, openArtifacts, requirePositionals } from './artifact.js'
import { type Invocation, type OptionSpec, parseCount, type Terminal } from './command.js'
import { documentOptions } from './output/print.js'
import { timeoutOptions, withTimeout } from './timeout.js'

/** Options of {@link listSignatures}, and of how to show them. */
export const listingOptions = {
  ...artifactOptions,
  ...timeoutOptions,
  'max-signatures': { type: 'string', value: 'N', help: 'signatures to show; 100 by default' },
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

/** An artifact and its signatures, nothing of it verified. */
export interface ListedArtifact {
  readonly name: string
  readonly subject: Descriptor
  readonly signatures: readonly Listed[]
  /** For whatever more is read. */
  readonly signal: AbortSignal
}

/** Finds the artifact that the command line names, and its signatures. @throws UNAVAILABLE_LIMIT where there are more */
export async function listSignatures(invocation: Invocation, terminal: Terminal): Promise<ListedArtifact> {
  const [name] = requirePositionals(invocation, 'one artifact: HOST/PATH:TAG or HOST/PATH@DIGEST', 1)
  const signal = withTimeout(invocation, terminal.signal)
  const isLayout = invocation.flag('oci-layout')
  const artifacts = await openArtifacts(invocation, terminal, { isLayout })
  const most = parseCount(invocation.text('max-signatures'), 'max-signatures') ?? limits.signatures
  const { store, reference } = await artifacts.open(name)
  const subject = await store.resolve(reference, { signal })
  const signatures: Listed[] = []
  for await (const listed of createNotaryAttachment().list(store, subject, { signal })) {
    if (signatures.length >= most)
      throw new OcisignError('UNAVAILABLE_LIMIT', `there are more than ${most} signatures; raise --max-signatures`, {
        target: subject.digest,
        refusals: [],
        retryable: false,
      })
    signatures.push(listed)
  }
  return { name, subject, signatures, signal }
}
