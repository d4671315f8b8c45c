// SPDX-License-Identifier: Apache-2.0
import type { CallOptions, Descriptor, Target } from './descriptor.js'
import type { ArtifactStore, ReadableStore } from './store.js'

/** An encoded signature, as it lies in a layer or a file. */
export interface Signature {
  readonly mediaType: string
  readonly bytes: Uint8Array
  /** Annotations of the manifest that holds it. */
  readonly annotations?: Readonly<Record<string, string>>
}

/** A signature known to be there but not fetched; one manifest may hold many, as layers. */
export interface SignatureHandle {
  readonly manifest: Descriptor
  readonly layer: Descriptor
  load(options?: CallOptions): Promise<Signature>
}

/** What a listing yields: a signature, or something that should have been one, with the reason. One bad manifest does not hide the others. */
export type Listed = SignatureHandle | { readonly manifest: Descriptor; readonly error: unknown }

/** Where a family keeps signatures; `attach` adds and keeps those already there. */
export interface Attachment {
  readonly family: string
  /** Set where each signature is a referrer of this type, with a manifest of its own: a listing of these says that it is there. */
  readonly artifactType?: string | undefined
  attach(
    store: ArtifactStore,
    subject: Descriptor,
    signature: Signature,
    options?: CallOptions,
  ): Promise<Pick<SignatureHandle, 'manifest' | 'layer'>>
  /** Lists lazily; throws where the listing itself fails, and never ends early instead. */
  list(store: ReadableStore, subject: Target, options?: CallOptions): AsyncIterable<Listed>
}
