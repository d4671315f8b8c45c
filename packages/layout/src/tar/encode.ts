// SPDX-License-Identifier: Apache-2.0
import { concatBytes, encodeText } from '@ocisign/core'
import { blockBytes, checksumOf } from './header.js'

/** What an archive holds. */
export interface Member {
  readonly name: string
  readonly size: number
  /** `L` is GNU's long name of the member after it. */
  readonly type: '0' | '5' | 'L'
}

const nameBytes = 100
const largestOctal = 0o77777777777

/**
 * Writes the header of a member, the same for the same member everywhere: no time, no owner.
 *
 * What does not fit into a POSIX header is said as GNU does. All readers know that form, and it keeps the size in the
 * header itself, where those find it that read a header a second time.
 */
export function encodeHeader({ name, size, type }: Member): Uint8Array {
  if (name.length > nameBytes) {
    const long = encodeText(`${name}\0`)
    const before = encodeBlock({ name: '././@LongLink', size: long.length, type: 'L' }, true)
    const after = encodeBlock({ name: name.slice(0, nameBytes), size, type }, true)
    return concatBytes(before, long, padding(long.length), after)
  }
  return encodeBlock({ name, size, type }, size > largestOctal)
}

function encodeBlock({ name, size, type }: Member, isGnu: boolean): Uint8Array {
  const block = new Uint8Array(blockBytes)
  const put = (offset: number, text: string) => block.set(encodeText(text), offset)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  put(0, name)
  put(100, `${octal(type === '5' ? 0o755 : 0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`)
  if (size > largestOctal) block.set(binary(size), 124)
  else put(124, `${octal(size, 11)}\0`)
  put(136, `${octal(0, 11)}\0`)
  put(156, type)
  put(257, isGnu ? 'ustar  \0' : 'ustar\x0000')
  put(148, `${octal(checksumOf(block), 6)}\0 `)
  return block
}

/** GNU's form of numbers that need more than eleven octal digits. */
function binary(value: number): Uint8Array {
  const bytes = new Uint8Array(12)
  bytes[0] = 0x80
  for (let index = 11, rest = value; rest > 0; index--, rest = Math.floor(rest / 256)) bytes[index] = rest % 256
  return bytes
}

/** What fills the last block of so many bytes. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((blockBytes - (size % blockBytes)) % blockBytes)
}

/** The end of an archive. */
export const endMark = () => new Uint8Array(2 * blockBytes)
