// SPDX-License-Identifier: Apache-2.0
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import type { TrustStoreReference } from '../notary/policy/document.js'
import { explainStoreName, formatStore, trustStoreTypes } from '../notary/policy/store-name.js'
import {
  invalidStore,
  readTrustAnchors,
  storeNotFound,
  type TrustAnchor,
  type TrustStore,
  type TrustStoreFile,
} from '../notary/trust-store.js'
import { trustStoreFolders } from './config-paths.js'
import { fileError } from './file-error.js'
import { readRegularFile, systemCode } from './files.js'

const maxFiles = 1000

/**
 * Opens the trust stores of a Notation configuration directory: `truststore/x509/TYPE/NAME/`, files in PEM or DER.
 *
 * A store is read when it is first asked for, and then kept: open the directory again to see what has changed since.
 * One that cannot be used is read again the next time. Everything in a store's folder must be a certificate that may
 * be there, whatever the file's name; a sub-folder, a symbolic link or any other file makes the store INVALID_TRUST_STORE.
 */
export function openDirectoryTrustStore(configDirectory: string): TrustStore {
  const loaded = new Map<string, readonly TrustAnchor[] | Promise<readonly TrustAnchor[]>>()
  return {
    load(store) {
      const key = formatStore(store)
      const known = loaded.get(key)
      if (known) return known
      const loading = readStore(configDirectory, store).then(
        (anchors) => {
          loaded.set(key, anchors)
          return anchors
        },
        (error: unknown) => {
          loaded.delete(key)
          throw error
        },
      )
      loaded.set(key, loading)
      return loading
    },
  }
}

/** The folder of a store. @throws MISUSE_OPTION for a type or a name that would lead elsewhere */
export function trustStoreFolder(configDirectory: string, { type, name }: TrustStoreReference): string {
  const mistake = trustStoreTypes.includes(type)
    ? explainStoreName(name)
    : `"${printable(type, 60)}" is no type of trust store; there are ${trustStoreTypes.join(', ')}`
  if (mistake !== undefined) throw new OcisignError('MISUSE_OPTION', mistake, { option: 'store' })
  return join(configDirectory, ...trustStoreFolders, type, name)
}

async function readStore(configDirectory: string, store: TrustStoreReference): Promise<readonly TrustAnchor[]> {
  const folder = trustStoreFolder(configDirectory, store)
  const files: TrustStoreFile[] = []
  for (const entry of await listFolder(folder, store)) {
    const path = join(folder, entry.name)
    const mistake = explainEntry(entry)
    if (mistake !== undefined) throw invalidStore(store, mistake, path)
    files.push({ path, bytes: await readCertificateFile(path, store) })
  }
  return readTrustAnchors(store, files)
}

/** Lists the folder of a store, sorted, so that two looks see the same. */
export async function listFolder(folder: string, store: TrustStoreReference): Promise<readonly Dirent[]> {
  try {
    const status = await lstat(folder)
    if (!status.isDirectory())
      throw invalidStore(
        store,
        'is not a folder, and symbolic links are not followed; put the folder itself there',
        folder,
      )
    const entries = await readdir(folder, { withFileTypes: true })
    if (entries.length > maxFiles) throw invalidStore(store, `has more than ${maxFiles} files`, folder)
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (isOcisignError(error)) throw error
    if (systemCode(error) === 'ENOENT') throw storeNotFound(store, `: no folder ${printable(folder, 1000)}`)
    throw fileError(error, folder, 'read')
  }
}

/** Why something in the folder of a store cannot be a certificate; undefined where it can. */
export function explainEntry(entry: Dirent): string | undefined {
  if (entry.isDirectory()) return 'is a folder inside the store; move its certificates up, or the folder away'
  if (entry.isSymbolicLink()) return 'is a symbolic link, and those are not followed; put the certificate itself there'
  return undefined
}

/** Reads a file of a store. */
export async function readCertificateFile(path: string, store: TrustStoreReference): Promise<Uint8Array> {
  try {
    return (await readRegularFile(path)).bytes
  } catch (error) {
    if (isOcisignError(error, 'INVALID_CONFIGURATION')) throw invalidStore(store, error.message, path, error)
    throw error
  }
}
