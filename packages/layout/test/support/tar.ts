// SPDX-License-Identifier: Apache-2.0
// Writes tar archives byte by byte, also wrong ones; on purpose not with what the package itself writes them with.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../../src/tar/source.js'
import { digestOf, index, temporaryFolder, text } from './layout.js'

export interface TarEntry {
  readonly name: string
  readonly content?: Uint8Array
  readonly type?: string
  /** What the header says, where that is not the length of the content. */
  readonly size?: number | Uint8Array | string
  readonly magic?: string
  readonly prefix?: string
  readonly checksum?: string
  readonly link?: string
  /** Bytes put into the header at last, before its checksum. */
  readonly patch?: readonly [offset: number, bytes: string]
}

const latin1 = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'))

/** One header block and the content after it, filled up to whole blocks. */
export function entry(options: TarEntry): Uint8Array {
  const { name, content = new Uint8Array(), type = '0', magic = 'ustar\x0000', size = content.length } = options
  const header = new Uint8Array(512)
  const put = (offset: number, value: string | Uint8Array) =>
    header.set(typeof value === 'string' ? latin1(value) : value, offset)
  put(0, name)
  put(100, '0000644\x000000000\x000000000\0')
  put(124, typeof size === 'number' ? `${size.toString(8).padStart(11, '0')}\0` : size)
  put(136, '00000000000\0')
  put(156, type)
  put(157, options.link ?? '')
  put(257, magic)
  put(345, options.prefix ?? '')
  if (options.patch) put(...options.patch)
  put(148, options.checksum ?? checksum(header))
  const padding = new Uint8Array((512 - (content.length % 512)) % 512)
  return bytesOf(header, content, padding)
}

/** The checksum field that fits a header. */
export function checksum(header: Uint8Array): string {
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  return `${sum.toString(8).padStart(6, '0')}\0 `
}

export const pax = (records: Record<string, string>, type = 'x') =>
  entry({ name: 'PaxHeaders/x', type, content: text(Object.entries(records).map(record).join('')) })

/** One pax record, which begins with its own length. */
export function record([key, value]: readonly [string, string]): string {
  const rest = ` ${key}=${value}\n`
  const bytes = text(rest).length
  let length = bytes + 1
  while (`${length}`.length + bytes !== length) length++
  return `${length}${rest}`
}

export const bytesOf = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
export const end = new Uint8Array(1024)
export const file = (name: string, content: Uint8Array | string) =>
  entry({ name, content: typeof content === 'string' ? text(content) : content })
export const folder = (name: string) => entry({ name, type: '5' })
export const layoutFile = file('oci-layout', '{"imageLayoutVersion":"1.0.0"}')
export const blobName = (bytes: Uint8Array) => `blobs/${digestOf(bytes).replace(':', '/')}`
export const blob = (bytes: Uint8Array) => file(blobName(bytes), bytes)

/** An archive as another tool would write it. */
export function tarLayout(manifests: readonly unknown[], blobs: readonly Uint8Array[] = []): Uint8Array {
  return bytesOf(
    folder('blobs/'),
    folder('blobs/sha256/'),
    ...blobs.map(blob),
    file('index.json', index(manifests)),
    layoutFile,
    end,
  )
}

export async function writeTar(bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), 'layout.tar')
  await writeFile(path, bytes)
  return path
}

export const memorySource = (bytes: Uint8Array, name = 'layout.tar'): Source => ({
  name,
  size: bytes.length,
  read: async (offset, length) => bytes.slice(offset, offset + length),
  close: async () => undefined,
})

export async function* stream(...chunks: readonly Uint8Array[]) {
  yield* chunks
}
