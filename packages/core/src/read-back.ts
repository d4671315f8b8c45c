// SPDX-License-Identifier: Apache-2.0
// Registries may store what they do not list yet, or not at all; with the tag schema, two writers may undo each other.
import { type CallOptions, type Descriptor, mediaTypes, type Target } from './descriptor.js'
import { OcisignError } from './errors.js'
import { limits } from './limits.js'
import { jitter, waitFor } from './provider/retry.js'
import type { ReferrerLister } from './store.js'

/** What every verb that attaches something accepts. */
export interface ReadBackOptions {
  /** Waits before something is listed again; for tests. */
  readonly wait?: ((milliseconds: number, options: CallOptions) => Promise<void>) | undefined
}

/** What a listing said of something that was stored. */
export type Listing = 'listed' | 'unlisted'

/**
 * Attaches and reads the listing back: again after a short while, and then once more attached.
 * To attach the same again must change nothing where it is there.
 */
export async function attachListed<T>(
  attach: (isAgain: boolean) => Promise<T>,
  isListed: (attached: T) => Promise<boolean>,
  { wait = waitFor, signal }: ReadBackOptions & CallOptions,
): Promise<{ readonly attached: T; readonly listing: Listing }> {
  const isListedWithin = async (attached: T, waits: readonly number[]) => {
    if (await isListed(attached)) return true
    for (const milliseconds of waits) {
      // Two writers that undo each other must not keep step.
      await wait(jitter(milliseconds), { signal })
      if (await isListed(attached)) return true
    }
    return false
  }
  const first = await attach(false)
  if (await isListedWithin(first, [150, 500])) return { attached: first, listing: 'listed' }
  const second = await attach(true)
  return { attached: second, listing: (await isListedWithin(second, [1200])) ? 'listed' : 'unlisted' }
}

/** Tells whether a store lists this manifest for the subject as readers have to find it. @throws UNAVAILABLE_LIMIT */
export async function isReferrerListed(
  store: ReferrerLister,
  subject: Target,
  manifest: Descriptor & { readonly artifactType: string },
  { signal }: CallOptions = {},
): Promise<boolean> {
  const { artifactType } = manifest
  const listing = store.referrers(subject, { signal, artifactType })
  return (await findUnlisted(listing, subject, [manifest], signal)).length === 0
}

/** The manifests that a listing does not name. @throws UNAVAILABLE_LIMIT */
export async function findUnlisted<T extends Descriptor>(
  listing: AsyncIterable<Descriptor>,
  subject: Target,
  manifests: readonly T[],
  signal: AbortSignal | undefined,
): Promise<readonly T[]> {
  const left = new Map(manifests.map((each) => [each.digest, each]))
  let seen = 0
  for await (const { digest, mediaType, artifactType } of listing) {
    signal?.throwIfAborted()
    if (seen++ >= limits.referrers) throw tooManyReferrers(subject)
    const manifest = left.get(digest)
    const isOfType = !artifactType || artifactType === mediaTypes.empty || artifactType === manifest?.artifactType
    if (mediaType === manifest?.mediaType && isOfType) left.delete(digest)
    if (left.size === 0) break
  }
  return [...left.values()]
}

/** The error for a listing without end. */
export function tooManyReferrers(subject: Target): OcisignError {
  return new OcisignError('UNAVAILABLE_LIMIT', `more than ${limits.referrers} manifests refer to the artifact`, {
    target: subject.digest,
    refusals: [],
    retryable: false,
  })
}
