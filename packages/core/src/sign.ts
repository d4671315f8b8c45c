// SPDX-License-Identifier: Apache-2.0
import { type DeadlineOptions, withDeadline } from './deadline.js'
import { type Descriptor, targetOf } from './descriptor.js'
import { OcisignError } from './errors.js'
import { resolveReference } from './resolve.js'
import type { Signer } from './signer.js'
import type { ArtifactStore } from './store.js'

/** What {@link signArtifact} accepts. */
export interface SignOptions extends DeadlineOptions {
  /** Signed along with the artifact; keys that begin with `io.cncf.notary` are refused. */
  readonly userMetadata?: Readonly<Record<string, string>> | undefined
}

/** Where a new signature is. */
export interface SignedArtifact {
  readonly subject: Descriptor
  /** The manifest that holds the signature. */
  readonly manifest: Descriptor
  /** The signature itself. */
  readonly layer: Descriptor
}

/**
 * Signs what the reference resolves to now, attaches the signature, and proves by listing that it is there.
 *
 * Does not check that the content was built as it should be: it states who vouches for the digest.
 * @throws UNAVAILABLE_ATTACHMENT where the signature was stored but is not listed
 * @throws INVALID_CONTENT | INVALID_DESCRIPTOR where the store resolves to what was not asked for
 * @throws UNAVAILABLE_DEADLINE | UNAVAILABLE_NOT_FOUND, and what the signer and the store throw
 */
export async function signArtifact(
  store: ArtifactStore,
  reference: string,
  signer: Signer,
  options: SignOptions = {},
): Promise<SignedArtifact> {
  return withDeadline(options, async (signal) => {
    const subject = await resolveReference(store, reference, { signal })
    const target = targetOf(subject, options.userMetadata)
    const signature = await signer.sign(target, { scope: store.repository, signal })
    // A key that ignores the signal may be done after the caller was told that nothing was signed.
    signal.throwIfAborted()
    const { manifest, layer } = await signer.attachment.attach(store, subject, signature, { signal })
    for await (const listed of signer.attachment.list(store, subject, { signal }))
      if ('layer' in listed && listed.layer.digest === layer.digest) return { subject, manifest, layer }
    throw new OcisignError('UNAVAILABLE_ATTACHMENT', 'the signature was stored but is not listed', {
      subject: subject.digest,
      retryable: true,
    })
  })
}
