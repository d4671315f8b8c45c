// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { type CallOptions, type Content, type Descriptor, type Digest, digestAlgorithmOf } from '@ocisign/core'
import { createBlobs } from '../blobs.js'
import { type Context, layoutLimits } from '../context.js'
import { fileError } from '../errors.js'
import { ownPrefix, removeQuietly, temporaryPath } from '../files.js'
import { isGone, parseIdentity } from '../identity.js'
import type { Packed } from './pack.js'

/** Where blobs wait until an archive is written: a folder of this process alone. */
export interface Staging extends Omit<Packed, 'index' | 'blobs'> {
  readonly blobs: ReturnType<typeof createBlobs>
  write(expected: Descriptor, content: Content, options?: CallOptions): Promise<void>
  /** Removes the folder and all in it. */
  remove(): Promise<void>
}

/**
 * Makes such a folder inside another, and removes those of processes that were killed.
 * @throws UNAVAILABLE_FILE | DENIED_FILE
 */
export async function createStaging({ files, identity }: Pick<Context, 'files' | 'identity'>, parent: string) {
  const root = await temporaryPath({ root: parent, identity })
  try {
    await files.mkdir(root, { mode: 0o700 })
  } catch (error) {
    throw fileError(error, root, 'create')
  }
  // What is in here has to outlast nothing.
  const context: Context = { root, files, identity, limits: layoutLimits, durable: false }
  const blobs = createBlobs(context)
  const sizes = new Map<Digest, number>()
  // That others left something, and that it cannot be removed, changes nothing here.
  await sweep(context, parent).catch(() => undefined)

  const staging: Staging = {
    blobs,
    sizes,
    async write(expected, content, options) {
      await blobs.write(expected, content, options)
      sizes.set(expected.digest, expected.size)
    },
    async release(digest) {
      const algorithm = digestAlgorithmOf(digest)
      await removeQuietly(files, join(root, 'blobs', algorithm, digest.slice(algorithm.length + 1)))
    },
    async remove() {
      await files.rm(root, { recursive: true, force: true }).catch(() => undefined)
    },
  }
  return staging
}

/**
 * Removes what processes that are gone left in the same folder. Others may write to it, too, and a name proves nothing:
 * only what belongs to the same user as our own folder is touched.
 */
async function sweep({ root, files, identity }: Context, parent: string): Promise<void> {
  const names = await files.readdir(parent).catch(() => [])
  const candidates = names.filter((name) => name.startsWith(`${ownPrefix}-`) && name.endsWith('.tmp'))
  if (candidates.length < 2) return
  const own = await files.lstat(root)
  for (const name of candidates) {
    const owner = parseIdentity(name.slice(ownPrefix.length + 1, -'.tmp'.length))
    if (!owner || !(await isGone(owner, await identity()))) continue
    const path = join(parent, name)
    const status = await files.lstat(path).catch(() => undefined)
    if (status?.uid !== own.uid) continue
    if (status.isDirectory()) await files.rm(path, { recursive: true, force: true }).catch(() => undefined)
    else await removeQuietly(files, path)
  }
}
