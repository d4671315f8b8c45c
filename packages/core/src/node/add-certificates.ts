// SPDX-License-Identifier: Apache-2.0
import { lstat, mkdir, readFile, rmdir, stat, unlink } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import { limits } from '../limits.js'
import type { TrustStoreType } from '../notary/policy/document.js'
import { readTrustAnchors } from '../notary/trust-store.js'
import { listFolder, trustStoreFolder } from './directory-trust-store.js'
import { fileError } from './file-error.js'
import { invalidConfiguration, systemCode } from './files.js'
import { writeFileAtomically } from './write-file.js'

const misuse = (option: string, why: string) => new OcisignError('MISUSE_OPTION', why, { option })

/**
 * Copies certificate files into a trust store, all or none, under their own names, and returns where they went. The
 * store is made where it is missing; policies that name it trust the certificates from then on.
 *
 * @throws INVALID_TRUST_STORE for a file with anything but certificates that such a store may hold
 * @throws MISUSE_OPTION for a file name that is taken, or does not end in .pem, .crt or .cer
 * @throws UNAVAILABLE_NOT_FOUND | DENIED_FILE | UNAVAILABLE_FILE
 */
export async function addTrustStoreCertificates(
  configDirectory: string,
  type: TrustStoreType,
  name: string,
  files: readonly string[],
): Promise<readonly string[]> {
  const store = { type, name }
  const folder = trustStoreFolder(configDirectory, store)
  const additions: { path: string; bytes: Uint8Array }[] = []
  for (const file of files) {
    const path = join(folder, requireFileName(file))
    if (additions.some((each) => each.path === path)) throw alreadyThere(path)
    const bytes = await readSource(file)
    await readTrustAnchors(store, [{ path: file, bytes }])
    additions.push({ path, bytes })
  }
  const isNew = (await exists(folder)) === false
  if (!isNew) await listFolder(folder, store)
  for (const { path } of additions) if (await exists(path)) throw alreadyThere(path)
  const written: string[] = []
  try {
    // Not in the store's own folder: whoever loads the store meanwhile would find a file that is no certificate.
    const temporaryDirectory = join(configDirectory, 'truststore')
    await mkdir(folder, { recursive: true, mode: 0o755 })
    for (const { path, bytes } of additions) {
      await writeFileAtomically(path, bytes, { replace: false, temporaryDirectory })
      written.push(path)
    }
  } catch (error) {
    for (const path of written) await unlink(path).catch(() => undefined)
    if (isNew) await rmdir(folder).catch(() => undefined)
    const failed = additions[written.length]?.path ?? folder
    throw fileError(error, failed, 'write')
  }
  return written
}

function requireFileName(file: string): string {
  const name = basename(file)
  if (['.pem', '.crt', '.cer'].includes(extname(name).toLowerCase())) return name
  throw misuse('file', `"${printable(file)}" does not end in .pem, .crt or .cer, as files of a trust store do`)
}

const alreadyThere = (path: string) =>
  misuse(
    'file',
    `${printable(path, 1000)} is already there; nothing was changed; remove it first, or rename the new file`,
  )

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw fileError(error, path, 'read')
  }
}

async function readSource(path: string): Promise<Uint8Array> {
  try {
    const status = await stat(path)
    if (!status.isFile()) throw invalidConfiguration(path, 'is not a regular file')
    if (status.size > limits.documentBytes)
      throw invalidConfiguration(path, `has ${status.size} bytes; at most ${limits.documentBytes} are read`)
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (isOcisignError(error)) throw error
    throw fileError(error, path, 'read')
  }
}
