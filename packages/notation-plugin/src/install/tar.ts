// SPDX-License-Identifier: Apache-2.0
// Reads the regular files of a tar archive (POSIX ustar and pax, GNU long names), as much as plugins need.
import { decodeText } from '@ocisign/core'
import type { FileList } from './archive.js'

const block = 512

/** Adds the regular files of a tar archive, whatever folder they are in; links and devices are left out. */
export function readTar(bytes: Uint8Array, list: FileList): void {
  let longName: string | undefined
  for (let position = 0; position + block <= bytes.length; ) {
    const header = bytes.subarray(position, position + block)
    if (header.every((byte) => byte === 0)) return
    if (!hasChecksum(header)) throw list.refuse('is no whole tar archive')
    const size = readOctal(header, 124, 12)
    const start = position + block
    if (size === undefined || start + size > bytes.length) throw list.refuse('is no whole tar archive')
    const content = bytes.subarray(start, start + size)
    position = start + Math.ceil(size / block) * block
    const type = String.fromCharCode(header[156]!)
    if (type === 'x' || type === 'L') {
      longName = type === 'L' ? readText(content) : readPaxPath(content, list)
      continue
    }
    const path = longName ?? readPath(header)
    longName = undefined
    if (type !== '0' && type !== '\0') continue
    if (path.includes('..')) throw list.refuse('has a file whose name leads out of it')
    if (path.endsWith('/')) continue
    list.reserve(size)
    list.add({ name: path.slice(path.lastIndexOf('/') + 1), mode: readOctal(header, 100, 8) ?? 0, bytes: content })
  }
  throw list.refuse('is no whole tar archive')
}

function hasChecksum(header: Uint8Array): boolean {
  let sum = 0
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte
  return readOctal(header, 148, 8) === sum
}

function readOctal(header: Uint8Array, start: number, length: number): number | undefined {
  const text = decodeText(header.subarray(start, start + length).map((byte) => byte & 0x7f)).replace(/[\0 ]+$/, '')
  // A size in binary is of a file that is too large anyway.
  return header[start]! < 0x80 && /^ *[0-7]+$/.test(text) ? Number.parseInt(text.trim(), 8) : undefined
}

const readText = (bytes: Uint8Array) => decodeText(bytes, 'a name in the archive').split('\0', 1)[0]!

function readPath(header: Uint8Array): string {
  const isUstar = readText(header.subarray(257, 262)) === 'ustar' && header[262] === 0
  const prefix = isUstar ? readText(header.subarray(345, 500)) : ''
  const name = readText(header.subarray(0, 100))
  return prefix === '' ? name : `${prefix}/${name}`
}

/** The path of a pax header; other readers would take a size from there, too, so one is refused. */
function readPaxPath(content: Uint8Array, list: FileList): string | undefined {
  let path: string | undefined
  for (let position = 0; position < content.length; ) {
    const space = content.indexOf(0x20, position)
    const length = Number(readText(content.subarray(position, space < 0 ? position : space)))
    const end = position + length
    if (space < 0 || !(length > space - position) || end > content.length || content[end - 1] !== 0x0a)
      throw list.refuse('has a header that cannot be read')
    const record = decodeText(content.subarray(space + 1, end - 1), 'a header in the archive')
    const key = record.slice(0, record.indexOf('='))
    if (key === 'path') path = record.slice(5)
    if (key === 'size' || key.startsWith('GNU.sparse')) throw list.refuse('has a file that other readers see otherwise')
    position = end
  }
  return path
}
