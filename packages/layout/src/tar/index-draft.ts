// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, type Digest, encodeText, mediaTypes } from '@ocisign/core'
import type { Entry } from '../entry.js'
import { limitError } from '../errors.js'
import { encodeReadableEntry, withRefName } from '../index-edit.js'
import type { Listing } from '../reader.js'

/** The index of a layout in the making, so that adding to it takes no longer the more it has. */
export interface IndexDraft extends Listing {
  /** Lists content, unless it is listed; the first description stays. @throws UNAVAILABLE_LIMIT | INVALID_INDEX */
  list(descriptor: Descriptor): void
  /** Points a tag at content. @throws UNAVAILABLE_LIMIT | INVALID_INDEX */
  name(descriptor: Descriptor, tag: string): void
  /** Writes `index.json`: tags in their order, then what has none; the same for the same content. */
  encode(): Uint8Array
}

/** Makes an empty index of at most so many bytes. */
export function createIndexDraft(maxBytes: number): IndexDraft {
  const entries: Entry[] = []
  const byRefName = new Map<string, readonly Entry[]>()
  const byDigest = new Map<Digest, readonly Entry[]>()
  const texts = new Map<Digest, string>()
  let bytes = encodeIndex([]).length

  const grow = (text: string) => {
    const length = encodeText(text).length + 1
    if (bytes + length > maxBytes)
      throw limitError('index.json', `index.json would have more than ${maxBytes} bytes, which is all that is read`)
    bytes += length
  }

  const list = (descriptor: Descriptor): Entry => {
    const known = byDigest.get(descriptor.digest)?.[0]
    if (known) return known
    const { text, entry } = encodeReadableEntry(descriptor)
    grow(text)
    entries.push(entry)
    byDigest.set(entry.digest, [entry])
    texts.set(entry.digest, text)
    return entry
  }

  return {
    entries,
    byRefName,
    byDigest,
    list(descriptor) {
      list(descriptor)
    },
    name(descriptor, tag) {
      const entry = list(descriptor)
      if (!byRefName.has(tag)) grow(withRefName(texts.get(entry.digest)!, tag))
      byRefName.set(tag, [entry])
    },
    encode() {
      const tagged = [...byRefName].sort(byName).map(([tag, [entry]]) => withRefName(texts.get(entry!.digest)!, tag))
      const named = new Set([...byRefName.values()].map(([entry]) => entry!.digest))
      const others = [...texts].sort(byName).filter(([digest]) => !named.has(digest))
      return encodeIndex([...tagged, ...others.map(([, text]) => text)])
    },
  }
}

const encodeIndex = (texts: readonly string[]) =>
  encodeText(`{"schemaVersion":2,"mediaType":"${mediaTypes.imageIndex}","manifests":[${texts.join(',')}]}`)

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1)
