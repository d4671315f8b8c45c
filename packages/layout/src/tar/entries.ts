// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, OcisignError, printable } from '@ocisign/core'
import { layoutError, limitError } from '../errors.js'
import { type Extension, maxExtensionBytes, parseLongName, parsePax, requireHarmless } from './extended.js'
import { blockBytes, type Fail, type Header, isZero, parseHeader } from './header.js'
import { placeOf } from './place.js'
import type { Source } from './source.js'

/** Where the bytes of a file lie in an archive. */
export interface Place {
  readonly offset: number
  readonly size: number
}

/** How much is read at once: of small files one after the other, and after a large one. */
const windowBytes = { near: 512 * 1024, far: 4 * 1024 }
/** What writers that fill up a record on tape put after the end. */
const maxPaddingBytes = 1024 * 1024
/** What some writers put into the header where the size stands in a pax record: the largest that fits. */
const largestOctal = 0o77777777777

const kinds: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
  S: 'a sparse file',
}

/** What {@link findPlaces} accepts. */
export interface FindOptions extends CallOptions {
  readonly maxEntries: number
}

/**
 * Finds the files of a layout in a tar archive, reading nothing but headers.
 *
 * Whatever readers of tar disagree about is refused: two files of one name, an archive that does not end or goes on
 * after its end, a size said in two ways. So are links, devices and sparse files, also where no layout has files.
 * @throws INVALID_LAYOUT | UNAVAILABLE_LIMIT | UNSUPPORTED_MEDIA_TYPE
 */
export async function findPlaces(
  source: Source,
  { maxEntries, signal }: FindOptions,
): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>()
  const fail: Fail = (why) => layoutError(source.name, why)
  const read = createWindow(source)
  requireUncompressed(await read(0, 8), source.name)
  let before: Extension = {}
  for (let position = 0, count = 1; ; count++) {
    signal?.throwIfAborted()
    if (count > maxEntries) throw limitError(source.name, `"${source.name}" has more than ${maxEntries} entries`)
    const block = await read(position, blockBytes)
    if (block.length < blockBytes) throw fail('is cut short: it does not end as an archive does')
    if (isZero(block)) {
      if (Object.keys(before).length > 0) throw fail('is cut short: it ends before an entry that it announced')
      await requireEnd(source, position, fail)
      return places
    }
    const header = parseHeader(block, fail)
    const offset = position + blockBytes
    const extension = isExtension(header) ? await readExtension(header, offset) : undefined
    const entry = extension ? header : withExtension(header, before, fail)
    position = offset + paddedSize(entry.size)
    if (position > source.size) throw fail('is cut short: it has less than its last entry should have')
    if (extension) {
      for (const name of Object.keys(extension)) if (name in before) throw fail(`says "${name}" of one entry twice`)
      before = { ...before, ...extension }
      continue
    }
    before = {}
    const isFolder = requireKind(entry, fail) === 'folder'
    const place = placeOf(entry.name, isFolder, fail)
    if (place === undefined) continue
    if (places.has(place)) throw fail(`has "${place}" twice`)
    places.set(place, { offset, size: entry.size })
  }

  async function readExtension({ type, size }: Header, offset: number): Promise<Extension> {
    if (size > maxExtensionBytes) throw fail(`has a header of ${size} bytes; at most ${maxExtensionBytes} are read`)
    const block = await read(offset, paddedSize(size))
    if (block.length < paddedSize(size)) throw fail('is cut short in a header')
    // Some readers go on to the end of the block.
    if (!isZero(block.subarray(size))) throw fail('has a header that goes on after its end')
    const bytes = block.subarray(0, size)
    if (type === 'x') return parsePax(bytes, fail)
    if (type === 'L') return parseLongName(bytes, fail)
    requireHarmless(bytes, fail)
    return {}
  }
}

const paddedSize = (size: number) => Math.ceil(size / blockBytes) * blockBytes

const isExtension = ({ type }: Header) => type === 'x' || type === 'g' || type === 'L'

function withExtension(header: Header, { path, size }: Extension, fail: Fail): Header {
  // A reader that knows no pax records would look for the next header elsewhere.
  if (size !== undefined && header.size !== size && header.size !== 0 && header.size !== largestOctal)
    throw fail('has an entry of two sizes')
  return { ...header, name: path ?? header.name, size: size ?? header.size }
}

function requireKind({ name, type, size }: Header, fail: Fail): 'file' | 'folder' {
  const isFile = type === '0' || type === '\0'
  // Before there were types, a name told what is a folder; some readers still go by it.
  if (isFile && name !== '' && !name.endsWith('/')) return 'file'
  if (type === '5' && size === 0) return 'folder'
  if (isFile || type === '5') throw fail(`has "${printable(name)}", which is neither a file nor a folder`)
  throw fail(`has ${kinds[type] ?? `an entry of the type "${printable(type)}"`} in it; a layout has none`)
}

/** Two blocks of zeros are the end (POSIX), and nothing may hide behind it. */
async function requireEnd(source: Source, position: number, fail: Fail): Promise<void> {
  const left = source.size - position
  if (left < 2 * blockBytes) throw fail('is cut short: it does not end as an archive does')
  if (left > 2 * blockBytes + maxPaddingBytes) throw fail('goes on after its end')
  if (!isZero(await source.read(position, left))) throw fail('goes on after its end')
}

function createWindow(source: Source) {
  let start = 0
  let bytes: Uint8Array = new Uint8Array()
  return async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset < start || offset + length > start + bytes.length) {
      const isNear = offset < start + bytes.length + windowBytes.far
      start = offset
      bytes = await source.read(offset, Math.max(length, isNear ? windowBytes.near : windowBytes.far))
    }
    return bytes.subarray(offset - start, offset - start + length)
  }
}

const compressions: readonly (readonly [mediaType: string, begin: readonly number[]])[] = [
  ['application/gzip', [0x1f, 0x8b]],
  ['application/zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['application/x-xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['application/x-bzip2', [0x42, 0x5a, 0x68]],
]

/**
 * Says no to a compressed archive: what is in it could be found only by unpacking it, to a size that nobody states.
 * @throws UNSUPPORTED_MEDIA_TYPE
 */
export function requireUncompressed(start: Uint8Array, name: string): void {
  for (const [mediaType, begin] of compressions)
    if (begin.every((byte, index) => start[index] === byte))
      throw new OcisignError(
        'UNSUPPORTED_MEDIA_TYPE',
        `"${printable(name)}" is compressed (${mediaType}); decompress it first, for example with zstd, gzip, xz or bzip2 -dc`,
        { mediaType, supported: ['application/x-tar'] },
      )
}
