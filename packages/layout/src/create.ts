// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { type CallOptions, isOcisignError, type JsonObject, parseJsonObject, printable } from '@ocisign/core'
import type { Context } from './context.js'
import { fileError, layoutError } from './errors.js'
import { ownPrefix, readSmall, writeFile } from './files.js'
import { emptyIndex } from './index-file.js'
import { withLock } from './lock.js'

const layoutFile = 'oci-layout'
/** Far more than `oci-layout` ever has. */
export const maxLayoutFileBytes = 64 * 1024

/**
 * Holds a folder to being a layout of the one version there is.
 * @throws INVALID_LAYOUT
 */
export async function requireLayout({ root, files }: Context): Promise<void> {
  requireVersion((await readSmall(files, join(root, layoutFile), maxLayoutFileBytes))?.bytes, root)
}

/** Holds the content of `oci-layout`, where there is one, to naming that version. @throws INVALID_LAYOUT */
export function requireVersion(bytes: Uint8Array | undefined, path: string): void {
  if (!bytes) throw layoutError(path, `is not an OCI image layout: it has no ${layoutFile} file`)
  let document: JsonObject
  try {
    document = parseJsonObject(bytes, { what: layoutFile })
  } catch (error) {
    throw layoutError(
      path,
      `has an unreadable ${layoutFile}: ${isOcisignError(error) ? error.message : 'unexpected error'}`,
      error,
    )
  }
  const { imageLayoutVersion: version } = document
  if (version !== '1.0.0')
    throw layoutError(path, `names the layout version "${printable(String(version), 40)}"; 1.0.0 is the one supported`)
}

/** What `oci-layout` says. */
export const layoutFileBytes = () => new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}')

/**
 * Makes what is missing of a layout in a folder that holds nothing else. `oci-layout` comes last, so whatever has it
 * was finished once, and an index that is missing then was lost and is not replaced by an empty one.
 * @throws INVALID_LAYOUT where the folder holds other things
 */
export async function createLayout(context: Context, options: CallOptions): Promise<void> {
  const { root, files, limits } = context
  const isFinished = async () => (await readSmall(files, join(root, layoutFile), maxLayoutFileBytes)) !== undefined
  if (await isFinished()) return
  const names = await files.readdir(root).catch((error: unknown) => Promise.reject(fileError(error, root, 'read')))
  const foreign = names.find(
    (name) => !['blobs', 'index.json', layoutFile].includes(name) && !name.startsWith(ownPrefix),
  )
  if (foreign !== undefined)
    throw layoutError(root, `holds "${printable(foreign)}" and is no layout; choose an empty folder for a new one`)
  const until = performance.now() + limits.lockMilliseconds
  await withLock(context, { signal: options.signal, until }, async () => {
    if (await isFinished()) return
    const blobs = join(root, 'blobs')
    await files
      .mkdir(blobs, { recursive: true })
      .catch((error: unknown) => Promise.reject(fileError(error, blobs, 'create')))
    const index = join(root, 'index.json')
    if (!(await readSmall(files, index, limits.indexBytes)))
      await writeFile(context, index, new TextEncoder().encode(emptyIndex))
    await writeFile(context, join(root, layoutFile), layoutFileBytes())
  })
}
