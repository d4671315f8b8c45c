// SPDX-License-Identifier: Apache-2.0
// Reads the regular files of a zip archive by its directory: stored or deflated, neither encrypted nor zip64.
import { crc32, inflateRawSync } from 'node:zlib'
import { decodeText, isOcisignError } from '@ocisign/core'
import type { FileList } from './archive.js'

const endSize = 22
const entrySize = 46
const localSize = 30

/** Adds the files at the top of a zip archive; folders and links are left out. */
export function readZip(bytes: Uint8Array, list: FileList): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const broken = () => list.refuse('is no whole zip archive, or of a kind that plugins do not come in')
  const end = findEnd(view)
  if (end === undefined) throw broken()
  const count = view.getUint16(end + 10, true)
  let position = view.getUint32(end + 16, true)
  for (let index = 0; index < count; index++) {
    if (position + entrySize > end || view.getUint32(position, true) !== 0x02014b50) throw broken()
    const flags = view.getUint16(position + 8, true)
    const nameLength = view.getUint16(position + 28, true)
    const entry = {
      method: view.getUint16(position + 10, true),
      checksum: view.getUint32(position + 16, true),
      packed: view.getUint32(position + 20, true),
      size: view.getUint32(position + 24, true),
      mode: view.getUint16(position + 40, true),
      local: view.getUint32(position + 42, true),
      name: readName(bytes.subarray(position + entrySize, position + entrySize + nameLength), broken),
    }
    position += entrySize + nameLength + view.getUint16(position + 30, true) + view.getUint16(position + 32, true)
    if (entry.name.includes('..')) throw list.refuse('has a file whose name leads out of it')
    const kind = entry.mode & 0o170000
    if (entry.name.includes('/') || (kind !== 0 && kind !== 0o100000)) continue
    if ((flags & 1) !== 0) throw broken()
    list.reserve(entry.size)
    list.add({ name: entry.name, mode: entry.mode & 0o777, bytes: unpack(bytes, view, entry, broken) })
  }
}

interface Entry {
  readonly method: number
  readonly checksum: number
  readonly packed: number
  readonly size: number
  readonly local: number
}

function findEnd(view: DataView): number | undefined {
  const last = view.byteLength - endSize
  for (let position = last; position >= Math.max(0, last - 0xffff); position--)
    // Nothing comes after its comment, so that there is one end only.
    if (view.getUint32(position, true) === 0x06054b50 && view.getUint16(position + 20, true) === last - position)
      return position
  return undefined
}

function readName(bytes: Uint8Array, broken: () => unknown): string {
  try {
    return decodeText(bytes, 'a name in the archive')
  } catch (error) {
    throw isOcisignError(error) ? broken() : error
  }
}

function unpack(bytes: Uint8Array, view: DataView, entry: Entry, broken: () => unknown): Uint8Array {
  const { local, packed, size, method, checksum } = entry
  if (local + localSize > bytes.length || view.getUint32(local, true) !== 0x04034b50) throw broken()
  const start = local + localSize + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
  if (start + packed > bytes.length) throw broken()
  const content = inflate(bytes.subarray(start, start + packed), method, size, broken)
  if (content.length !== size || crc32(content) !== checksum) throw broken()
  return content
}

function inflate(packed: Uint8Array, method: number, size: number, broken: () => unknown): Uint8Array {
  if (method === 0) return packed
  if (method !== 8) throw broken()
  try {
    return new Uint8Array(inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) }))
  } catch {
    throw broken()
  }
}
