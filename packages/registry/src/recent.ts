// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '@ocisign/core'

/** Remembers a little content that was just written, so that tagging it need not read it. */
export interface RecentContent {
  /** What was kept under this digest as this media type. */
  find(target: Descriptor): Uint8Array | undefined
  keep(target: Descriptor, bytes: Uint8Array): void
}

const maxEntries = 16
const maxBytes = 64 * 1024

/** Makes an empty memory of at most one mebibyte. */
export function createRecentContent(): RecentContent {
  const entries = new Map<string, Uint8Array>()
  const keyOf = ({ digest, mediaType }: Descriptor) => `${digest} ${mediaType}`
  return {
    find: (target) => entries.get(keyOf(target)),
    keep(target, bytes) {
      if (bytes.length > maxBytes) return
      entries.delete(keyOf(target))
      // The caller may use its buffer again.
      entries.set(keyOf(target), bytes.slice())
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries) return
        entries.delete(oldest)
      }
    },
  }
}
