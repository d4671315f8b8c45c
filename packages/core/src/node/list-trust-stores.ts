// SPDX-License-Identifier: Apache-2.0
import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { isOcisignError, printable } from '../errors.js'
import type { TrustStoreReference } from '../notary/policy/document.js'
import { explainStoreName, trustStoreTypes } from '../notary/policy/store-name.js'
import { readTrustAnchors, type TrustAnchor } from '../notary/trust-store.js'
import { type Certificate, describeSubject } from '../x509/certificate.js'
import { trustStoreFolders } from './config-paths.js'
import { explainEntry, listFolder, readCertificateFile } from './directory-trust-store.js'
import { fileError } from './file-error.js'
import { systemCode } from './files.js'

/** One store of a configuration directory, as it is. */
export interface ListedTrustStore extends TrustStoreReference {
  readonly path: string
  /** Whether a policy that names it can be used. */
  readonly usable: boolean
  /** The files that could be read. */
  readonly files: readonly { readonly path: string; readonly certificates: readonly Certificate[] }[]
  /** What is wrong with it, or worth a look, for people. */
  readonly warnings: readonly string[]
}

/** What {@link listTrustStores} accepts. */
export interface ListTrustStoresOptions {
  readonly clock?: () => Date
}

/**
 * Lists the trust stores of a configuration directory, those that cannot be used included: what is wrong is a warning.
 * @throws DENIED_FILE | UNAVAILABLE_FILE where the folders of the stores cannot be listed
 */
export async function listTrustStores(
  configDirectory: string,
  options: ListTrustStoresOptions = {},
): Promise<readonly ListedTrustStore[]> {
  const now = (options.clock ?? (() => new Date()))().getTime()
  const stores: ListedTrustStore[] = []
  for (const type of trustStoreTypes) {
    const folder = join(configDirectory, ...trustStoreFolders, type)
    for (const entry of await listTypeFolder(folder)) {
      // A file beside the stores is nobody's; a link looks like a store that no policy could use.
      if (entry.isDirectory() || entry.isSymbolicLink())
        stores.push(await describeStore({ type, name: entry.name }, join(folder, entry.name), now))
    }
  }
  return stores
}

async function listTypeFolder(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw fileError(error, folder, 'read')
  }
}

async function describeStore(store: TrustStoreReference, path: string, now: number): Promise<ListedTrustStore> {
  const warnings: string[] = []
  const files: { path: string; certificates: Certificate[] }[] = []
  const mistake = explainStoreName(store.name)
  if (mistake !== undefined) return { ...store, path, usable: false, files, warnings: [mistake] }
  /** Runs a step whose failure makes the store unusable; anything but a refusal of ours is passed on. */
  let usable = true
  const attempt = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step()
    } catch (error) {
      if (!isOcisignError(error)) throw error
      usable = false
      warnings.push(error.message)
      return undefined
    }
  }
  for (const entry of (await attempt(() => listFolder(path, store))) ?? []) {
    const file = join(path, entry.name)
    const shown = `"${printable(entry.name)}"`
    const problem = explainEntry(entry)
    if (problem !== undefined) {
      usable = false
      warnings.push(`${shown} ${problem}`)
      continue
    }
    const anchors = await attempt(async () =>
      readTrustAnchors(store, [{ path: file, bytes: await readCertificateFile(file, store) }]),
    )
    if (!anchors) continue
    files.push({ path: file, certificates: anchors.map(({ certificate }) => certificate) })
    if (!['.pem', '.crt', '.cer'].includes(extname(entry.name).toLowerCase()))
      warnings.push(`${shown} is usually named .pem, .crt or .cer`)
    for (const anchor of anchors) warnings.push(...warnOfAnchor(anchor, now))
  }
  if (files.length === 0 && warnings.length === 0) warnings.push('it is empty, so no policy that names it can be used')
  return { ...store, path, usable: usable && files.length > 0, files, warnings }
}

function warnOfAnchor({ certificate, key }: TrustAnchor, now: number): readonly string[] {
  const subject = `"${describeSubject(certificate)}"`
  const warnings: string[] = []
  if (now > certificate.notAfter) warnings.push(`${subject} ended at ${new Date(certificate.notAfter).toISOString()}`)
  if (!key) warnings.push(`${subject} is not self-signed: trust ends when it is renewed; its root lasts longer`)
  return warnings
}
