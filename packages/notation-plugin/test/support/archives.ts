// SPDX-License-Identifier: Apache-2.0
// Archives, right ones and odd ones.
import { crc32, deflateRawSync } from 'node:zlib'

export interface ArchiveFile {
  readonly name: string
  readonly text?: string
  readonly bytes?: Uint8Array
  readonly mode?: number
  /** Of tar: '2' is a symbolic link. Of zip: a kind in the mode. */
  readonly type?: string
  readonly stored?: boolean
  /** What a zip says instead. */
  readonly size?: number
  readonly checksum?: number
  readonly flags?: number
}

const bytesOf = ({ text = '', bytes }: ArchiveFile) => Buffer.from(bytes ?? Buffer.from(text))
const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`

function tarEntry(file: ArchiveFile): Buffer {
  const content = bytesOf(file)
  const header = Buffer.alloc(512)
  header.write(file.name, 0, 100)
  header.write(octal(file.mode ?? 0o755, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(file.size ?? content.length, 12), 124)
  header.write(octal(0, 12), 136)
  header.write('        ', 148)
  header.write(file.type ?? '0', 156)
  header.write('ustar\x0000', 257)
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      8,
    ),
    148,
  )
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

export const tar = (...files: readonly ArchiveFile[]) => Buffer.concat([...files.map(tarEntry), Buffer.alloc(1024)])

export const paxRecord = (key: string, value: string) => {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (`${length}${rest}`.length !== length) length++
  return `${length}${rest}`
}

export function zip(...files: readonly ArchiveFile[]): Buffer {
  const locals: Buffer[] = []
  const entries: Buffer[] = []
  let offset = 0
  for (const file of files) {
    const content = bytesOf(file)
    const packed = file.stored ? content : deflateRawSync(content)
    const name = Buffer.from(file.name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50)
    local.writeUInt16LE(name.length, 26)
    locals.push(local, name, packed)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50)
    entry.writeUInt16LE(file.flags ?? 0, 8)
    entry.writeUInt16LE(file.stored ? 0 : 8, 10)
    entry.writeUInt32LE(file.checksum ?? crc32(content), 16)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(file.size ?? content.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt16LE((file.mode ?? 0o755) | (file.type === '2' ? 0o120000 : 0o100000), 40)
    entry.writeUInt32LE(offset, 42)
    entries.push(entry, name)
    offset += local.length + name.length + packed.length
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
