// SPDX-License-Identifier: Apache-2.0
// What a plugin is installed from: its executable, a folder, or an archive (plugin-extensibility, package and release).
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { isOcisignError, OcisignError, printable } from '@ocisign/core'
import { fileError } from '@ocisign/core/node'
import { invalidPlugin, misuse } from '../errors.js'
import { createFileList, maxFiles, maxInstallBytes, type PluginFile } from './archive.js'
import { type DownloadOptions, download, isUrl, parsePluginUrl } from './download.js'
import { readTar } from './tar.js'
import { readZip } from './zip.js'

/** Where a plugin comes from. */
export interface PluginSource {
  /** For messages. */
  readonly name: string
  /** The files, of which one is the executable. */
  readonly files: readonly PluginFile[]
  /** A lone file has to be executable; in an archive the only candidate becomes so. */
  readonly isLone: boolean
}

/** How it is read. */
interface SourceOptions extends DownloadOptions {
  readonly sha256?: string | undefined
}

/**
 * Reads what is to be installed; runs nothing.
 * @throws INVALID_PLUGIN | INVALID_CONTENT where the checksum is another | MISUSE_OPTION | DENIED_FILE | UNAVAILABLE_FILE
 * @throws UNAVAILABLE_PLUGIN where it cannot be downloaded
 */
export async function readSource(path: string, { sha256, ...options }: SourceOptions): Promise<PluginSource> {
  const shown = printable(basename(path), 100)
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
    throw misuse('sha256', 'a SHA-256 checksum has 64 hexadecimal digits')
  if (isUrl(path)) {
    const url = parsePluginUrl(path)
    if (sha256 === undefined)
      throw misuse('sha256', 'what is downloaded needs the SHA-256 checksum that its publisher says it has')
    const file = await download(url, options)
    requireChecksum(file.bytes, sha256)
    return unpackSource(file, printable(file.name, 100))
  }
  try {
    const status = await lstat(path)
    if (status.isDirectory()) {
      if (sha256 !== undefined) throw misuse('sha256', 'a folder has no checksum; only a file has one')
      return { name: shown, files: await readFolder(path, shown), isLone: false }
    }
    if (!status.isFile())
      throw invalidPlugin(shown, 'is neither a regular file nor a folder; symbolic links are not followed')
    const file = await readWhole(path, shown)
    requireChecksum(file.bytes, sha256)
    return unpackSource(file, shown)
  } catch (error) {
    throw isOcisignError(error) ? error : fileError(error, path, 'read')
  }
}

function requireChecksum(bytes: Uint8Array, expected: string | undefined): void {
  if (expected === undefined) return
  const actual = createHash('sha256').update(bytes).digest('hex')
  if (actual === expected.toLowerCase()) return
  const message = `the plugin has the SHA-256 checksum ${actual}, not ${expected.toLowerCase()}`
  throw new OcisignError('INVALID_CONTENT', message, { digest: `sha256:${actual}` })
}

function unpackSource(file: PluginFile, name: string): PluginSource {
  const list = createFileList(name)
  const starts = (...magic: readonly number[]) => magic.every((byte, index) => file.bytes[index] === byte)
  const isZip = starts(0x50, 0x4b, 0x03, 0x04)
  const isGzip = starts(0x1f, 0x8b)
  try {
    if (isZip) readZip(file.bytes, list)
    else if (isGzip) readTar(gunzipSync(file.bytes, { maxOutputLength: maxInstallBytes }), list)
    else list.add(file)
  } catch (error) {
    if (isOcisignError(error, 'INVALID_PLUGIN')) throw error
    throw invalidPlugin(name, 'is an archive that cannot be unpacked', error)
  }
  return { name, files: list.files(), isLone: !isZip && !isGzip }
}

async function readFolder(path: string, source: string): Promise<readonly PluginFile[]> {
  const list = createFileList(source)
  const entries = await readdir(path, { withFileTypes: true })
  if (entries.length > maxFiles) throw list.refuse(`has more than ${maxFiles} files`)
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const file = await readWhole(join(path, entry.name), source)
    list.reserve(file.bytes.length)
    list.add(file)
  }
  return list.files()
}

async function readWhole(path: string, source: string): Promise<PluginFile> {
  // What was looked at must not have become a link meanwhile.
  const handle: FileHandle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    const { mode, size } = await handle.stat()
    if (size >= maxInstallBytes) throw invalidPlugin(source, `is larger than ${maxInstallBytes / 1024 / 1024} MiB`)
    return { name: basename(path), mode: mode & 0o777, bytes: new Uint8Array(await handle.readFile()) }
  } finally {
    await handle.close()
  }
}
