// SPDX-License-Identifier: Apache-2.0
import { allocateBytes, type Content } from '@ocisign/core'

/**
 * Content in parts of `size` bytes, the last one shorter. Parts of a stream are one buffer used again: memory stays at
 * one part, and a part is done with before the next one is asked for.
 */
export async function* partsOf(content: Content, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  if (content instanceof Uint8Array) {
    for (let start = 0; start < content.length; start += size) yield content.subarray(start, start + size)
    return
  }
  const buffer = allocateBytes(size)
  let filled = 0
  for await (const chunk of content) {
    for (let start = 0; start < chunk.length; ) {
      const taken = chunk.subarray(start, start + size - filled)
      buffer.set(taken, filled)
      filled += taken.length
      start += taken.length
      if (filled < size) continue
      yield buffer
      filled = 0
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}

/** Content at hand, as a stream of one chunk. */
export async function* iterateOnce(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}
