// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../descriptor.js'
import { isOcisignError } from '../errors.js'
import { resolveReference } from '../resolve.js'
import type { Resolver } from '../store.js'

/** How {@link findDescriptor} looks. */
export interface Looking {
  readonly signal: AbortSignal | undefined
  /** That nobody could find out is an error, not "nothing there". */
  readonly isStrict: boolean
}

/** What a store has under a tag or digest; undefined where there is nothing. */
export async function findDescriptor(
  store: Resolver,
  reference: string,
  { signal, isStrict }: Looking,
): Promise<Descriptor | undefined> {
  try {
    return await resolveReference(store, reference, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (isStrict && !isAbsence(error)) throw error
    return undefined
  }
}

/** Nothing is in a repository that is not there, either; which code says so, only registries know. */
const isAbsence = (error: unknown) =>
  isOcisignError(error) && ['UNAVAILABLE_NOT_FOUND', 'UNAVAILABLE_REPOSITORY'].includes(error.code)
