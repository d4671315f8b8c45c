// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { OcisignError, printable } from '@ocisign/core'

/** One entry of an archive; `content` is empty but for files. */
export interface ArchiveEntry {
  readonly path: string
  readonly kind: 'file' | 'directory'
  readonly content: Uint8Array
}

/** A directory that is removed, with all that is in it, by `close`. */
export interface TemporaryDirectory {
  readonly directory: string
  close(): Promise<void>
}

const BLOCK = 512
const MAX_BYTES = 64 * 1024 * 1024
const MAX_ENTRIES = 20_000
const KINDS: Readonly<Record<string, ArchiveEntry['kind']>> = { 0: 'file', 5: 'directory' }

const decompress = promisify(brotliDecompress)

/**
 * Reads a ustar archive as `tools/pack-corpus.mjs` writes it: files and empty directories, no links.
 *
 * Every path is relative, stays inside the archive, appears once and never leads through a file.
 * Owners, times and permissions are ignored.
 *
 * @throws `INVALID_CONTENT`
 */
export function parseArchive(bytes: Uint8Array): ArchiveEntry[] {
  const invalid = (reason: string): never => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    throw new OcisignError('INVALID_CONTENT', `the archive ${digest} is damaged: ${reason}; get it anew`, { digest })
  }
  const entries: ArchiveEntry[] = []
  const kinds = new Map<string, ArchiveEntry['kind']>()
  let offset = 0
  for (;;) {
    const header = bytes.subarray(offset, offset + BLOCK)
    if (header.length < BLOCK) return invalid('it ends early')
    if (header.every((byte) => byte === 0)) break
    if (entries.length === MAX_ENTRIES) return invalid(`it has more than ${MAX_ENTRIES} entries`)
    const { path, kind, size } = parseHeader(header, invalid)
    const start = offset + BLOCK
    const end = start + size
    if (end > bytes.length) return invalid(`${printable(path)} ends early`)
    if (kind === 'directory' && size > 0) return invalid(`${printable(path)} is a directory but has content`)
    if (kinds.has(path)) return invalid(`${printable(path)} is there twice`)
    for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
      if ((kinds.get(parent) ?? 'directory') !== 'directory') return invalid(`${printable(path)} is not in a directory`)
      kinds.set(parent, 'directory')
    }
    kinds.set(path, kind)
    entries.push({ path, kind, content: bytes.subarray(start, end) })
    offset = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return entries
}

function parseHeader(header: Uint8Array, invalid: (reason: string) => never) {
  const text = (start: number, length: number): string => {
    const field = header.subarray(start, start + length)
    const end = field.indexOf(0)
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
  }
  const octal = (start: number, length: number): number => {
    const field = text(start, length)
    return /^[0-7]+$/.test(field) ? Number.parseInt(field, 8) : invalid('a number is not octal')
  }
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0)
  if (octal(148, 8) !== sum) return invalid('a header does not match its checksum')
  const prefix = text(345, 155)
  const kind = KINDS[text(156, 1)] ?? invalid('an entry is neither a file nor a directory')
  const full = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
  const path = kind === 'directory' ? full.replace(/\/$/, '') : full
  if (!isInside(path)) return invalid(`the path ${printable(path)} leads out of it`)
  return { path, kind, size: octal(124, 12) }
}

/** Whether a normal relative path stays below its root; also on Windows, where more characters have a meaning. */
function isInside(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\u0000-\u001f\u007f\\:]/.test(path)) return false
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

/** Unpacks the archive behind a file URL into a new temporary directory, whose name starts with `prefix`. */
export async function openArchive(location: URL, prefix: string): Promise<TemporaryDirectory> {
  const entries = parseArchive(await readPacked(location))
  const directory = await mkdtemp(join(tmpdir(), prefix))
  const close = () => rm(directory, { recursive: true, force: true })
  try {
    const made = new Set<string>()
    for (const { path, kind, content } of entries) {
      const parent = kind === 'directory' ? path : dirname(path)
      if (!made.has(parent)) await mkdir(join(directory, parent), { recursive: true })
      made.add(parent)
      if (kind === 'file') await writeFile(join(directory, path), content, { flag: 'wx' })
    }
  } catch (error) {
    await close()
    throw error
  }
  return { directory, close }
}

/** The bytes of a file compressed with brotli, at most 64 MiB of them. */
export async function readPacked(location: URL): Promise<Uint8Array> {
  const packed = await readFile(location).catch((cause: unknown) => {
    const path = location.pathname
    const message = `cannot read ${printable(path)}: it belongs to @ocisign/conformance, install that anew`
    throw new OcisignError('UNAVAILABLE_FILE', message, { path, retryable: false }, { cause })
  })
  return new Uint8Array(await decompress(packed, { maxOutputLength: MAX_BYTES }))
}
