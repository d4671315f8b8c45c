// SPDX-License-Identifier: Apache-2.0
import type { Attachment, SignatureHandle } from './attachment.js'
import { type DeadlineOptions, withDeadline } from './deadline.js'
import { type Descriptor, targetOf } from './descriptor.js'
import { OcisignError } from './errors.js'
import { attachListed, isReferrerListed, type ReadBackOptions } from './read-back.js'
import { resolveReference } from './resolve.js'
import type { Signer } from './signer.js'
import type { ArtifactStore } from './store.js'

/** What {@link signArtifact} accepts. */
export interface SignOptions extends DeadlineOptions, ReadBackOptions {
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
  /** The store was asked, and lists it. */
  readonly listing: 'listed'
}

/**
 * Signs what the reference resolves to now, attaches the signature, and proves by listing that it is there.
 *
 * A store that does not list it at once is asked again for a second or two, and the same signature is attached once more.
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
  return withDeadline(options, async (signal) =>
    signDescriptor(store, await resolveReference(store, reference, { signal }), signer, { ...options, signal }),
  )
}

/** Signs what is already resolved. Internal to the verbs. */
export async function signDescriptor(
  store: ArtifactStore,
  subject: Descriptor,
  signer: Signer,
  options: SignOptions,
): Promise<SignedArtifact> {
  const { signal } = options
  const signature = await signer.sign(targetOf(subject, options.userMetadata), { scope: store.repository, signal })
  const { attached, listing } = await attachListed(
    async () => {
      // A key that ignores the signal may be done after the caller was told that nothing was signed.
      signal?.throwIfAborted()
      return signer.attachment.attach(store, subject, signature, { signal })
    },
    (each) => isSignatureListed(store, subject, signer.attachment, each, signal),
    options,
  )
  if (listing === 'listed') return { subject, manifest: attached.manifest, layer: attached.layer, listing }
  throw new OcisignError('UNAVAILABLE_ATTACHMENT', 'the signature was stored but is not listed', {
    subject: subject.digest,
    retryable: true,
  })
}

async function isSignatureListed(
  store: ArtifactStore,
  subject: Descriptor,
  attachment: Attachment,
  { manifest, layer }: Pick<SignatureHandle, 'manifest' | 'layer'>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { artifactType } = attachment
  // The digest of its manifest says all: nothing has to be read again.
  if (artifactType !== undefined) return isReferrerListed(store, subject, { ...manifest, artifactType }, { signal })
  for await (const listed of attachment.list(store, subject, { signal }))
    if ('layer' in listed && listed.layer.digest === layer.digest) return true
  return false
}
